import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fail } from '../../delivery/errors.ts';
import { tryRun } from '../../delivery/process.ts';
import { tool } from '../tools.ts';
import type { ClusterOptions, RunningCluster } from './cluster.ts';

/** Uses the cluster of a context of the user's kubeconfig; changes nothing in it. @throws Failure E_USAGE without a context; E_LOCAL_DOWN when it doesn't answer */
export async function startCurrent(options: ClusterOptions): Promise<RunningCluster> {
  const { context } = options;
  if (!context)
    return fail(
      'E_USAGE',
      'cluster.context',
      context,
      'the current cluster is named by its context',
      'set cluster.context, or choose another --cluster',
    );
  const kubectl = await tool('kubectl', options);
  const { KUBECONFIG } = process.env;
  const kubeconfig = KUBECONFIG?.split(delimiter)[0] || join(homedir(), '.kube', 'config');
  const { exitCode, stderr } = await tryRun([kubectl, `--context=${context}`, '--request-timeout=10s', 'get', '--raw', '/readyz']);
  if (exitCode !== 0)
    fail(
      'E_LOCAL_DOWN',
      `context ${context}`,
      stderr.trim().split('\n').at(-1),
      'its API server must answer',
      'check the context with kubectl',
    );
  return {
    kind: 'current',
    kubeconfig,
    context,
    enforcesNetworkPolicy: undefined,
    hostAddress: undefined,
    auditLog: undefined,
    reused: true,
  };
}
