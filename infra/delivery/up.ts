import { loadStacks, type StackConfig } from '../config.ts';
import type { BuiltImage } from '../image/image.ts';
import { type LocalEnvironment, localPorts } from '../local/addresses.ts';
import { type ClusterKind, chooseCluster, type RunningCluster, startCluster } from '../local/cluster/cluster.ts';
import { clusterFacts } from '../local/cluster/facts.ts';
import { startLocal } from '../local/local.ts';
import { bootstrap } from './bootstrap.ts';
import { type Build, buildRelease } from './build.ts';
import { requireChecked } from './checked.ts';
import type { Context } from './context.ts';
import { deliver, deliveryData, summarize } from './deliver.ts';
import { type ExitCode, exit } from './errors.ts';
import type { Published } from './plan/publish.ts';
import { cacheFolder, openTarget } from './target.ts';

export interface UpOptions {
  readonly cluster: 'auto' | ClusterKind;
  /** Context of the user's kubeconfig. */
  readonly context?: string;
}

/**
 * `fullcycle up`: the whole flow on this machine, for every environment. A second run does only what is missing. What goes to Git goes
 * there first: a cluster takes long to build the first time.
 */
export async function run(options: UpOptions, given: Context): Promise<ExitCode> {
  const context = { ...given, local: true };
  const { project, output } = context;
  await output.step('type check', () => requireChecked(project, cacheFolder(process.env)));
  const local = await output.step('registry and GitOps repo', (say) => startLocal(project, { onProgress: say }));

  const stacks = await loadStacks(project, undefined, context);
  const { delivered, images } = await deliverAll(stacks, local, context);
  const cluster = await bringUpCluster(options, local, context);
  const live = cluster?.hostAddress ? await bootstrap(cluster, local, stacks, context) : undefined;
  output.print(describe(delivered, images, local.gitops.cloneUrl, cluster));
  output.data({
    registry: local.registry.address,
    gitops: local.gitops.cloneUrl,
    cluster: cluster ?? null,
    resources: live?.resources ?? {},
    live: live?.environments ?? [],
    images,
    environments: delivered.map(([name, published]) => deliveryData(name, published)),
  });
  return exit.ok;
}

type Delivered = readonly [environment: string, published: Published];

/** Builds and commits one environment after the other, in the order of promotion; what several share is built once. */
async function deliverAll(
  stacks: readonly StackConfig[],
  local: LocalEnvironment,
  context: Context,
): Promise<{ readonly delivered: readonly Delivered[]; readonly images: readonly BuiltImage[] }> {
  const builds = new Map<string, Build>();
  const delivered: Delivered[] = [];
  for (const stack of stacks) {
    const target = await openTarget(stack, context);
    const key = JSON.stringify([stack.image, Object.keys(stack.environment.services).sort()]);
    const build = builds.get(key) ?? (await buildRelease(context.project, stack, local, context.output));
    builds.set(key, build);
    delivered.push([stack.environment.name, await deliver(target, build.release, { init: true }, context)]);
  }
  const images = [...builds.values()].flatMap((build) => build.images).map((image) => [image.name, image] as const);
  return { delivered, images: [...new Map(images).values()] };
}

/** Starts the cluster that was asked for, or the best that this machine can run, and lets it reach the registry and the GitOps repo. */
async function bringUpCluster({ cluster: requested, context: named }: UpOptions, local: LocalEnvironment, { project, output }: Context) {
  const { kind, why } = chooseCluster(requested, await clusterFacts(project, named));
  output.note(`cluster: ${kind} (${why})`);
  if (kind === 'none') return undefined;
  return await output.step(`cluster ${kind}`, async (say) => {
    const cluster = await startCluster(kind, { projectDir: project, ...localPorts(local), context: named, onProgress: say });
    if (cluster?.hostAddress) await startLocal(project, { hosts: [cluster.hostAddress], onProgress: say });
    return cluster;
  });
}

function describe(
  delivered: readonly Delivered[],
  images: readonly BuiltImage[],
  cloneUrl: string,
  cluster: RunningCluster | undefined,
): string {
  const isSettled = delivered.every(([, { commit }]) => commit === undefined) && images.every(({ built }) => !built);
  const isLive = cluster?.hostAddress !== undefined;
  return [
    '',
    isSettled ? 'Already up to date.' : isLive ? 'Delivered, synced and answering.' : 'Delivered.',
    '',
    ...images.map(({ name, digest, built }) => `  ${name.split('/').at(-1)}  ${digest.slice(0, 19)}…  ${built ? 'built' : 'unchanged'}`),
    '',
    ...delivered.map(([environment, published]) => `  ${summarize(environment, published)}`),
    '',
    ...(cluster ? describeCluster(cluster) : []),
    ...(isLive
      ? ['Ask a service             npx fullcycle open goserver --env dev', 'Look at Argo CD           npx fullcycle open argocd']
      : []),
    `See what was written      git clone ${cloneUrl}`,
    'Change something, then    npm run diff',
    'Deliver it                npm run deliver -- --env dev',
    'Where everything stands   npm run status',
    'Stop                      npm run down',
  ].join('\n');
}

function describeCluster({ kind, kubeconfig, context, enforcesNetworkPolicy, hostAddress }: RunningCluster): string[] {
  return [
    `  cluster ${kind} is ready: kubectl --kubeconfig ${kubeconfig} --context ${context} get nodes`,
    ...(enforcesNetworkPolicy === false ? ['  It stores NetworkPolicies but does not enforce them; kind does.'] : []),
    ...(hostAddress === undefined
      ? ['  It can not read the GitOps repo of this machine: name a repo of yours and the cluster in Pulumi.<env>.yaml, then pulumi up.']
      : []),
    '',
  ];
}
