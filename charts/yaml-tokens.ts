import { CST, Lexer } from 'yaml';
import type { ProblemCode } from './problem.ts';

/** Deepest nesting of mappings and sequences. A Kubernetes object needs about 12. */
export const deepest = 64;
/** Most tokens (words, signs, line breaks) of a document: keeps a read well below a second, where 1 MiB of brackets would take 27. */
export const mostTokens = 50_000;

/** Something that is legal YAML and refused. */
export interface Refused {
  readonly offset: number;
  /** @default E_YAML */
  readonly code?: ProblemCode;
  readonly value?: string;
  readonly rule: string;
  readonly fix: string;
}

const noAliases = { rule: 'no anchors and no aliases', fix: 'write the value out' };
const refusedTokens: Partial<Record<CST.TokenType, { readonly rule: string; readonly fix: string }>> = {
  alias: noAliases,
  anchor: noAliases,
  tag: { rule: 'no tags: the type follows from the field', fix: 'remove it, and quote a string' },
  'directive-line': { rule: 'no directives', fix: 'remove the line' },
};
/** The lexer's own marks, which are not in the text. */
const marks: readonly (CST.TokenType | null)[] = ['doc-mode', 'flow-error-end', 'scalar'];

/**
 * Looks at the words of a YAML text before anything is built of them, in time and memory linear to what is read until the first
 * refusal: an alias bomb, a deep nest or a million brackets cost nothing.
 */
export function scan(text: string): Refused | undefined {
  const depth = new Depth();
  let offset = 0;
  let count = 0;
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type !== null && marks.includes(type)) continue;
    count += 1;
    if (count > mostTokens) return { offset, rule: `at most ${mostTokens} words and signs`, fix: 'split the file' };
    const refused = type === null ? undefined : refusedTokens[type];
    if (refused) return { offset, value: token.slice(0, 40), ...refused };
    if (depth.after(type, token) > deepest) return tooDeep(offset);
    offset += token.length;
  }
  return undefined;
}

/** The refusal of a nest below {@link deepest}. */
export function tooDeep(offset: number): Refused {
  return { offset, rule: `at most ${deepest} levels deep`, fix: 'flatten it' };
}

/** Counts the levels of nesting, at least as many as the parser will build: brackets, dashes in a line, indentations that enclose each other. */
class Depth {
  #flow = 0;
  #inLine = 0;
  #indent: number | undefined = 0;
  readonly #indents: number[] = [];

  after(type: CST.TokenType | null, token: string): number {
    if (type === 'newline') {
      this.#indent = 0;
      this.#inLine = 0;
    } else if (type === 'space' && this.#indent === 0) {
      this.#indent = token.length;
    } else if (this.#indent !== undefined) {
      this.#begin(this.#indent);
      this.#indent = undefined;
    }
    if (type === 'flow-map-start' || type === 'flow-seq-start') this.#flow += 1;
    if (type === 'flow-map-end' || type === 'flow-seq-end') this.#flow -= 1;
    if (type === 'seq-item-ind' || type === 'explicit-key-ind') this.#inLine += 1;
    return this.#flow + this.#inLine + this.#indents.length;
  }

  /** A line with something on it begins: it ends what was indented as much or more. */
  #begin(indent: number): void {
    while ((this.#indents.at(-1) ?? -1) >= indent) this.#indents.pop();
    this.#indents.push(indent);
  }
}
