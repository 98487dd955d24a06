import { Composer, type CST, type Document, isScalar, Lexer, LineCounter, Parser, parse, visit } from 'yaml';
import type { Problem, ProblemCode } from './problem.ts';

/** Largest text read, in bytes; GitOps files are a few KiB. */
const mostBytes = 1024 * 1024;
/** Deepest nesting read; Kubernetes objects stay below 20. */
const mostLevels = 100;

const refusedTokens: Readonly<Record<string, string>> = { alias: 'an alias', anchor: 'an anchor', directive: 'a directive', tag: 'a tag' };
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const refusedCharacter = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u;
/** Plain scalars that could be anything but a string; the rest reads alike everywhere. */
const perhapsNotAString = /^(?:[-+.0-9~<=]|(?:y|yes|n|no|on|off|true|false|null)$)/i;

/** A value read, or every reason why not. */
export type YamlResult =
  | { readonly value: unknown; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: Problem[] };

/**
 * Reads one YAML document that every reader reads alike. Refused, each with E_YAML at `<path>:<line>:<column>`: syntax errors, duplicate
 * keys, anchors, aliases, merge keys, tags, directives, several documents, none, over 1 MiB, over 100 levels, and plain scalars that
 * YAML 1.1 and 1.2 read differently (`no`, `0777`, `1_000`). With E_ENCODING: carriage returns, control, invisible and bidi characters.
 * Source of the rules: CVE-2019-11253, https://yaml.org/spec/1.1 against https://yaml.org/spec/1.2.2.
 * @param path names the text in problems
 */
export function readYaml(path: string, text: string): YamlResult {
  if (Buffer.byteLength(text) > mostBytes) return refuse('E_YAML', path, `at most ${mostBytes} bytes`, 'split the file');
  const character = refusedCharacter.exec(text);
  if (character) return refuse('E_ENCODING', position(path, text, character.index), ...characterRule(character[0]));
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${Math.max(col, 1)}`;
  };
  const tokens = tokenize(text, lines);
  if (typeof tokens === 'number') return refuse('E_YAML', at(tokens), `at most ${mostLevels} levels`, 'flatten it');
  const problems = tokens.flatMap((token) => checkToken(token, at));
  return problems.length > 0 ? { problems } : compose(tokens, path, at);
}

type At = (offset: number) => string;

/** The tokens, or the offset at which they nest too deep: the composer recurses, so depth is judged before it. */
function tokenize(text: string, lines: LineCounter): CST.Token[] | number {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > mostLevels && parser.stack.filter(isCollection).length > mostLevels) return parser.offset;
  }
  return [...tokens, ...parser.end()];
}

function isCollection({ type }: CST.Token): boolean {
  return type === 'block-map' || type === 'block-seq' || type === 'flow-collection';
}

function checkToken(token: unknown, at: At): Problem[] {
  if (typeof token !== 'object' || token === null) return [];
  const { type, offset } = token as { type?: string; offset?: number };
  const refused = refusedTokens[type ?? ''];
  if (refused) return [yamlProblem(at(offset ?? 0), `${refused} reads differently from tool to tool`, 'write the value out')];
  return Object.values(token).flatMap((child) => checkToken(child, at));
}

function compose(tokens: readonly CST.Token[], path: string, at: At): YamlResult {
  const [document, ...more] = new Composer({ merge: false, uniqueKeys: true, strict: true }).compose(tokens, false);
  if (!document) return refuse('E_YAML', `${path}:1:1`, 'one document', 'write the value');
  if (more.length > 0)
    return refuse('E_YAML', at(more[0]?.range?.[0] ?? 0), 'one document a file', 'move the second document to a file of its own');
  const problems = [...document.errors, ...document.warnings].map((error) =>
    yamlProblem(at(error.pos[0]), error.message.split('\n')[0] ?? '', 'correct the syntax'),
  );
  problems.push(...checkScalars(document, at));
  return problems.length > 0 ? { problems } : { value: document.toJS({ maxAliasCount: 0 }) };
}

function checkScalars(document: Document.Parsed, at: At): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) || pair.key === null) return;
      problems.push(yamlProblem(at((pair.key as { range?: [number] }).range?.[0] ?? 0), 'keys are strings', 'write a plain key'));
    },
    Scalar(key, node) {
      if (node.type !== 'PLAIN' || typeof node.source !== 'string' || !perhapsNotAString.test(node.source)) return;
      const offset = node.range?.[0] ?? 0;
      if (node.source === '<<' && key === 'key') problems.push(yamlProblem(at(offset), 'no merge keys', 'write the fields out'));
      else if (!readsAlike(node.source)) {
        problems.push(yamlProblem(at(offset), `YAML 1.1 and 1.2 read ${node.source} differently`, 'quote it if it is a string'));
      }
    },
  });
  return problems;
}

function readsAlike(source: string): boolean {
  const [older, newer] = (['1.1', '1.2'] as const).map((version) => parse(source, { version, logLevel: 'silent' }));
  return Object.is(older, newer);
}

function characterRule(character: string): [rule: string, fix: string] {
  if (character === '\r') return ['lines end in LF', 'save the file with LF line ends'];
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return [`no control, invisible or bidi character, here U+${code}`, 'remove it, or write it as an escape in double quotes'];
}

function position(path: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${path}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function refuse(code: ProblemCode, field: string, rule: string, fix: string): YamlResult {
  return { problems: [{ code, field, rule, fix }] };
}

function yamlProblem(field: string, rule: string, fix: string): Problem {
  return { code: 'E_YAML', field, rule, fix };
}
