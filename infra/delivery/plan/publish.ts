import { Failure, fail, failIfAny } from '../errors.ts';
import { checkIdentity, type Identity } from '../git/identity.ts';
import { BrokenClone } from '../git/private-clone.ts';
import { atTip, defaultPatience, pause, type ReachOptions, reach } from '../git/reach.ts';
import { finalProblem, refused, unreachable } from '../git/remote-failure.ts';
import { readCurrent } from './current.ts';
import { driftProblem, type TreeEntry } from './drift.ts';
import { belongsTo } from './ledger.ts';
import { type Current, type Plan, plan, type Wanted } from './plan.ts';
import type { Guard } from './prune-guard.ts';

/** What to plan for one environment. */
export interface PreviewRequest extends ReachOptions {
  readonly environment: string;
  /**
   * What the environment shall be, given what is at the tip. Called again on the new tip after every lost race: generated files are
   * rendered anew, never merged.
   */
  readonly propose: (current: Current, tip: string | undefined) => Wanted | Promise<Wanted>;
  readonly guard: Guard;
}

/** What to publish for one environment, and how stubbornly. */
export interface PublishRequest extends PreviewRequest {
  /** Who commits. */
  readonly identity: Identity;
  /** For what was decided by looking at the environment: stop when somebody else changes it meanwhile. @default false */
  readonly stopIfChanged?: boolean;
  /** Races lost before giving up. @default 50 */
  readonly tries?: number;
}

/** How it ended. */
export interface Published {
  /** The plan that was executed, or that found nothing to do. */
  readonly plan: Plan;
  /** The commit made; undefined when there was nothing to do. */
  readonly commit: string | undefined;
  /** The commit it was planned on; undefined for an empty repository. */
  readonly base: string | undefined;
  /** Races lost on the way. */
  readonly retries: number;
}

/** Milliseconds after which a refusing server's ref is looked at again: another push may hold it that long before moving it. */
const settleTimes = [100, 300, 900];

/**
 * Fetch, render, plan, commit, compare-and-swap push; after a lost race all of it again on the new tip. What happened is always
 * asked of the remote's branch, never read from an error text: a push that failed may have landed.
 * @throws Failure; the remote then holds either nothing of it or, when it could not be reached any more, a whole commit
 */
export async function publish(request: PublishRequest): Promise<Published> {
  failIfAny(checkIdentity('identity', request.identity));
  return await atTip(request, (tip) => publishOnto(request, tip));
}

/** The plan on the current tip, problems included, without a commit. */
export async function preview(request: PreviewRequest): Promise<{ readonly plan: Plan; readonly base: string | undefined }> {
  return await atTip(request, async (base) => ({ plan: (await decide(request, base)).decided, base }));
}

async function publishOnto(request: PublishRequest, tip: string | undefined): Promise<Published> {
  const { repository, timing, tries = 50 } = request;
  let base = tip;
  let first: Current | undefined;
  for (let retries = 0; retries < tries; retries += 1) {
    const start = timing.now();
    const { decided, current } = await decide(request, base);
    first ??= current;
    if (decided.nothingToDo && decided.problems.length === 0) return { plan: decided, commit: undefined, base, retries };
    if (request.stopIfChanged) failIfChanged(request.environment, first, current);
    failIfAny(decided.problems);
    await request.onStep?.('commit', decided.message.split('\n')[0] ?? '');
    const time = Math.floor(timing.now() / 1000);
    const commit = await repository.commit({
      parent: base,
      writes: decided.writes,
      message: decided.message,
      identity: request.identity,
      time,
    });
    const moved = await land(request, commit, base, () => timing.random() * retryPause(timing.now() - start, retries));
    if (moved === undefined) return { plan: decided, commit, base, retries };
    base = moved;
  }
  const rule = 'others push faster than this machine renders';
  fail('E_PUSH_CONTENTION', repository.options.branch, `tip moved ${tries} times`, rule, 'rerun when they are done');
}

/**
 * Longest pause after a lost race, in milliseconds: from twice to 16 times the time that one try takes here. Somebody wins every
 * race, so impatience costs no time, only tries; 32 writers that each pause 8 tries' time on average meet in threes and fours.
 */
function retryPause(tryTime: number, retries: number): number {
  return Math.min(20_000, Math.max(50, tryTime) * 2 ** Math.min(retries + 1, 4));
}

/** Reads the tip and plans on it; problems of hand edits name who made them. */
export async function decide(request: PreviewRequest, base: string | undefined): Promise<{ decided: Plan; current: Current }> {
  const { repository, environment } = request;
  await request.onStep?.('plan', base ?? 'empty repository');
  const current = await readCurrent(repository, environment, base);
  const decided = plan(current, await request.propose(current, base), request.guard, request.timing.now());
  const drifted = decided.problems.filter(({ code }) => code === 'E_DRIFT').map(({ field }) => field);
  if (base === undefined || drifted.length === 0) return { decided, current };
  const edits = await repository.lastEdits(base, drifted);
  const isThere = (path: string) => current.entries.some((entry) => entry.path === path);
  const problems = decided.problems.map((problem) =>
    problem.code === 'E_DRIFT' ? driftProblem(problem.field, isThere(problem.field), edits.get(problem.field)) : problem,
  );
  return { decided: { ...decided, problems }, current };
}

function failIfChanged(environment: string, before: Current, now: Current): void {
  const part = ({ entries }: Current) =>
    entries
      .filter(({ path }) => belongsTo(environment, path))
      .map(({ path, mode, id }: TreeEntry) => `${mode} ${id} ${path}`)
      .join('\n');
  if (part(before) === part(now)) return;
  fail('E_STALE_BASE', environment, 'changed since plan', 'what is decided by looking is done to what was seen', 'look again, then rerun');
}

/**
 * Pushes, and after a failure asks the remote: does the branch hold the commit? did it move?
 * @param retryTime how long to step aside after a lost race
 * @returns undefined when the commit has landed, else the tip that the branch went on to
 */
async function land(
  request: PublishRequest,
  commit: string,
  base: string | undefined,
  retryTime: () => number,
): Promise<string | undefined> {
  const { repository, timing, patience = defaultPatience } = request;
  const { url, branch } = repository.options;
  const start = timing.now();
  for (let tries = 1; ; tries += 1) {
    await request.onStep?.('push', commit);
    const pushed = await repository.push(commit, base);
    if (pushed.isAccepted) return await landed(request, commit);
    // Stepping aside comes before looking: a tip from before the pause would be stale once more.
    const looks = pushed.isStale ? [retryTime()] : pushed.isVerdict ? [0, ...settleTimes] : [0];
    for (const wait of looks) {
      if (wait > 0) await timing.sleep(wait);
      const tip = await reach(request, pushed.isStale);
      if (tip === base) continue;
      if (await holds(request, tip, commit, base)) return await landed(request, commit);
      await request.onStep?.('retry', 'the tip moved');
      if (pushed.isStale) return tip;
      await timing.sleep(retryTime());
      return await reach(request, true);
    }
    if (pushed.isVerdict) throw new Failure([refused(branch, pushed.words)]);
    const final = finalProblem(url, pushed.words);
    if (final) throw new Failure([final]);
    if (tries === 1 && !(await repository.clone.isSound())) throw new BrokenClone(repository.clone.folder);
    await pause(timing, start, patience, tries, () => unreachable(url, timing.now() - start, tries, pushed.words));
  }
}

async function landed(request: PublishRequest, commit: string): Promise<undefined> {
  await request.onStep?.('landed', commit);
}

/** Whether the branch, which has moved from the base, holds the commit. @throws Failure `E_DIVERGED` when it moved anywhere but on */
async function holds(request: PublishRequest, tip: string | undefined, commit: string, base: string | undefined): Promise<boolean> {
  const { repository } = request;
  const { isContinued, commits } = tip === undefined ? { isContinued: false, commits: [] } : await repository.since(base, tip);
  if (isContinued) return commits.includes(commit);
  const value = `base ${base?.slice(0, 10)} is not an ancestor of ${tip?.slice(0, 10) ?? 'nothing: the branch is gone'}`;
  const rule = 'history was rewritten meanwhile and is never forced back';
  fail('E_DIVERGED', repository.options.branch, value, rule, 'find out by whom, then rerun');
}
