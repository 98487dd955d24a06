import type { z } from 'zod';
import type { Problem } from '../../charts/problem.ts';
import type { ValuePath } from '../../charts/yaml-values.ts';
import { suggest } from './suggestion.ts';

/** A problem with the path of the value it is about. */
export interface Finding {
  readonly path: ValuePath;
  readonly problem: Problem;
}

/**
 * Tells what zod found in our words. Of its own kinds only three can come up, everything else is judged by our rules: a value that is
 * missing, one that is no mapping, and keys that are not known.
 * @param knownKeys keys of the mapping at a path, for did-you-mean
 */
export function toFindings(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  knownKeys: (path: ValuePath) => readonly string[],
): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], knownKeys(path)));
    if (issue.code === 'custom') {
      const problem = issue.params?.problem as Problem;
      const inside = problem.field.split('.').slice(1);
      return [{ path: [...path, ...inside], problem: { ...problem, field: `${path.join('.')}${problem.field}` } }];
    }
    const value = valueAt(input, path);
    const told = value === undefined ? missing : { code: 'E_TYPE' as const, value, rule: 'a mapping', fix: 'write it as key: value lines' };
    return [{ path, problem: { ...told, field: path.join('.') } }];
  });
}

/** What is said of a value that must be there. */
export const missing = { code: 'E_KEY', rule: 'missing', fix: 'add it' } as const;

/** `E_KEY` for a key that is not known, with did-you-mean. */
export function unknownKey(path: ValuePath, known: readonly string[]): Finding {
  const meant = suggest(String(path.at(-1)), known);
  const others = known.length > 0 ? `use one of ${known.join(', ')}` : 'remove it';
  return { path, problem: { code: 'E_KEY', field: path.join('.'), rule: 'unknown', fix: meant ? `did you mean ${meant}?` : others } };
}

function valueAt(input: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((parent, part) => (parent as Record<string, unknown> | null | undefined)?.[part], input);
}

/** Keys of the mapping that a schema describes at a path; none when it describes no mapping there. */
export function keysAt(schema: z.ZodType, path: ValuePath): readonly string[] {
  const inner = unwrap(schema);
  const shape: Readonly<Record<string, z.ZodType>> = inner.def.type === 'object' ? ((inner as z.ZodObject).shape as never) : {};
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape);
  const next = Object.hasOwn(shape, first) ? shape[first] : undefined;
  return next ? keysAt(next, rest) : [];
}

/** The schema under defaults, transformations and the like. */
function unwrap(schema: z.ZodType): z.ZodType {
  const { innerType, in: input } = schema.def as { innerType?: z.ZodType; in?: z.ZodType };
  const inner = innerType ?? input;
  return inner ? unwrap(inner) : schema;
}
