import type { StackConfig } from '../../config.ts';
import { openCluster } from '../../kubernetes/cluster-guard.ts';
import { type Connection, connect } from '../../kubernetes/connection.ts';
import { clusterStatus } from '../../local/cluster/cluster.ts';
import type { Context } from '../context.ts';

/**
 * The cluster of an environment: the one that its stack file names, checked; without one, or with `--local`, the local cluster.
 * @returns undefined when there is none
 * @throws Failure like {@link openCluster}
 */
export async function clusterOf(
  { environment, cluster }: StackConfig,
  { project, local, signal }: Context,
): Promise<Connection | undefined> {
  const isNamed = !local && (cluster.context !== undefined || cluster.identity !== undefined);
  if (isNamed) return (await openCluster({ environment: environment.name, ...cluster }, { signal })).connection;
  const found = await clusterStatus(project);
  return found?.running ? await connect(found.kubeconfig, found.context) : undefined;
}
