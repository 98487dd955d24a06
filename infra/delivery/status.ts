import { styleText } from 'node:util';
import { catalog } from '../../charts/catalog.ts';
import { render } from '../../charts/render.ts';
import { loadStacks, type StackConfig } from '../config.ts';
import { deployedServices, staleImages } from './build.ts';
import type { Context } from './context.ts';
import { currentRelease } from './deliver.ts';
import { type ExitCode, exit } from './errors.ts';
import { type SourceState, sourceState } from './git/source.ts';
import { realTiming } from './git/timing.ts';
import { clusterHops } from './live/hops.ts';
import { waitUntilLive } from './live/wait.ts';
import { waitSeconds } from './live/wait-option.ts';
import { wantedAt } from './live/wanted.ts';
import type { Current, Plan } from './plan/plan.ts';
import { preview } from './plan/publish.ts';
import { recordRelease } from './release/record.ts';
import { parseRelease, type ReleaseRecord } from './release/release.ts';
import { openTarget } from './target.ts';

export interface StatusOptions {
  readonly env?: string;
  /** Wait until the cluster has it all. @default false */
  readonly wait?: boolean;
  /** How long, like `5m`. */
  readonly timeout?: string;
}

/** One hop of the way from source to cluster. */
export interface Hop {
  readonly hop: 'source' | 'images' | 'rendered' | 'pushed' | 'synced' | 'live';
  /** `behind`: the hop before it has something that this one lacks; `unknown`: it can't be asked. */
  readonly state: 'current' | 'behind' | 'blocked' | 'unknown';
  readonly why: string;
}

/** Where one environment stands. */
export interface EnvironmentStatus {
  readonly environment: string;
  /** Commit of the GitOps repo. */
  readonly commit: string | null;
  readonly release: ReleaseRecord | null;
  readonly hops: readonly Hop[];
}

/** `fullcycle status`: source → images → rendered → pushed → synced → live, with the hop that lags and why. */
export async function run({ env, wait = false, timeout }: StatusOptions, context: Context): Promise<ExitCode> {
  const seconds = waitSeconds(wait, timeout);
  const stacks = await loadStacks(context.project, env, context);
  if (wait) await waitUntilLive(stacks, context, { timeout: seconds });
  const statuses: EnvironmentStatus[] = [];
  for (const stack of stacks) statuses.push(await status(stack, context));
  const { output } = context;
  output.print(statuses.map((each) => describe(each, output.color)).join('\n\n'));
  output.data({ environments: statuses });
  return exit.ok;
}

/** Where one environment stands; reads only. */
export async function status(stack: StackConfig, context: Context): Promise<EnvironmentStatus> {
  const environment = stack.environment.name;
  const target = await openTarget(stack, context);
  const state = await sourceState(context.project);
  let seen: Current | undefined;
  const propose = (current: Current) => {
    seen = current;
    const release = currentRelease(current, stack);
    return {
      files: render(stack.environment, release, catalog),
      release: recordRelease(stack.environment, release, catalog),
    };
  };
  const guard = { deletionBudget: Number.MAX_SAFE_INTEGER, allowDelete: [], overwrite: false };
  const { plan, base } = await preview({
    environment,
    repository: target.repository,
    timing: realTiming(context.signal),
    init: true,
    guard,
    propose,
  });
  const release = seen?.release === undefined ? undefined : parseRelease(environment, seen.release);
  const stale = release
    ? await staleImages(context.project, stack, target.local, release)
    : deployedServices(stack).map(({ name }) => name);
  const wanted = seen && base !== undefined ? wantedAt(stack, base, seen) : undefined;
  const outside = await clusterHops(stack, wanted, context);
  return { environment, commit: base ?? null, release: release ?? null, hops: [...hops(state, release, stale, plan, base), ...outside] };
}

/** The verdict on each hop up to the GitOps repo. Pure. */
export function hops(
  source: SourceState,
  release: ReleaseRecord | undefined,
  stale: readonly string[],
  plan: Plan,
  base: string | undefined,
): Hop[] {
  const head = `${source.commit.slice(0, 10)}${source.dirty ? ' and uncommitted changes' : ''}`;
  return [{ hop: 'source', state: 'current', why: head }, imagesHop(release, stale), renderedHop(plan), pushedHop(release, plan, base)];
}

function imagesHop(release: ReleaseRecord | undefined, stale: readonly string[]): Hop {
  if (!release) return { hop: 'images', state: 'behind', why: `${stale.join(', ')}: never delivered` };
  if (stale.length > 0)
    return { hop: 'images', state: 'behind', why: `${stale.join(', ')}: the source has changed since the last delivery` };
  return { hop: 'images', state: 'current', why: `built from ${release.source.commit.slice(0, 10)}, the inputs are the same` };
}

function renderedHop({ environment, added, changed, removed }: Plan): Hop {
  const changes = added.length + changed.length + removed.length;
  if (changes === 0) return { hop: 'rendered', state: 'current', why: 'the settings render what the GitOps repo holds' };
  const files = changes === 1 ? '1 file' : `${changes} files`;
  return { hop: 'rendered', state: 'behind', why: `${files} would change: see fullcycle diff --env ${environment}` };
}

function pushedHop(release: ReleaseRecord | undefined, { environment, problems }: Plan, base: string | undefined): Hop {
  if (problems.length > 0)
    return { hop: 'pushed', state: 'blocked', why: problems.map(({ field, value }) => `${field} ${value ?? ''}`.trim()).join('; ') };
  if (!release || base === undefined) return { hop: 'pushed', state: 'behind', why: `nothing yet: fullcycle deliver --env ${environment}` };
  return { hop: 'pushed', state: 'current', why: `GitOps commit ${base.slice(0, 10)}` };
}

function describe({ environment, hops: all }: EnvironmentStatus, color: boolean): string {
  const marks = { current: ['green', '✓'], behind: ['yellow', '↻'], blocked: ['red', '✗'], unknown: ['dim', '·'] } as const;
  const lines = all.map(({ hop, state, why }) => {
    const [style, mark] = marks[state];
    return `  ${color ? styleText(style, mark) : mark} ${hop.padEnd(9)} ${why}`;
  });
  return [color ? styleText('bold', environment) : environment, ...lines].join('\n');
}
