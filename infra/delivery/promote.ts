import { catalog } from '../../charts/catalog.ts';
import type { ManifestFile, Release } from '../../charts/environment.ts';
import { loadStack, type StackConfig } from '../config.ts';
import { requireChecked } from './checked.ts';
import type { Context } from './context.ts';
import { deliveryData, guardOf, publishStep, rehearse, renderChecked, summarize } from './deliver.ts';
import { compare } from './diff/compare.ts';
import { type ExitCode, exit, Failure, fail, failIfAny } from './errors.ts';
import { sourceState } from './git/source.ts';
import { realTiming, type Timing } from './git/timing.ts';
import { liveHealth } from './live/health.ts';
import { manifestsAt } from './plan/manifests.ts';
import type { Wanted } from './plan/plan.ts';
import { type PreviewRequest, preview } from './plan/publish.ts';
import { describeVerdict, verdictData } from './promotion/describe.ts';
import type { Evidence } from './promotion/evidence.ts';
import { type Gathered, gather, type Question } from './promotion/gather.ts';
import { describeProposal, type Proposal, propose } from './promotion/proposal.ts';
import { judge } from './promotion/verdict.ts';
import { missingFrom } from './release/missing-images.ts';
import { recordRelease } from './release/record.ts';
import { cacheFolder, openTarget, type Target } from './target.ts';

export interface PromoteOptions {
  readonly to: string;
  readonly from?: string;
  readonly service?: string;
  readonly plan?: boolean;
  readonly dryRun?: boolean;
  readonly pr?: boolean;
  readonly allowDelete?: readonly string[];
}

/** What was last looked at; kept to be told. */
export interface Seen {
  evidence?: Evidence;
  /** Milliseconds since 1970 at which it was judged. */
  now: number;
  /** What the target would be. */
  files: readonly ManifestFile[];
}

/** `fullcycle promote`: the same digests, rendered with the target's settings, when the evidence allows it. */
export async function run(options: PromoteOptions, context: Context): Promise<ExitCode> {
  const { project, output, signal } = context;
  const stack = await loadStack(project, options.to, context);
  const origin = await originOf(stack, options, context);
  const from = origin.environment.name;
  if (!options.plan && !options.dryRun) await output.step('type check', () => requireChecked(project, cacheFolder(process.env)));
  const target = await openTarget(stack, context);
  const { repository, local } = target;
  const source = await sourceState(project);
  const seen: Seen = { now: 0, files: [] };
  const timing = realTiming(signal);
  const question = {
    repository,
    stack,
    from,
    service: options.service,
    healthOf: liveHealth(origin, context),
    missingImages: missingFrom(local, signal),
  };
  const request: PreviewRequest = {
    environment: options.to,
    repository,
    timing,
    guard: guardOf(target, options),
    propose: promotionOf(question, source, timing, seen),
  };
  if (options.plan) return await tellVerdict(request, seen, context);
  if (options.dryRun) return await rehearse(request, output);
  if (options.pr) return await open(request, target, seen, context);
  const published = await publishStep(`promote ${from} to ${options.to}`, { ...request, identity: stack.gitops.author }, output);
  output.print(summarize(options.to, published));
  output.data(deliveryData(options.to, published));
  return exit.ok;
}

/** The environment to promote from. One that has its own source takes from no other: that would skip what is proved there. */
async function originOf(stack: StackConfig, { from, to }: PromoteOptions, context: Context): Promise<StackConfig> {
  const settled = stack.promotion.from;
  const chosen = from ?? settled;
  if (chosen === undefined) fail('E_USAGE', '--from', undefined, `${to} has no promotion.from`, 'name the environment to promote from');
  if (settled !== undefined && chosen !== settled)
    fail('E_USAGE', '--from', chosen, `${to} is promoted from ${settled}`, `leave --from out, or change promotion.from of ${to}`);
  if (chosen === to) fail('E_USAGE', '--from', chosen, 'is another environment than --to', 'name another one');
  const origin = await loadStack(context.project, chosen, context);
  const { gitops } = origin.environment;
  const { repository, branch } = stack.environment.gitops;
  if (gitops.repository !== repository || gitops.branch !== branch)
    fail('E_USAGE', '--from', chosen, `is in another GitOps repo or branch than ${to}`, 'set the same gitops.repository and gitops.branch');
  return origin;
}

/** Gathers the evidence at the tip, judges it, and says what the target shall be. @param seen gets what was looked at, to be told */
export function promotionOf(
  question: Omit<Question, 'now'>,
  source: Release['source'],
  timing: Pick<Timing, 'now'>,
  seen: Seen,
): PreviewRequest['propose'] {
  return async (current, tip) => {
    seen.now = timing.now();
    const gathered = await gather({ ...question, now: seen.now }, current, tip);
    seen.evidence = gathered.evidence;
    const wanted = propositionOf(question.stack, gathered, source, seen.now);
    seen.files = wanted.files;
    return wanted;
  };
}

/** What the target shall be, with every reason why not. @throws Failure when there is nothing to render */
function propositionOf(stack: StackConfig, { evidence, images }: Gathered, source: Release['source'], now: number): Wanted {
  const problems = judge(evidence, now);
  if (evidence.candidates.some(({ image }) => !image)) throw new Failure(problems);
  const release = { source: { commit: source.commit, dirty: source.dirty }, images };
  return {
    files: renderChecked(stack.environment, release),
    release: recordRelease(stack.environment, release, catalog),
    verb: 'promote',
    trailers: { 'Fullcycle-Promoted-From': evidence.from.environment, 'Fullcycle-Promoted-Commit': evidence.from.commit },
    // What the target holds, the plan finds out itself, as for every other verb.
    problems: problems.filter(({ code, field }) => code !== 'E_HELD' || !field.startsWith(`${evidence.to}/`)),
  };
}

/** Says whether it may, and on what evidence; the exit code is the verdict. Changes nothing. */
async function tellVerdict(request: PreviewRequest, seen: Seen, { output }: Context): Promise<ExitCode> {
  const problems = await preview(request).then(
    ({ plan }) => plan.problems,
    (error: unknown) => {
      if (error instanceof Failure && seen.evidence) return error.problems;
      throw error;
    },
  );
  if (seen.evidence) {
    output.print(describeVerdict(seen.evidence, problems, seen.now));
    output.data(verdictData(seen.evidence, problems, seen.now));
  }
  failIfAny(problems);
  return exit.ok;
}

/** Pushes the commit to a branch of its own and says what to open a pull request with. */
async function open(request: PreviewRequest, { stack, repository }: Target, seen: Seen, { output }: Context): Promise<ExitCode> {
  const describe = async (tip: string | undefined) => {
    const { evidence, files } = seen;
    if (!evidence || tip === undefined) throw new Error('a plan without evidence');
    const changes = compare(await manifestsAt(repository, tip, evidence.to), files);
    return { branch: `promote/${evidence.to}-${evidence.from.commit.slice(0, 7)}`, description: describeProposal(evidence, changes) };
  };
  const proposal = await propose({ ...request, identity: stack.gitops.author, describe });
  output.print(proposal ? describeBranch(proposal) : `${request.environment}: already up to date`);
  output.data(proposal ?? { branch: null });
  return exit.ok;
}

function describeBranch({ branch, base, title, description }: Proposal): string {
  return [`pushed ${branch}: open a pull request into ${base} with this title and description`, '', title, '', description].join('\n');
}
