import { keyOf } from '../manifest.ts';
import type { Problem } from '../problem.ts';
import type { Rule } from './rule.ts';

/** One object in two files flaps between them: tanka#692, and Argo CD's FailOnSharedResource would stop the sync. */
export const duplicates: Rule = (tree) => {
  const first = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { path, object } of tree.objects) {
    const key = keyOf(object);
    const other = first.get(key);
    if (other === undefined) first.set(key, path);
    else
      problems.push({
        code: 'E_DUPLICATE_RESOURCE',
        field: key,
        value: `${other} and ${path}`,
        rule: 'duplicates: in one file',
        fix: 'remove one of the files',
      });
  }
  return problems;
};
