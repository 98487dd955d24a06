import { catalog } from '../../charts/catalog.ts';
import type { ManifestFile, Release } from '../../charts/environment.ts';
import { check } from '../../charts/policy/check.ts';
import { render } from '../../charts/render.ts';
import { loadStack, type StackConfig } from '../config.ts';
import { buildRelease } from './build.ts';
import { requireChecked } from './checked.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, failIfAny } from './errors.ts';
import { sourceState } from './git/source.ts';
import { realTiming } from './git/timing.ts';
import { waitUntilLive } from './live/wait.ts';
import { waitSeconds } from './live/wait-option.ts';
import type { Output } from './output.ts';
import { neverDelivered } from './plan/manifests.ts';
import type { Current, Plan, Wanted } from './plan/plan.ts';
import type { Guard } from './plan/prune-guard.ts';
import { type PreviewRequest, type Published, type PublishRequest, preview, publish } from './plan/publish.ts';
import { unproven } from './promotion/provenance.ts';
import { recordRelease } from './release/record.ts';
import { parseRelease } from './release/release.ts';
import { placeholderRelease } from './synth.ts';
import { cacheFolder, openTarget, type Target } from './target.ts';

export interface DeliverOptions {
  readonly env: string;
  readonly dryRun?: boolean;
  readonly allowDelete?: readonly string[];
  readonly overwrite?: boolean;
  readonly init?: boolean;
  /** Deliver the settings alone, with the images that the environment runs. */
  readonly settings?: boolean;
  /** Wait until the cluster runs what was delivered. @default false */
  readonly wait?: boolean;
  /** How long, like `5m`. */
  readonly timeout?: string;
}

/** `fullcycle deliver`: build → render → check → plan → commit → push, and with `--wait` → synced → live. */
export async function run(options: DeliverOptions, context: Context): Promise<ExitCode> {
  const { output } = context;
  const timeout = waitSeconds(options.wait ?? false, options.timeout);
  const target = await openTarget(await loadStack(context.project, options.env, context), context);
  if (options.dryRun) return await rehearseDelivery(target, options, context);
  await output.step('type check', () => requireChecked(context.project, cacheFolder(process.env)));
  // What breaks a policy does so whatever the image is: it is told before anything is built or pushed.
  renderChecked(target.stack.environment, placeholderRelease(target.stack, catalog));
  await (options.settings ? deliverSettings : deliverSource)(target, options, context);
  if (options.wait) await waitUntilLive([target.stack], context, { timeout });
  return exit.ok;
}

/** Builds what the source has become, and delivers it. */
async function deliverSource(target: Target, options: DeliverOptions, context: Context): Promise<void> {
  const { project, output } = context;
  const build = await buildRelease(project, target.stack, target.local, output);
  const published = await deliver(target, build.release, options, context);
  output.print(summarize(options.env, published));
  output.data({ ...deliveryData(options.env, published), images: build.images });
}

/** Delivers what the settings say with the images that run, whatever the source holds by now. */
async function deliverSettings(target: Target, options: DeliverOptions, context: Context): Promise<void> {
  const { commit, dirty } = await sourceState(context.project);
  const runs = (current: Current) => {
    if (current.release === undefined) neverDelivered(options.env);
    return { source: { commit, dirty }, images: parseRelease(options.env, current.release).images };
  };
  const published = await deliver(target, runs, options, context);
  context.output.print(summarize(options.env, published));
  context.output.data(deliveryData(options.env, published));
}

/**
 * Renders, checks and commits one environment. Nothing is written when it already is what it should be.
 * @param release what it shall run, or how to tell that from what it runs
 */
export async function deliver(
  target: Target,
  release: Release | ((current: Current) => Release),
  options: Omit<DeliverOptions, 'env'>,
  { output, signal }: Context,
): Promise<Published> {
  const { stack, repository } = target;
  const { name } = stack.environment;
  const propose = deliveryOf(target, release);
  const request = {
    environment: name,
    repository,
    timing: realTiming(signal),
    init: options.init,
    guard: guardOf(target, options),
    identity: stack.gitops.author,
    propose,
  };
  return await publishStep(`commit ${name}`, request, output);
}

/** Publishes as one step of the output, and shows what it is doing. */
export function publishStep(title: string, request: PublishRequest, output: Output): Promise<Published> {
  return output.step(title, (say) => publish({ ...request, onStep: (step, detail) => say(`${step} ${detail}`) }));
}

/**
 * What the environment shall be, given what is at the tip.
 * @throws Failure with every broken policy
 */
export function deliveryOf(
  { stack, repository }: Pick<Target, 'stack' | 'repository'>,
  release: Release | ((current: Current) => Release),
) {
  const fixed = typeof release === 'function' ? undefined : propositionOf({ stack }, release);
  return async (current: Current, tip: string | undefined): Promise<Wanted> => {
    const wanted = fixed ?? propositionOf({ stack }, typeof release === 'function' ? release(current) : release);
    return { ...wanted, problems: await unproven(repository, stack, wanted.release, current, tip) };
  };
}

/** What the environment shall be. @throws Failure with every broken policy */
function propositionOf({ stack }: Pick<Target, 'stack'>, release: Release) {
  const files = renderChecked(stack.environment, release);
  return { files, release: recordRelease(stack.environment, release, catalog) };
}

/** Renders one environment and refuses what breaks a policy. @throws Failure */
export function renderChecked(environment: Target['stack']['environment'], release: Release): ManifestFile[] {
  const files = render(environment, release, catalog);
  failIfAny(check(files, environment));
  return files;
}

/** A delivery's rehearsal takes the images that the environment runs now: nothing is built, so a new image has no digest yet. */
async function rehearseDelivery(target: Target, options: DeliverOptions, { output, signal }: Context): Promise<ExitCode> {
  const request: PreviewRequest = {
    environment: options.env,
    repository: target.repository,
    timing: realTiming(signal),
    init: options.init,
    guard: guardOf(target, options),
    propose: (current) => propositionOf(target, currentRelease(current, target.stack)),
  };
  return await rehearse(request, output);
}

/** Says what would change, and why it must not; changes nothing. @throws Failure with the plan's problems */
export async function rehearse(request: PreviewRequest, output: Output): Promise<ExitCode> {
  const { plan, base } = await preview(request);
  failIfAny(plan.problems);
  output.print(describePlan(plan));
  output.data(deliveryData(request.environment, { plan, base, commit: undefined, retries: 0 }));
  return exit.ok;
}

/** What a plan would change, a file a line. */
function describePlan(plan: Plan): string {
  const changes = [
    ...plan.added.map((path) => `+ ${path}`),
    ...plan.changed.map((path) => `~ ${path}`),
    ...plan.removed.map((path) => `- ${path}`),
  ];
  const files = changes.length === 1 ? '1 file' : `${changes.length} files`;
  if (changes.length === 0) return `${plan.environment}: no manifest would change`;
  return [`${plan.environment}: ${files} would change`, ...changes].join('\n  ');
}

/** The images that an environment runs; placeholders before its first delivery. */
export function currentRelease({ release }: Pick<Current, 'release'>, stack: StackConfig): Release {
  return release === undefined ? placeholderRelease(stack, catalog) : parseRelease(stack.environment.name, release);
}

/** What a user allows a delivery to do. */
export function guardOf(
  { stack }: Target,
  { allowDelete = [], overwrite = false }: Pick<DeliverOptions, 'allowDelete' | 'overwrite'>,
): Guard {
  return { deletionBudget: stack.deletionBudget, allowDelete, overwrite };
}

/** One line for people: what landed, or that nothing had to. */
export function summarize(environment: string, { plan, commit }: Published): string {
  if (commit === undefined) return `${environment}: already up to date`;
  const counts = [
    [plan.added.length, 'added'],
    [plan.changed.length, 'changed'],
    [plan.removed.length, 'removed'],
  ] as const;
  const changes = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${environment}: commit ${commit.slice(0, 10)}, ${changes.length > 0 ? `files ${changes.join(', ')}` : 'records only'}`;
}

/** The same for machines. */
export function deliveryData(environment: string, { plan, commit, base, retries }: Published) {
  const { added, changed, removed, deleted } = plan;
  return { environment, commit: commit ?? null, base: base ?? null, retries, added, changed, removed, deleted };
}
