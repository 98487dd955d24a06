import type { z } from 'zod';
import type { Problem } from '../../../charts/problem.ts';
import { Failure } from '../errors.ts';

/** JSON as it is committed: keys sorted, two spaces, a final newline; equal values give equal bytes. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, sortKeys, 2)}\n`;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Reads a file of the GitOps repo that this program wrote. A broken one is never taken for an empty one.
 * @throws Failure with every broken rule as `E_STATE`, each named by file and key
 */
export function parseJson<T>(path: string, text: string, schema: z.ZodType<T>): T {
  const problem = (key: string, rule: string): Problem => ({
    code: 'E_STATE',
    field: key === '' ? path : `${path} ${key}`,
    rule,
    fix: `restore the file from the history of the GitOps repo: git log -- ${path}`,
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Failure([problem('', text.trim() === '' ? 'is empty' : 'is not JSON')], { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Failure(parsed.error.issues.map((issue) => problem(issue.path.map(String).join('.'), issue.message)));
}
