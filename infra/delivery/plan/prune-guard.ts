import type { Problem } from '../../../charts/problem.ts';

/** What the user allows a delivery to do besides adding and changing. */
export interface Guard {
  /** Objects that may go without being named, 0 or more. @default 0 in the stack's settings */
  readonly deletionBudget: number;
  /** Objects whose deletion is intended, as `Kind/name`. */
  readonly allowDelete: readonly string[];
  /** Replace owned files that were edited or removed by hand. */
  readonly overwrite: boolean;
}

/** What a cluster would lose. */
export interface Deletions {
  /** Object keys, sorted. */
  readonly keys: readonly string[];
  /** The same as `Kind/name`. */
  readonly names: readonly string[];
  /** `E_PRUNE_GUARD` when that is more than is allowed. */
  readonly problems: readonly Problem[];
}

/** Widest list of names in a problem, in characters; the fix names them all. */
const listWidth = 80;

/**
 * Compares object keys before and after. Argo CD prunes what Git no longer holds, and its own guard stops only when everything goes;
 * this one counts every object. A renamed object is a deletion and an addition, as it is in the cluster.
 */
export function deletions(environment: string, before: readonly string[], after: readonly string[], guard: Guard): Deletions {
  const stays = new Set(after);
  const keys = before.filter((key) => !stays.has(key)).sort();
  const names = keys.map(kindAndName);
  const unnamed = names.filter((name) => !guard.allowDelete.includes(name));
  return {
    keys,
    names,
    problems: after.length === 0 ? [emptyRender(environment, before)] : overBudget(environment, before, unnamed, guard),
  };
}

/** Never allowed, whatever is named: no delivery means to leave nothing behind. */
function emptyRender(environment: string, before: readonly string[]): Problem {
  return {
    code: 'E_PRUNE_GUARD',
    field: environment,
    value: before.length > 0 ? `would delete everything (${before.length} of ${before.length})` : 'renders no object',
    rule: 'a render without objects is never delivered',
    fix: 'check which services the environment has',
  };
}

function overBudget(environment: string, before: readonly string[], unnamed: readonly string[], guard: Guard): Problem[] {
  if (unnamed.length <= guard.deletionBudget) return [];
  return [
    {
      code: 'E_PRUNE_GUARD',
      field: environment,
      value: `would delete ${listed(unnamed.map((name) => name.replace('/', ' ')))} (${unnamed.length} of ${before.length})`,
      rule: `at most ${guard.deletionBudget} objects may go without being named`,
      fix: `if that is intended: --allow-delete ${unnamed.join(' ')}`,
    },
  ];
}

function kindAndName(key: string): string {
  const [, kind, , name] = key.split('/');
  return `${kind}/${name}`;
}

function listed(names: readonly string[]): string {
  const all = names.join(', ');
  if (all.length <= listWidth) return all;
  const shown = all.slice(0, listWidth).split(', ').slice(0, -1);
  return shown.length === 0 ? `${names.length} objects` : `${shown.join(', ')} and ${names.length - shown.length} more`;
}
