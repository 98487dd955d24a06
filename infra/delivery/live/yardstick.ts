import type { StackConfig } from '../../config.ts';
import type { Context } from '../context.ts';
import { Failure } from '../errors.ts';
import { atTip } from '../git/reach.ts';
import type { Repository } from '../git/repository.ts';
import { realTiming } from '../git/timing.ts';
import { readCurrent } from '../plan/current.ts';
import type { TreeEntry } from '../plan/drift.ts';
import { openTarget } from '../target.ts';
import { type Wanted, wantedAt } from './wanted.ts';

/** What the tip of the GitOps repo wants, and the files of other commits to compare with. */
export interface Yardstick {
  /** Undefined as long as nothing was delivered. */
  readonly wanted: Wanted | undefined;
  readonly revisions: ReadonlyMap<string, readonly TreeEntry[] | undefined>;
}

/** Reads the tip, and the files at the given commits. @throws Failure when the GitOps repo can't be read */
export async function readYardstick(stack: StackConfig, context: Context, commits: readonly string[] = []): Promise<Yardstick> {
  const { repository } = await openTarget(stack, context);
  return await atTip({ repository, timing: realTiming(context.signal), init: true }, async (tip) => {
    if (tip === undefined) return { wanted: undefined, revisions: new Map() };
    const revisions = new Map<string, readonly TreeEntry[] | undefined>();
    for (const commit of commits) revisions.set(commit, await filesAt(repository, commit));
    return { wanted: wantedAt(stack, tip, await readCurrent(repository, stack.environment.name, tip)), revisions };
  });
}

/** Files of a commit that a cluster says it is at; undefined when the branch's history has no such commit. */
export async function filesAt(repository: Repository, commit: string): Promise<readonly TreeEntry[] | undefined> {
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return undefined;
  try {
    return await repository.tree(await repository.resolve(commit), ['environments', 'argocd']);
  } catch (error) {
    if (error instanceof Failure && error.problems[0]?.code === 'E_REF') return undefined;
    throw error;
  }
}
