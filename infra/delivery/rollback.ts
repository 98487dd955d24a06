import { isDuration, secondsOf } from '../config/rule.ts';
import { loadStack } from '../config.ts';
import type { Context } from './context.ts';
import { deliveryData, guardOf, publishStep, rehearse, summarize } from './deliver.ts';
import { type ExitCode, exit, fail, failIfAny } from './errors.ts';
import { operator } from './git/operator.ts';
import { checkRevision } from './git/ref.ts';
import type { Repository } from './git/repository.ts';
import { realTiming } from './git/timing.ts';
import { type Delivered, deliveredAt, neverDelivered } from './plan/manifests.ts';
import { checkReason } from './plan/message.ts';
import type { Current, Wanted } from './plan/plan.ts';
import { isoTime } from './promotion/verdict.ts';
import { activeHolds, formatHolds, type Hold, holdPath, parseHolds } from './release/hold.ts';
import { type MissingImages, missingFrom } from './release/missing-images.ts';
import { parseRelease, type ReleaseRecord } from './release/release.ts';
import { environmentHistory } from './release/release-history.ts';
import { chooseRelease, leftBehind } from './rollback/choose.ts';
import { openTarget } from './target.ts';

export interface RollbackOptions {
  readonly env: string;
  readonly to?: string;
  readonly reason: string;
  /** A time, or a duration from now. */
  readonly until?: string;
  readonly dryRun?: boolean;
  readonly allowDelete?: readonly string[];
  readonly overwrite?: boolean;
}

/** Who holds, why and for how long. */
export interface HoldTerms {
  readonly who: string;
  readonly why: string;
  readonly until?: string;
}

/** `fullcycle rollback`: an earlier release byte for byte as a new commit, and a hold on what was left. Auto-sync stays on. */
export async function run(options: RollbackOptions, context: Context): Promise<ExitCode> {
  const { output, signal, project } = context;
  const { env, to, reason } = options;
  const timing = realTiming(signal);
  const until = options.until === undefined ? {} : { until: endOf(options.until, timing.now()) };
  failIfAny([...checkReason('--reason', reason), ...(to === undefined ? [] : checkRevision('--to', to))]);
  const target = await openTarget(await loadStack(project, env, context), context);
  const terms = { who: await operator(project), why: reason, ...until };
  const way = { repository: target.repository, environment: env, to, terms, missing: missingFrom(target.local, signal) };
  const request = {
    environment: env,
    repository: target.repository,
    timing,
    guard: guardOf(target, options),
    propose: (current: Current, tip: string | undefined) => goBack({ ...way, now: timing.now() }, current, tip),
  };
  if (options.dryRun) return await rehearse(request, output);
  const identity = target.stack.gitops.author;
  const published = await publishStep(`roll back ${env}`, { ...request, identity, stopIfChanged: true }, output);
  output.print(summarize(env, published));
  const isHeld = published.plan.writes.some(({ path, text }) => path === holdPath(env) && text !== null);
  if (isHeld) output.note(`what it replaces is held; to release it: fullcycle unhold --env ${env}`);
  output.data(deliveryData(env, published));
  return exit.ok;
}

/** What to go back to. */
export interface WayBack {
  readonly repository: Repository;
  readonly environment: string;
  /** Commit of the GitOps repo. @default the newest earlier release with other digests */
  readonly to: string | undefined;
  readonly terms: HoldTerms;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly missing: MissingImages;
}

/**
 * What the environment shall be to be what it was.
 * @throws Failure E_ENV_MISSING, E_NO_RELEASE, E_IMAGE_GONE; E_REF for no commit of the repo; E_DRIFT where other hands changed it then
 */
export async function goBack(way: WayBack, current: Current, tip: string | undefined): Promise<Wanted> {
  const { repository, environment, missing } = way;
  if (current.release === undefined || tip === undefined) neverDelivered(environment, tip);
  const release = parseRelease(environment, current.release);
  const holds = current.hold === undefined ? [] : activeHolds(parseHolds(environment, current.hold).holds, way.now);
  const choose = () => chooseRelease(environmentHistory(repository, environment, tip), release, holds, missing);
  if (way.to === undefined) {
    const choice = await choose();
    if ('none' in choice) noEarlier(environment);
    if ('gone' in choice) imagesGone(environment, choice.gone, choice.offer);
    return restore(await deliveredAt(repository, environment, choice.commit), choice.commit, release, holds, way);
  }
  const commit = await repository.resolve(way.to);
  const back = await deliveredAt(repository, environment, commit);
  const gone = await missing(Object.values(back.release.images));
  if (gone.length > 0) {
    const choice = await choose();
    imagesGone(environment, gone, 'commit' in choice ? choice.commit : 'gone' in choice ? choice.offer : undefined);
  }
  return restore(back, commit, release, holds, way);
}

/** The earlier state, and the hold on what it replaces. Pure. */
export function restore(
  { files, release }: Pick<Delivered, 'files' | 'release'>,
  commit: string,
  left: ReleaseRecord,
  holds: readonly Hold[],
  { terms, now }: Pick<WayBack, 'terms' | 'now'>,
): Wanted {
  const digests = leftBehind(left, release);
  const added: Hold[] = digests.length === 0 ? [] : [{ digests, ...terms, since: isoTime(Math.floor(now / 1000)) }];
  return {
    files,
    release,
    hold: formatHolds(release.environment, [...holds, ...added]),
    verb: 'rollback',
    reason: terms.why,
    trailers: { 'Fullcycle-Rollback-To': commit },
  };
}

function noEarlier(environment: string): never {
  const rule = 'has no earlier release with other images that is not held';
  fail('E_NO_RELEASE', environment, undefined, rule, `see fullcycle history --env ${environment}, and name one with --to`);
}

function imagesGone(environment: string, gone: readonly string[], offer: string | undefined): never {
  const way =
    offer === undefined
      ? 'no earlier release has its images: build one again'
      : `the newest that has its images: --to ${offer.slice(0, 10)}`;
  fail('E_IMAGE_GONE', environment, gone.join(', '), 'an image of that release is no longer in its registry', way);
}

/** When a hold ends. @throws Failure E_USAGE for what is neither a time to come nor a duration */
function endOf(until: string, now: number): string {
  const isSpan = isDuration('--until', until).length === 0;
  const end = isSpan
    ? now + secondsOf(until) * 1000
    : /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(until)
      ? Date.parse(until)
      : Number.NaN;
  if (!(end > now) || end > 8.64e15)
    fail('E_USAGE', '--until', until, 'a time to come or a duration', 'write it like 2030-01-31T12:00:00Z or 7d');
  return isoTime(Math.floor(end / 1000));
}
