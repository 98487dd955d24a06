import type { ManifestFile } from '../environment.ts';
import type { Problem, ProblemCode } from '../problem.ts';
import type { Tree } from './tree.ts';

/**
 * A rule of the rendered tree: returns everything that breaks it. Write one as a function in a file of its own and add it to `rules` in
 * `charts/policy/check.ts`; it runs in every test, diff and delivery.
 * @example
 * export const teamLabel: Rule = (tree) =>
 *   tree.objects.filter((file) => !file.object.metadata.labels?.team)
 *     .map((file) => violation('team-label', file, 'metadata.labels.team', undefined, 'is set', 'name the team'));
 */
export type Rule = (tree: Tree) => Problem[];

/**
 * A problem of one field of one file. Its field reads `<path>#<field>`.
 * @param rule name of the rule, as in the file name
 * @param must what must be true of the field
 */
export function violation(
  rule: string,
  file: Pick<ManifestFile, 'path'>,
  field: string,
  value: unknown,
  must: string,
  fix: string,
  code: ProblemCode = 'E_POLICY',
): Problem {
  return { code, field: `${file.path}#${field}`, value, rule: `${rule}: ${must}`, fix };
}

/** A field and the value it must have. */
export type Expectation = readonly [field: string, value: unknown];

/** Text of an expected value: `true`, `RuntimeDefault`, `["ALL"]`. */
export function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
