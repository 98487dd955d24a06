import { JsonPatch } from 'cdk8s';
import { catalog } from '../../../charts/catalog.ts';
import type { ManifestFile } from '../../../charts/environment.ts';
import { check, rules } from '../../../charts/policy/check.ts';
import { render } from '../../../charts/render.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { everything, release } from '../../fixtures/environments.ts';

/** A tree without problems. */
export const tree: readonly ManifestFile[] = render(everything, release, catalog);

/** The tree with the object of one file changed. */
export function changed(path: string, ...patches: JsonPatch[]): ManifestFile[] {
  if (!tree.some((file) => file.path === path)) throw new Error(`no file ${path}`);
  return tree.map((file) => (file.path === path ? { ...file, object: JsonPatch.apply(structuredClone(file.object), ...patches) } : file));
}

/**
 * What one rule says of a tree, as it is printed; `error[E_POLICY] ` and the path of the file that was changed are left out, they are the
 * same every time.
 */
export function messages(rule: string, files: readonly ManifestFile[], path = ''): string[] {
  const found = rules[rule];
  if (!found) throw new Error(`no rule ${rule}`);
  return check(files, everything, [found]).map((problem) =>
    formatProblem(problem).replace('error[E_POLICY] ', '').replace(`${path}#`, '#'),
  );
}

/** A change of one file that a rule must refuse, and its words. */
export type Case = readonly [rule: string, what: string, path: string, patches: readonly JsonPatch[], messages: readonly string[]];
