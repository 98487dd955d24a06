import type { StackConfig } from '../../config.ts';
import { openCluster } from '../../kubernetes/cluster-guard.ts';
import { type Connection, connect } from '../../kubernetes/connection.ts';
import { clusterStatus } from '../../local/cluster/cluster.ts';
import type { Context } from '../context.ts';
import { fail } from '../errors.ts';

/** The cluster that an environment lives on. */
export interface EnvironmentCluster {
  readonly connection: Connection;
  /** Path of a kubeconfig, or its text. */
  readonly kubeconfig: string;
  readonly context: string;
  /** True for the cluster that this program has started. */
  readonly isLocal: boolean;
}

/**
 * The cluster of an environment: the one that its stack file names, checked; without one, or with `--local`, the local cluster.
 * @returns undefined when there is none
 * @throws Failure like {@link openCluster}
 */
export async function clusterOf(
  { environment, cluster }: StackConfig,
  { project, local, signal }: Context,
): Promise<EnvironmentCluster | undefined> {
  const isNamed = !local && (cluster.context !== undefined || cluster.identity !== undefined);
  if (isNamed) return { ...(await openCluster({ environment: environment.name, ...cluster }, { signal })), isLocal: false };
  const found = await clusterStatus(project);
  if (!found?.running) return undefined;
  const { kubeconfig, context } = found;
  return { connection: await connect(kubeconfig, context), kubeconfig, context, isLocal: true };
}

/** Like {@link clusterOf}. @throws Failure E_CLUSTER when there is none */
export async function requireCluster(stack: StackConfig, context: Context): Promise<EnvironmentCluster> {
  const { name } = stack.environment;
  const rule = `${name} names no cluster, and no local one runs`;
  const fix = `run fullcycle up, or set cluster.context and cluster.identity in Pulumi.${name}.yaml`;
  return (await clusterOf(stack, context)) ?? fail('E_CLUSTER', 'cluster.context', undefined, rule, fix);
}
