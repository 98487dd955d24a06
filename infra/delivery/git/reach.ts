import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Problem } from '../../../charts/problem.ts';
import { Failure, fail, failIfAny } from '../errors.ts';
import { CommandError } from '../process.ts';
import { diskProblem, explainDisk, isAbout } from './disk.ts';
import { withLock } from './lock.ts';
import { BrokenClone } from './private-clone.ts';
import { checkBranch } from './ref.ts';
import { checkRemote } from './remote.ts';
import { finalProblem, unreachable } from './remote-failure.ts';
import type { Repository } from './repository.ts';
import type { Timing } from './timing.ts';

/** How to get to the remote's branch, and how stubbornly. */
export interface ReachOptions {
  readonly repository: Repository;
  readonly timing: Timing;
  /** A repository without the branch is fine: its first commit is to be made. @default false */
  readonly init?: boolean;
  /** Milliseconds for which an unreachable remote is asked again. @default 60000 */
  readonly patience?: number;
  /** Milliseconds to wait for another process of this machine. @default 120000 */
  readonly lockPatience?: number;
  /** Told when a step begins. */
  readonly onStep?: (step: PublishStep, detail: string) => void | Promise<void>;
}

/** Steps of publishing, in their order; `retry` leads back to `plan`. */
export type PublishStep = 'wait' | 'fetch' | 'plan' | 'commit' | 'push' | 'retry' | 'landed';

export const defaultPatience = 60_000;

/**
 * Does the work on the remote's current commit, alone on the private clone. A clone that turns out to be broken is thrown away and
 * the work done once more, so it must be fit for that. See {@link reach} for the commit it gets.
 * @throws Failure what `reach` throws; `E_URL`, `E_URL_SCHEME`, `E_REF`; `E_LOCKED`; `E_NO_SPACE`, `E_IO` for the clone's folder
 */
export async function atTip<T>(options: ReachOptions, work: (tip: string | undefined) => Promise<T>): Promise<T> {
  const { repository, timing, lockPatience = 120_000 } = options;
  const { url, branch, allowLocal, signal } = repository.options;
  const { folder } = repository.clone;
  failIfAny([...checkRemote('gitops.repository', url, { allowLocal }), ...checkBranch('gitops.branch', branch)]);
  const onWait = (holder: string) => void options.onStep?.('wait', `locked ${holder}`);
  const attempt = async () => await work(await reach(options));
  try {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    return await withLock(`${folder}.lock`, branch, { timing, patience: lockPatience, onWait }, async () => {
      try {
        return await attempt();
      } catch (error) {
        if (!(await isClones(repository, error))) throw error;
        await repository.clone.discard();
        return await attempt();
      }
    });
  } catch (error) {
    throw signal?.aborted ? interrupted(error) : explainDisk(error, folder);
  }
}

/** Whether an error comes from a clone that can't be read. A full disk is no reason to throw it away. */
async function isClones({ clone }: Repository, error: unknown): Promise<boolean> {
  if (error instanceof BrokenClone) return true;
  return (
    error instanceof CommandError && isAbout(error, clone.folder) && explainDisk(error, clone.folder) === error && !(await clone.isSound())
  );
}

function interrupted(cause: unknown): Failure {
  const rule = 'a commit lands whole or not at all';
  return new Failure([{ code: 'E_COMMAND', field: 'publish', value: 'interrupted', rule, fix: 'rerun: it finds out what landed' }], {
    cause,
  });
}

/**
 * Gets the remote's branch with its history into the private clone, waiting for a remote that does not answer.
 * @param hasMoved it is known to hold something new: fetch it without asking first
 * @returns its commit; undefined where there is no branch and `init` says that this is fine
 * @throws Failure `E_NO_BRANCH`, `E_AUTH`, `E_URL_SCHEME` at once, `E_REMOTE_UNREACHABLE` when patience ends
 */
export async function reach(options: ReachOptions, hasMoved = false): Promise<string | undefined> {
  const { repository, timing, patience = defaultPatience } = options;
  const { url, branch } = repository.options;
  const start = timing.now();
  for (let tries = 1; ; tries += 1) {
    await options.onStep?.('fetch', branch);
    const direct = hasMoved && tries === 1 ? await repository.fetch() : undefined;
    if (direct && 'tip' in direct) return direct.tip;
    const asked = await repository.askTip();
    if (asked.isReached && asked.tip === undefined) {
      if (options.init) return undefined;
      fail('E_NO_BRANCH', branch, undefined, 'the GitOps repo has no such branch', 'check its name, or make its first commit with --init');
    }
    const fetched = asked.isReached && asked.tip !== undefined ? await repository.fetch(asked.tip) : asked;
    if ('tip' in fetched) return fetched.tip;
    const words = 'words' in fetched ? fetched.words : '';
    const final = (asked.isReached && diskProblem(words, repository.clone.folder)) || finalProblem(url, words);
    if (final) throw new Failure([final]);
    // A remote that answers and yet can't be fetched from: the clone may be broken.
    if (asked.isReached && tries === 1 && !(await repository.clone.isSound())) throw new BrokenClone(repository.clone.folder);
    await pause(timing, start, patience, tries, () => unreachable(url, timing.now() - start, tries, words));
  }
}

/**
 * Waits before the remote is asked again: 1 s, 2 s, 4 s … 15 s, each shortened by up to a half so that many writers don't come back
 * at the same instant, and never beyond the end of patience.
 * @throws Failure with the problem when there is no patience left
 */
export async function pause(timing: Timing, start: number, patience: number, tries: number, problem: () => Problem): Promise<void> {
  const left = patience - (timing.now() - start);
  if (left <= 0) throw new Failure([problem()]);
  await timing.sleep(Math.min(left, Math.min(15_000, 1_000 * 2 ** (tries - 1)) * (0.5 + timing.random() / 2)));
}
