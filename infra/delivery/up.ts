import { loadStacks } from '../config.ts';
import type { BuiltImage } from '../image/image.ts';
import { clusterIdentity } from '../kubernetes/cluster-guard.ts';
import { type LocalEnvironment, localPorts } from '../local/addresses.ts';
import { type ClusterKind, chooseCluster, type RunningCluster, startCluster } from '../local/cluster/cluster.ts';
import { clusterFacts } from '../local/cluster/facts.ts';
import { provideArgoCdImages } from '../local/cluster/images.ts';
import { startLocal, stateFolder } from '../local/local.ts';
import { type Changes, openWorkspace, stackOutputs, upStack } from '../local/stack.ts';
import { writeWebhook } from '../local/webhook.ts';
import { type Build, buildRelease } from './build.ts';
import { requireChecked } from './checked.ts';
import type { Context } from './context.ts';
import { deliver, deliveryData, summarize } from './deliver.ts';
import { type ExitCode, exit } from './errors.ts';
import type { Published } from './publish.ts';
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

  const builds = new Map<string, Build>();
  const delivered: [environment: string, published: Published][] = [];
  for (const stack of await loadStacks(project, undefined, context)) {
    const target = await openTarget(stack, context);
    const key = JSON.stringify([stack.image, Object.keys(stack.environment.services).sort()]);
    const build = builds.get(key) ?? (await buildRelease(project, stack, local, output));
    builds.set(key, build);
    delivered.push([stack.environment.name, await deliver(target, build.release, { init: true }, context)]);
  }

  const cluster = await bringUpCluster(options, local, context);
  const changes = cluster
    ? await deployStacks(
        cluster,
        local,
        delivered.map(([environment]) => environment),
        context,
      )
    : {};
  const images = [...new Map([...builds.values()].flatMap((build) => build.images).map((image) => [image.name, image])).values()];
  output.print(describe(delivered, images, local.gitops.cloneUrl, cluster));
  output.data({
    registry: local.registry.address,
    gitops: local.gitops.cloneUrl,
    cluster: cluster ?? null,
    resources: changes,
    images,
    environments: delivered.map(([name, published]) => deliveryData(name, published)),
  });
  return exit.ok;
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

/** `pulumi up` of every environment: the first one installs Argo CD, the others come side by side. @returns operations by environment */
async function deployStacks(
  { kind, kubeconfig, context }: RunningCluster,
  local: LocalEnvironment,
  [first = '', ...others]: readonly string[],
  { project, output, signal }: Context,
): Promise<Readonly<Record<string, Changes>>> {
  if (kind !== 'current') {
    await output.step("Argo CD's images", (say) => provideArgoCdImages({ registry: local.registry.address, onProgress: say }));
  }
  const identity = await clusterIdentity(kubeconfig, context);
  const workspace = await output.step('Pulumi engine', (say) =>
    openWorkspace(project, { kubeconfig, context, identity }, { onProgress: say, signal }),
  );
  const up = (environment: string) =>
    output.step(`pulumi up ${environment}`, async (say) => {
      const changes = await upStack(project, environment, workspace, { onProgress: say, signal });
      return [environment, changes] as const;
    });
  const owner = await up(first);
  const { argocd } = (await stackOutputs(first, workspace)) as {
    readonly argocd: { readonly namespace: string; readonly webhookSecret: string };
  };
  writeWebhook(stateFolder(project), { kubeconfig, context, namespace: argocd.namespace, secret: argocd.webhookSecret });
  return Object.fromEntries([owner, ...(await Promise.all(others.map(up)))]);
}

function describe(
  delivered: readonly [string, Published][],
  images: readonly BuiltImage[],
  cloneUrl: string,
  cluster: RunningCluster | undefined,
): string {
  const isSettled = delivered.every(([, { commit }]) => commit === undefined) && images.every(({ built }) => !built);
  return [
    '',
    isSettled ? 'Already up to date.' : 'Delivered.',
    '',
    ...images.map(({ name, digest, built }) => `  ${name.split('/').at(-1)}  ${digest.slice(0, 19)}…  ${built ? 'built' : 'unchanged'}`),
    '',
    ...delivered.map(([environment, published]) => `  ${summarize(environment, published)}`),
    '',
    ...(cluster ? describeCluster(cluster) : []),
    'See what was written      git clone ' + cloneUrl,
    'Change something, then    npm run diff',
    'Deliver it                npm run deliver -- --env dev',
    'Where everything stands   npm run status',
    'Stop                      npm run down',
  ].join('\n');
}

function describeCluster({ kind, kubeconfig, context, enforcesNetworkPolicy }: RunningCluster): string[] {
  const policies = enforcesNetworkPolicy === false ? ['  It stores NetworkPolicies but does not enforce them; kind does.'] : [];
  return [`  cluster ${kind} is ready: kubectl --kubeconfig ${kubeconfig} --context ${context} get nodes`, ...policies, ''];
}
