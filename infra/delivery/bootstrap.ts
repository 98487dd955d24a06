import type { StackConfig } from '../config.ts';
import { clusterIdentity } from '../kubernetes/cluster-guard.ts';
import { connect } from '../kubernetes/connection.ts';
import type { LocalEnvironment } from '../local/addresses.ts';
import type { RunningCluster } from '../local/cluster/cluster.ts';
import { provideArgoCdImages } from '../local/cluster/images.ts';
import { stateFolder } from '../local/local.ts';
import { type Changes, isKnown, openWorkspace, stackOutputs, upStack, type Workspace } from '../local/stack.ts';
import { writeWebhook } from '../local/webhook.ts';
import type { Context } from './context.ts';
import { type LiveEnvironment, waitUntilLive } from './live/wait.ts';

/** What came of it. */
export interface Bootstrapped {
  /** How often each operation was done, by environment. */
  readonly resources: Readonly<Record<string, Changes>>;
  readonly environments: readonly LiveEnvironment[];
}

/**
 * Brings Argo CD and every environment to a cluster by `pulumi up`, and waits until the cluster runs what Git says.
 * @param stacks in order of promotion: the first one installs Argo CD
 * @throws Failure E_APPLY, E_NOT_READY, E_TOOL
 */
export async function bootstrap(
  cluster: RunningCluster,
  local: LocalEnvironment,
  stacks: readonly StackConfig[],
  context: Context,
): Promise<Bootstrapped> {
  const { output } = context;
  if (cluster.kind !== 'current') {
    await output.step("Argo CD's images", (say) => provideArgoCdImages({ registry: local.registry.address, onProgress: say }));
  }
  const resources = await deployStacks(cluster, stacks, context);
  const connection = await connect(cluster.kubeconfig, cluster.context);
  const environments = await output.step('synced, healthy and answering', (say) =>
    waitUntilLive(stacks, context, { connection, onChange: say }),
  );
  return { resources, environments };
}

/** The first time the others wait for the Argo CD of the first one; else all come side by side. */
async function deployStacks(cluster: RunningCluster, stacks: readonly StackConfig[], context: Context): Promise<Bootstrapped['resources']> {
  const { project, output, signal } = context;
  const { kubeconfig, context: name } = cluster;
  const identity = await clusterIdentity(kubeconfig, name, signal);
  const workspace = await output.step('Pulumi engine', (say) =>
    openWorkspace(project, { kubeconfig, context: name, identity }, { onProgress: say, signal }),
  );
  const [first = '', ...others] = stacks.map(({ environment }) => environment.name);
  const up = (environment: string) =>
    output.step(`pulumi up ${environment}`, async (say) => {
      return [environment, await upStack(project, environment, workspace, { onProgress: say, signal })] as const;
    });
  const isInstalled = others.every((environment) => isKnown(environment, workspace));
  const installing = up(first);
  if (!isInstalled) await installing;
  const results = await Promise.all([installing, ...others.map(up)]);
  await announcePushes(cluster, first, workspace, project);
  return Object.fromEntries(results);
}

/** From now on the GitOps repo tells Argo CD of every push. */
async function announcePushes(
  { kubeconfig, context }: RunningCluster,
  environment: string,
  workspace: Workspace,
  project: string,
): Promise<void> {
  const { argocd } = (await stackOutputs(environment, workspace)) as { readonly argocd: { namespace: string; webhookSecret: string } };
  writeWebhook(stateFolder(project), { kubeconfig, context, namespace: argocd.namespace, secret: argocd.webhookSecret });
}
