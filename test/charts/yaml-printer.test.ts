import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { printYaml } from '../../charts/yaml-printer.ts';
import { run } from '../../infra/delivery/process.ts';

/** Texts that some YAML reader takes for something else than a string, or that break a careless emitter. */
const traps = [
  ...[
    '',
    ' ',
    'no',
    'No',
    'NO',
    'on',
    'off',
    'y',
    'n',
    'yes',
    'true',
    'True',
    'false',
    'null',
    'Null',
    '~',
    '<<',
    '=',
    '-',
    '?',
    ':',
    '...',
    '---',
    '--- a',
  ],
  ...[
    '0777',
    '0o7',
    '0O7',
    '0b1',
    '0B1',
    '0x1F',
    '0X1F',
    '0o1_0',
    '1_000',
    '1__0',
    '_1',
    '+1',
    '-0',
    '-0o7',
    '1e3',
    '1E400',
    '.5',
    '1.',
    '.inf',
    '-.INF',
    '.nan',
  ],
  ...[
    '12:30:45',
    '1:20',
    '190:20:30.15',
    '2024-01-01',
    '2024-1-1',
    '2001-12-14t21:59:43.10-05:00',
    '1.2.3.4',
    '0.1.0',
    '123abc',
    '1a2b3c',
    '12e03',
    '0123456789',
  ],
  ...[
    'a: b',
    'a:',
    ':a',
    'a #b',
    '#a',
    ' a',
    'a ',
    '- a',
    '? a',
    '! a',
    '&a',
    '*a',
    '|',
    '>',
    '%a',
    '@a',
    '`a`',
    '"a"',
    "'a'",
    '[a]',
    '{a}',
    'a, b',
    ',',
  ],
  ...[
    'a\nb',
    '\n',
    'a\n',
    '\na',
    'a\n\nb',
    ' \n',
    'a\tb',
    '\t',
    '\u0000',
    '\u001b[31m',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ud83d\ude00',
    'ä',
    '\\',
    '\\n',
    'a\r\nb',
  ],
  ...[
    '250m',
    '64Mi',
    '25%',
    '5s',
    '0m',
    '01m',
    'http://a:80/b?c=d',
    '{projects/dev.yaml,applications/dev-*.yaml}',
    '*.yaml',
    'x'.repeat(300),
    'word '.repeat(60),
  ],
];

const text = fc.oneof(
  fc.constantFrom(...traps),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcefxobXOB_.:+-~eE'), maxLength: 8 }),
);
const key = text.filter((value) => value !== '__proto__');
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    tie('array'),
    tie('object'),
  ),
  array: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
}));
const document = fc.oneof(json.array, json.object) as fc.Arbitrary<object>;

describe.each(['1.1', '1.2'] as const)('a YAML %s reader', (version) => {
  it.each(traps.map((trap) => [trap]))('reads %j back as a string, as value, item and key', (trap) => {
    const value = { value: trap, items: [trap, [trap]], [trap]: { [trap]: trap } };
    expect(parse(printYaml(value), { version })).toEqual(value);
  });

  it('reads any JSON back', () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(parse(printYaml(value), { version })).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });
});

it('the reader of Kubernetes and Argo CD reads any JSON back', async () => {
  const values = [
    ...traps.map((trap) => ({ value: trap, items: [trap, [trap]], [`k${trap}`]: trap })),
    ...fc.sample(document, { numRuns: 3000, seed: 1 }),
  ];
  const folder = new URL('../fixtures/go-yaml', import.meta.url).pathname;
  const { stdout } = await run(['go', 'run', '-mod=readonly', '.'], { cwd: folder, input: JSON.stringify(values.map(printYaml)) });
  const read: unknown[] = JSON.parse(stdout);
  expect(read.length).toBe(values.length);
  // Go has one zero
  const withoutMinus = (value: unknown) => JSON.parse(JSON.stringify(value));
  values.forEach((value, index) => {
    expect(withoutMinus(read[index]), printYaml(value)).toEqual(withoutMinus(value));
  });
}, 300_000);

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, field]) => [key, ...textsOf(field)]) : [];
}

it('writes what the yaml package writes, but for numbers in notations of Go, invisible characters and document markers', () => {
  const options = {
    aliasDuplicateObjects: false,
    blockQuote: false,
    compat: 'yaml-1.1',
    lineWidth: 0,
    singleQuote: false,
    sortMapEntries: true,
  } as const;
  const differs = (text: string) => /^[-+.]?[0-9_][0-9a-fxob_.:+-]*$/i.test(text) || /[\p{C}\p{Zl}\p{Zp}]|^(?:---|\.\.\.|%)/u.test(text);
  const plain = document.filter((value) => !textsOf(value).some(differs));
  fc.assert(
    fc.property(plain, (value) => {
      expect(printYaml(value)).toBe(stringify(value, { ...options, doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY }));
    }),
    { numRuns: 2000 },
  );
});

it.each([
  [{ b: 1, a: [{ d: 1, c: 'no' }, []], on: {} }, 'a:\n  - c: "no"\n    d: 1\n  - []\nb: 1\n"on": {}\n'],
  [[[1, [2]], 'a'], '- - 1\n  - - 2\n- a\n'],
  [{}, '{}\n'],
  [[], '[]\n'],
  [{ a: 'x\u0085\u202e\u{e0001}' }, 'a: "x\\u0085\\u202e\\U000e0001"\n'],
  [{ a: undefined, b: 'x\ny' }, 'b: "x\\ny"\n'],
])('prints %j', (value, expected) => {
  expect(printYaml(value)).toBe(expected);
});

it('shares no anchors between equal objects', () => {
  const shared = { labels: { a: 'b' } };
  expect(printYaml({ x: shared, z: shared })).toBe('x:\n  labels:\n    a: b\nz:\n  labels:\n    a: b\n');
});

it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [() => 1], [Symbol('a')], [1n], ['\ud800']])('has no form for %s', (value) => {
  expect(() => printYaml({ value })).toThrow('has no YAML form');
});
