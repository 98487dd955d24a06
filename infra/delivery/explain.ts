import { styleText } from 'node:util';
import type { ReleasedImage } from '../../charts/environment.ts';
import { loadStack, loadStacks, type StackConfig } from '../config.ts';
import { findSbom } from '../image/build.ts';
import { pushAddress } from '../local/addresses.ts';
import type { Context } from './context.ts';
import { clean, type ExitCode, exit, Failure } from './errors.ts';
import { atTip } from './git/reach.ts';
import type { Repository } from './git/repository.ts';
import { realTiming } from './git/timing.ts';
import { readCurrent } from './plan/current.ts';
import { isoTime } from './promotion/verdict.ts';
import { attests, parseAttestation } from './release/attestation.ts';
import { type EnvironmentCommit, environmentHistory } from './release/release-history.ts';
import { type EnvironmentStatus, status } from './status.ts';
import { openTarget } from './target.ts';

export interface ExplainOptions {
  readonly env: string;
}

/** How an image came to an environment. */
export interface Arrival {
  readonly environment: string;
  /** Commit of the GitOps repo that brought it. */
  readonly commit: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly who: string;
  /** `deliver`, `promote`, `rollback`, …, or `by hand`. */
  readonly verb: string;
  readonly reason?: string;
  /** What was seen of its health there, and by whom; undefined when nobody has recorded it. */
  readonly health?: string;
}

/** One service of an environment, from its source to where it runs. */
export interface Origin {
  readonly service: string;
  readonly image: ReleasedImage;
  /** Digest of the SPDX document beside the image; or why it isn't known. */
  readonly sbom: string;
  /** In the order of promotion, the environment itself last; environments that never had it are left out. */
  readonly arrivals: readonly Arrival[];
}

/**
 * `fullcycle explain`: the chain of one environment, link by link: source, inputs, image, SBOM, who brought it from where and on what
 * evidence, the GitOps commit, and what Argo CD and the pods make of it. Reads only.
 */
export async function run({ env }: ExplainOptions, context: Context): Promise<ExitCode> {
  const { output } = context;
  const stack = await loadStack(context.project, env, context);
  const stacks = await loadStacks(context.project, undefined, context);
  const stands = await status(stack, context);
  const origins = await originsOf(chainOf(stack, stacks), stands, context);
  output.print(describe(stands, origins, output.color));
  output.data({ environment: env, commit: stands.commit, source: stands.release?.source ?? null, services: origins, hops: stands.hops });
  return exit.ok;
}

/** Environments that a release passes on its way to this one, this one last. */
export function chainOf<Stack extends Pick<StackConfig, 'environment' | 'promotion'>>(stack: Stack, stacks: readonly Stack[]): Stack[] {
  const source = stacks.find(({ environment }) => environment.name === stack.promotion.from);
  return source && source !== stack
    ? [
        ...chainOf(
          source,
          stacks.filter((each) => each !== stack),
        ),
        stack,
      ]
    : [stack];
}

/**
 * By service, the commit that brought its image to an environment: the first one of the last time it was there without a break.
 * @param history of the environment, the newest first; read once, and no further than needed
 */
export async function arrivals(
  history: AsyncIterable<EnvironmentCommit>,
  images: Readonly<Record<string, Pick<ReleasedImage, 'digest'>>>,
): Promise<ReadonlyMap<string, EnvironmentCommit>> {
  const first = new Map<string, EnvironmentCommit>();
  const open = new Map(Object.entries(images));
  for await (const entry of history) {
    for (const [service, { digest }] of open) {
      if (entry.release?.images[service]?.digest === digest) first.set(service, entry);
      else if (first.has(service)) open.delete(service);
    }
    if (open.size === 0) break;
  }
  return first;
}

async function originsOf(chain: readonly StackConfig[], { release }: EnvironmentStatus, context: Context): Promise<Origin[]> {
  const stack = chain.at(-1);
  if (!release || !stack) return [];
  const { repository, local } = await openTarget(stack, context);
  const passed = await atTip({ repository, timing: realTiming(context.signal) }, async (tip = '') => {
    const names = chain.map(({ environment }) => environment.name);
    return Promise.all(names.map((name) => arrivalsAt(repository, name, tip, release.images)));
  });
  return Promise.all(
    Object.entries(release.images).map(async ([service, image]) => {
      const sbom = await known(() => findSbom({ ...image, pushTo: pushAddress(image.name, local) }, { signal: context.signal }));
      return { service, image, sbom, arrivals: passed.flatMap((services) => services[service] ?? []) };
    }),
  );
}

/** How the images came to one environment, by service, with what was recorded of their health there. */
async function arrivalsAt(
  repository: Repository,
  environment: string,
  tip: string,
  images: Readonly<Record<string, ReleasedImage>>,
): Promise<Readonly<Record<string, Arrival>>> {
  const [brought, current] = await Promise.all([
    arrivals(environmentHistory(repository, environment, tip), images),
    readCurrent(repository, environment, tip),
  ]);
  const attestation = current.attestation === undefined ? undefined : parseAttestation(environment, current.attestation);
  const told = [...brought].map(([service, { commit, time, who, verb, reason }]): [string, Arrival] => {
    const image = images[service];
    const isAttested = attestation !== undefined && image !== undefined && attests(attestation, service, image);
    const health = isAttested ? `${attestation.words} (${attestation.who}, ${attestation.at})` : undefined;
    return [service, { environment, commit, time, who, verb, ...(reason && { reason }), ...(health && { health }) }];
  });
  return Object.fromEntries(told);
}

/** What a registry that can't be asked leaves open is no reason to say nothing of the rest. */
async function known(find: () => Promise<string | undefined>): Promise<string> {
  try {
    return (await find()) ?? 'none in the registry';
  } catch (error) {
    if (error instanceof Failure) return `not known: ${error.problems[0]?.rule ?? ''}`;
    throw error;
  }
}

function describe({ environment, commit, release, hops }: EnvironmentStatus, origins: readonly Origin[], color: boolean): string {
  if (!release) return `${environment}: nothing was ever delivered; fullcycle deliver --env ${environment}`;
  const bold = (text: string) => (color ? styleText('bold', text) : text);
  const { source } = release;
  const head = `${bold(environment)}  source ${source.commit.slice(0, 10)}${source.dirty ? ' and uncommitted changes' : ''}, GitOps commit ${commit?.slice(0, 10)}`;
  const outside = hops.filter(({ hop }) => hop === 'synced' || hop === 'live').map(({ hop, why }) => link(hop, why));
  return [head, ...origins.flatMap((origin) => ['', ...describeOrigin(origin, bold)]), '', ...outside].join('\n');
}

function describeOrigin({ service, image, sbom, arrivals }: Origin, bold: (text: string) => string): string[] {
  return [
    bold(service),
    link('built at', image.tag),
    link('inputs', image.inputs),
    link('image', `${image.name}@${image.digest}`),
    link('SBOM', sbom),
    ...arrivals.flatMap(({ environment, commit, time, who, verb, reason, health }) => [
      link(environment, `${verb} ${commit.slice(0, 10)}, ${isoTime(time)}, ${who}${reason === undefined ? '' : `: ${reason}`}`),
      ...(health === undefined ? [] : [link('', `healthy: ${health}`)]),
    ]),
  ];
}

function link(name: string, words: string): string {
  return `  ${name.padEnd(10)} ${clean(words)}`;
}
