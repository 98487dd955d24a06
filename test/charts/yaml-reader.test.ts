import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printYaml } from '../../charts/yaml-printer.ts';
import { readYaml } from '../../charts/yaml-reader.ts';
import { formatProblem } from '../../infra/delivery/errors.ts';

const told = (content: string | Uint8Array): string[] => (readYaml('f.yaml', content).problems ?? []).map(formatProblem);

describe('a document is read as plain data', () => {
  it.each([
    ['a: 1\nb: [x, true, null, 1.5]\nc: {d: "no"}\n', { a: 1, b: ['x', true, null, 1.5], c: { d: 'no' } }],
    ['---\na: |\n  x\n  y\nb: >-\n  one\n  line\n...\n', { a: 'x\ny\n', b: 'one line' }],
    ['a: 3.5.7\nb: 250m\nc: 24h\nd: 128Mi\ne: v1\nf: -x\n', { a: '3.5.7', b: '250m', c: '24h', d: '128Mi', e: 'v1', f: '-x' }],
    ['a: ~\nb:\nc: .nan\nd: .inf\ne: -0\n', { a: null, b: null, c: Number.NaN, d: Number.POSITIVE_INFINITY, e: -0 }],
    ['# größer → kleiner\na: 😀\n', { a: '😀' }],
    ['a: "\\u202e"\n', { a: '\u202e' }],
    ['- a\n- b: c\n', ['a', { b: 'c' }]],
    ['word', 'word'],
  ])('%j', (text, value) => {
    expect(told(text)).toEqual([]);
    expect(readYaml('f.yaml', text).value).toEqual(value);
    expect(readYaml('f.yaml', Buffer.from(text)).value).toEqual(value);
  });

  it('whatever the printer writes comes back', () => {
    fc.assert(
      fc.property(fc.dictionary(key, json), (value) => {
        const { problems, value: read } = readYaml('f.yaml', printYaml(value));
        expect(problems).toBeUndefined();
        expect(read).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});

const alias = 'no anchors and no aliases - write the value out';
const deep = 'at most 64 levels deep - flatten it';
const alike = 'YAML 1.1 and 1.2 read this differently - quote it if it is a string';
const tag = 'no tags: the type follows from the field - remove it, and quote a string';
const bomb = `a: &a [x, x]\n${[...'bcdefghi'].map((name, index) => `${name}: &${name} [*${'abcdefgh'[index]}, *${'abcdefgh'[index]}]\n`).join('')}`;
const indented = Array.from({ length: 10_000 }, (_, level) => `${' '.repeat(Math.min(level, 90))}a:\n`).join('');

describe('what readers read differently, or choke on, is refused with its place', () => {
  it.each([
    ['nothing', '', 'E_YAML] f.yaml:1:1: - one document - write the value'],
    ['a comment alone', '# x\n', 'E_YAML] f.yaml:1:1: - one document - write the value'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'E_YAML] f.yaml:2:1: - one document a file - move the second document to a file of its own'],
    ['an anchor', 'a: &x 1\n', `E_YAML] f.yaml:1:4: &x - ${alias}`],
    ['an alias', 'b: 1\na: *x\n', `E_YAML] f.yaml:2:4: *x - ${alias}`],
    ['an alias bomb', bomb, `E_YAML] f.yaml:1:4: &a - ${alias}`],
    ['a merge key', '<<: {a: 1}\n', 'E_YAML] f.yaml:1:1: << - no merge keys - write the fields out'],
    ['a custom tag', 'a: !secret x\n', `E_YAML] f.yaml:1:4: !secret - ${tag}`],
    ['a core tag', 'a: !!str 1\n', `E_YAML] f.yaml:1:4: !!str - ${tag}`],
    ['a directive', '%YAML 1.1\n---\na: 1\n', 'E_YAML] f.yaml:1:1: %YAML 1.1 - no directives - remove the line'],
    ['a duplicate key', 'a: 1\nb:\n  c: 1\n  c: 2\n', 'E_YAML] f.yaml:4:3: c - keys are unique - remove one of the two'],
    ['a number as key', '1: a\n', 'E_YAML] f.yaml:1:1: 1 - keys are strings - quote it'],
    ['a mapping as key', '? {a: 1}\n: b\n', 'E_YAML] f.yaml:1:3: - keys are strings - quote it'],
    [
      'a missing bracket',
      'a: [1, 2\n',
      'E_YAML] f.yaml:2:1: - not YAML: flow sequence in block collection must be sufficiently indented and end with a ] - correct the syntax',
    ],
    ['a tab for indentation', 'a:\n\tb: 1\n', 'E_YAML] f.yaml:2:1: - not YAML: tabs are not allowed as indentation - correct the syntax'],
    ['brackets 10,000 deep', '['.repeat(10_000), `E_YAML] f.yaml:1:64: - ${deep}`],
    ['dashes 10,000 deep', `${'- '.repeat(10_000)}x`, `E_YAML] f.yaml:1:127: - ${deep}`],
    ['indentation 10,000 lines deep', indented, `E_YAML] f.yaml:65:65: - ${deep}`],
    ['10 MiB', `a: ${'x'.repeat(10 * 1024 * 1024)}`, 'E_YAML] f.yaml: 10485763 bytes - at most 1048576 bytes - split the file'],
    ['a million brackets', '[]'.repeat(500_000), 'E_YAML] f.yaml:1:50001: - at most 50000 words and signs - split the file'],
    [
      'a number too large to be exact',
      'a: 12345678901234567890\n',
      'E_YAML] f.yaml:1:4: 12345678901234567890 - too large for a number - quote it',
    ],
    ['a byte order mark', '\ufeffa: 1\n', 'E_ENCODING] f.yaml:1:1: U+FEFF - no byte order mark - save it as UTF-8 without BOM'],
    ['UTF-16', Buffer.from('\ufeffa: 1\n', 'utf16le'), 'E_ENCODING] f.yaml: - valid UTF-8 - save it as UTF-8'],
    ['invalid UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0x28]), 'E_ENCODING] f.yaml: - valid UTF-8 - save it as UTF-8'],
    ['half a surrogate pair', 'a: \ud800\n', 'E_ENCODING] f.yaml: - valid UTF-8 - save it as UTF-8'],
    ['carriage returns', 'a: 1\r\nb: 2\r\n', 'E_ENCODING] f.yaml:1:5: U+000D - lines end in LF - save the file with LF line ends'],
    ['a key in form NFD', 'e\u0301: 1\n', 'E_ENCODING] f.yaml:1:1: é - keys are in Unicode form NFC - type it again'],
    [
      'an escaped zero-width space in a key',
      '"a\\u200b": 1\n',
      'E_ENCODING] f.yaml:1:1: U+200B - no control, invisible or bidi characters in a key - remove it',
    ],
  ])('%s', (_what, content, line) => {
    expect(told(content)).toEqual([`error[${line.replace('é', 'e\u0301')}`]);
  });

  it.each([
    'no',
    'No',
    'on',
    'OFF',
    'y',
    'N',
    'yes',
    '0777',
    '0o17',
    '1_000',
    '0b11',
    '12:30:45',
    '1:30',
    '2024-01-01',
    '2024-01-01T10:00:00Z',
    '0x1_F',
  ])('the bare word %s', (word) => expect(told(`a: ${word}\n`)).toEqual([`error[E_YAML] f.yaml:1:4: ${word} - ${alike}`]));

  it.each([0x00, 0x07, 0x1b, 0x7f, 0x85, 0xad, 0x200b, 0x200d, 0x200e, 0x2028, 0x202e, 0x2060, 0x2066, 0xe0001])(
    'the character U+%i',
    (code) => {
      const shown = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
      const says = 'no control, invisible or bidi characters - remove it, or write it as an escape in double quotes';
      expect(told(`a: x\nb: ${String.fromCodePoint(code)}\n`)).toEqual([`error[E_ENCODING] f.yaml:2:4: ${shown} - ${says}`]);
    },
  );

  it.each(['__proto__', 'constructor', 'prototype'])('the key %s, and prototypes stay as they are', (name) => {
    expect(told(`a:\n  ${name}: {polluted: true}\n`)).toEqual([`error[E_KEY] f.yaml:2:3: ${name} - not a key - remove it`]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

it('all problems of a document are told, by their place', () => {
  expect(told('a: no\nb: 1\nb: 2\n3: on\n').map((line) => line.slice(0, 24))).toEqual([
    'error[E_YAML] f.yaml:1:4',
    'error[E_YAML] f.yaml:3:1',
    'error[E_YAML] f.yaml:4:1',
    'error[E_YAML] f.yaml:4:4',
  ]);
});

it('knows where each value stands', () => {
  const { at } = readYaml('f.yaml', 'a:\n  - x\n  - b: 1\n    c: 2\nd.e: 3\n');
  expect([['a'], ['a', 0], ['a', 1, 'c'], ['d.e'], ['a', 1, 'c', 'deeper'], ['z'], []].map(at)).toEqual([
    'f.yaml:1:1',
    'f.yaml:2:5',
    'f.yaml:4:5',
    'f.yaml:5:1',
    'f.yaml:4:5',
    'f.yaml',
    'f.yaml',
  ]);
});

describe('whatever it is given', () => {
  it.each([
    ['text', fc.string({ unit: 'binary', maxLength: 400 })],
    [
      'YAML-like text',
      fc
        .array(
          fc.constantFrom(
            'a',
            ': ',
            '- ',
            '\n',
            '  ',
            '[',
            ']',
            '{',
            '}',
            '&x',
            '*x',
            '!t',
            '#',
            '"',
            "'",
            '|',
            '>',
            '1',
            '<<',
            '---',
            '?',
            ',',
          ),
          { maxLength: 200 },
        )
        .map((parts) => parts.join('')),
    ],
    ['bytes', fc.uint8Array({ maxLength: 400 })],
  ])('%s: it ends quickly with a value or with problems', (_what, content: fc.Arbitrary<string | Uint8Array>) => {
    fc.assert(
      fc.property(content, (given) => {
        const started = cpuTime();
        const { problems, value } = readYaml('f.yaml', given);
        expect((problems?.length ?? 0) > 0 || value !== undefined).toBe(true);
        expect(cpuTime() - started).toBeLessThan(1000);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(['a:\n', '-\n', '[]', '{a,b},', '"" ', '?\n', ': ', '#\n', 'a: {b: [c, d]}\n', "'' : \n", '\n', ' x\n'])(
    'a mebibyte of %j is judged within a second',
    (part) => {
      const text = part.repeat(Math.floor((1024 * 1024) / part.length));
      readYaml('f.yaml', text.slice(0, 10_000));
      const started = cpuTime();
      readYaml('f.yaml', text);
      expect(cpuTime() - started).toBeLessThan(1000);
    },
  );
});

const key = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((name) => /^[\p{L}\p{N} .:/_-]+$/u.test(name) && name === name.normalize('NFC'));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** Milliseconds of this process's own work: a busy machine is no slow parser. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
