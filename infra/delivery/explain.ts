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
import { isoTime } from './promotion/verdict.ts';
import { attestationPath, attests, parseAttestation } from './release/attestation.ts';
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
 * The commit that brought an image to an environment: the first one of the last time it was there without a break.
 * @param history of the environment, the newest first
 */
export async function arrivalOf(
  history: AsyncIterable<EnvironmentCommit>,
  service: string,
  digest: string,
): Promise<EnvironmentCommit | undefined> {
  let first: EnvironmentCommit | undefined;
  for await (const entry of history) {
    if (entry.release?.images[service]?.digest === digest) first = entry;
    else if (first) break;
  }
  return first;
}

async function originsOf(chain: readonly StackConfig[], { release }: EnvironmentStatus, context: Context): Promise<Origin[]> {
  const stack = chain.at(-1);
  if (!release || !stack) return [];
  const { repository, local } = await openTarget(stack, context);
  return await atTip({ repository, timing: realTiming(context.signal) }, async (tip = '') =>
    Promise.all(
      Object.entries(release.images).map(async ([service, image]) => {
        const arrivals: Arrival[] = [];
        for (const { environment } of chain) {
          const entry = await arrivalOf(environmentHistory(repository, environment.name, tip), service, image.digest);
          if (entry) arrivals.push(await arrival(environment.name, entry, service, image, repository, tip));
        }
        const sbom = await known(() => findSbom({ ...image, pushTo: pushAddress(image.name, local) }, { signal: context.signal }));
        return { service, image, sbom, arrivals };
      }),
    ),
  );
}

async function arrival(
  environment: string,
  { commit, time, who, verb, reason }: EnvironmentCommit,
  service: string,
  image: ReleasedImage,
  repository: Repository,
  tip: string,
): Promise<Arrival> {
  const path = attestationPath(environment);
  const [entry] = await repository.tree(tip, [path]);
  const text = entry && (await repository.blobs([entry.id])).get(entry.id);
  const attestation = text === undefined ? undefined : parseAttestation(environment, text);
  const isAttested = attestation !== undefined && attests(attestation, service, image);
  const health = isAttested ? `${attestation.words} (${attestation.who}, ${attestation.at})` : undefined;
  return { environment, commit, time, who, verb, ...(reason && { reason }), ...(health && { health }) };
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
