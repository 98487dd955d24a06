import type { Action, Change, FieldChange, Identity, Risk } from './change.ts';

/** How many objects there are of each action, and of each risk. */
export interface Summary {
  readonly actions: Readonly<Record<Action, number>>;
  readonly risks: Readonly<Record<Risk, number>>;
}

/** A risk that is worth reading first. */
export interface Highlight {
  readonly change: Change;
  readonly field?: FieldChange;
  readonly reason: string;
}

/** Counts changes. */
export function summarize(changes: readonly Change[]): Summary {
  const count = (test: (change: Change) => boolean) => changes.filter(test).length;
  const actionCount = (action: Action) => count((change) => change.action === action);
  const riskCount = (risk: Risk) => count((change) => change.risk === risk);
  return {
    actions: {
      changed: actionCount('changed'),
      added: actionCount('added'),
      removed: actionCount('removed'),
      renamed: actionCount('renamed'),
      moved: actionCount('moved'),
      reformatted: actionCount('reformatted'),
    },
    risks: { high: riskCount('high'), medium: riskCount('medium'), low: riskCount('low') },
  };
}

/** `3 objects changed, 1 added, 0 removed`; rarer actions only where there are any. */
export function summaryLine(changes: readonly Change[]): string {
  if (changes.length === 0) return 'No changes';
  const { changed, added, removed, ...rare } = summarize(changes).actions;
  const others = Object.entries(rare).flatMap(([action, count]) => (count > 0 ? [`, ${count} ${action}`] : []));
  return `${changed} ${changed === 1 ? 'object' : 'objects'} changed, ${added} added, ${removed} removed${others.join('')}`;
}

/** Everything of high risk, in the order of the changes. */
export function highlights(changes: readonly Change[]): Highlight[] {
  return changes
    .filter(({ risk }) => risk === 'high')
    .flatMap((change): Highlight[] => [
      ...(change.reason === undefined ? [] : [{ change, reason: change.reason }]),
      ...change.fields.filter(({ risk }) => risk === 'high').map((field) => ({ change, field, reason: field.reason ?? '' })),
    ]);
}

/** `Deployment prod/goserver`, with its group when the kind alone doesn't say what it is. */
export function nameOf({ kind, namespace, name }: Identity): string {
  return `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
}

/** Changes by environment, in their order. */
export function byEnvironment(changes: readonly Change[]): readonly (readonly [environment: string, changes: readonly Change[]])[] {
  const groups = Map.groupBy(changes, ({ environment }) => environment);
  return [...groups].map(([environment, group]) => [environment || 'no environment', group]);
}
