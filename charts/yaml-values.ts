import { isMap, isScalar, isSeq, type Pair, type ParsedNode, type Scalar, Schema } from 'yaml';
import type { ProblemCode } from './problem.ts';
import { codePoint, invisible } from './yaml-encoding.ts';
import { deepest, type Refused, tooDeep } from './yaml-tokens.ts';

/** Keys and indexes from the root of a document to a value. */
export type ValuePath = readonly (string | number)[];

/** Plain data of a document, and where each value stands. */
export interface Values {
  readonly value: unknown;
  readonly refused: readonly Refused[];
  /** Offset of each key or item in the text, by {@link pathKey}. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** Names that reach into JavaScript's own objects. */
const unsafeKeys = ['__proto__', 'constructor', 'prototype'];

/** Name of a path in {@link Values.offsets}. */
export function pathKey(path: ValuePath): string {
  return path.join('\0');
}

/** Turns parsed nodes into plain data; refuses keys that are not unique strings and words that readers of YAML 1.1 take for something else. */
export function collectValues(root: ParsedNode | null): Values {
  const refused: Refused[] = [];
  const offsets = new Map<string, number>();
  const refuse = (code: ProblemCode, offset: number, value: string | undefined, rule: string, fix: string) =>
    void refused.push({ code, offset, value, rule, fix });

  function visit(node: ParsedNode | null, path: ValuePath): unknown {
    if (path.length > deepest) {
      const { offset, rule, fix } = tooDeep(node?.range[0] ?? 0);
      return refuse('E_YAML', offset, undefined, rule, fix);
    }
    if (isMap(node)) return mapping(node.items, path);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const inner = [...path, index];
        offsets.set(pathKey(inner), item.range[0]);
        return visit(item, inner);
      });
    }
    return isScalar(node) ? scalar(node) : null;
  }

  function mapping(pairs: readonly Pair<ParsedNode, ParsedNode | null>[], path: ValuePath): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of pairs) {
      const key = keyOf(pair.key);
      if (key === undefined) {
        visit(pair.value, [...path, '']);
        continue;
      }
      const offset = pair.key.range[0];
      if (seen.has(key)) refuse('E_YAML', offset, key, 'keys are unique', 'remove one of the two');
      seen.add(key);
      const inner = [...path, key];
      offsets.set(pathKey(inner), offset);
      object[key] = visit(pair.value, inner);
    }
    return object;
  }

  function keyOf(node: ParsedNode): string | undefined {
    const offset = node.range[0];
    const value = isScalar(node) ? scalar(node) : undefined;
    if (typeof value !== 'string') return void refuse('E_YAML', offset, shown(value), 'keys are strings', 'quote it');
    const hidden = invisible.exec(value);
    if (hidden) {
      const shown = codePoint(hidden[0].codePointAt(0) ?? 0);
      return void refuse('E_ENCODING', offset, shown, 'no control, invisible or bidi characters in a key', 'remove it');
    }
    if (value === '<<') return void refuse('E_YAML', offset, value, 'no merge keys', 'write the fields out');
    if (unsafeKeys.includes(value)) return void refuse('E_KEY', offset, value, 'not a key', 'remove it');
    if (value !== value.normalize('NFC')) return void refuse('E_ENCODING', offset, value, 'keys are in Unicode form NFC', 'type it again');
    return value;
  }

  function scalar(node: Scalar): unknown {
    const { value, source = '' } = node;
    const offset = node.range?.[0] ?? 0;
    if (node.type !== 'PLAIN') return value;
    if (!readsAlike(source, value))
      refuse('E_YAML', offset, source, 'YAML 1.1 and 1.2 read this differently', 'quote it if it is a string');
    else if (Number.isInteger(value) && !Number.isSafeInteger(value))
      refuse('E_YAML', offset, source, 'too large for a number', 'quote it');
    return value;
  }

  return { value: visit(root, []), refused, offsets };
}

const tags11 = new Schema({ schema: 'yaml-1.1' }).tags.filter((tag) => tag.default === true);
/** Go's reader takes these for numbers, whatever the version. */
const numberInGo = /^[-+]?(?:0[xob][0-9a-f_]+|[0-9][0-9_]*)$/i;

/** Whether readers of YAML 1.1 make the same of an unquoted word: `no`, `0777`, `1_000`, `12:30:45` and `2024-01-01` are strings or not. */
function readsAlike(source: string, value: unknown): boolean {
  const tag = tags11.find((candidate) => 'test' in candidate && candidate.test?.test(source));
  const value11 = tag && 'resolve' in tag ? tag.resolve?.(source as never, () => {}, {}) : source;
  return isScalar(value11)
    ? Object.is(value11.value, value)
    : Object.is(value11, value) && !(typeof value === 'string' && numberInGo.test(source));
}

function shown(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
