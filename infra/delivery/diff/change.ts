/** How much attention a change needs: `high` may stop or open something, `medium` is felt, `low` is routine. */
export type Risk = 'high' | 'medium' | 'low';

/**
 * What happens to one object.
 * - `renamed`: deleted under one name and created under another.
 * - `moved`: the same object in another file.
 * - `reformatted`: the same object, other text.
 */
export type Action = 'added' | 'removed' | 'changed' | 'renamed' | 'moved' | 'reformatted';

/** What an object is in its cluster. */
export interface Identity {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Empty for what is cluster-scoped. */
  readonly namespace: string;
  readonly name: string;
}

/** One object that differs between two trees. */
export interface Change {
  /** Environment whose folder or Argo CD objects it belongs to; empty when it belongs to none. */
  readonly environment: string;
  readonly action: Action;
  readonly identity: Identity;
  /** What it was before it was renamed. */
  readonly oldIdentity?: Identity;
  /** File in the GitOps repo; of a removed object the one it was in. */
  readonly path: string;
  /** File it was in before, when that is another. */
  readonly oldPath?: string;
  /** Fields that differ, the riskiest first; none for an object that is added or removed as a whole. */
  readonly fields: readonly FieldChange[];
  /** The highest of the object and its fields. */
  readonly risk: Risk;
  /** Why the object as a whole is a risk. */
  readonly reason?: string;
}

/** One field that differs. */
export interface FieldChange {
  /** `spec.template.spec.containers[goserver].image`; `[]` stands for an item of a list without names. */
  readonly path: string;
  /** Missing when the field is new. */
  readonly before?: unknown;
  /** Missing when the field is gone. */
  readonly after?: unknown;
  readonly risk: Risk;
  readonly reason?: string;
}

/** Sorts risks, the highest first. */
export function byRisk(a: { readonly risk: Risk }, b: { readonly risk: Risk }): number {
  return rank[a.risk] - rank[b.risk];
}

/** The highest of several risks; `low` of none. */
export function highest(risks: readonly Risk[]): Risk {
  return risks.reduce((worst, risk) => (rank[risk] < rank[worst] ? risk : worst), 'low' as Risk);
}

const rank: Readonly<Record<Risk, number>> = { high: 0, medium: 1, low: 2 };
