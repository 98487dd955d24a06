import type { StackConfig } from '../../config.ts';
import { Unreachable } from '../../kubernetes/api-error.ts';
import type { Context } from '../context.ts';
import { Failure } from '../errors.ts';
import { clusterOf } from './cluster.ts';
import { type HopVerdict, verdicts } from './finding.ts';
import { judge, unknownRevisions } from './judge.ts';
import { viewCluster } from './observe.ts';
import type { Wanted } from './wanted.ts';
import { readYardstick } from './yardstick.ts';

/** The way from the GitOps repo into the cluster, or why nothing is known of it. */
export type ClusterHop = Omit<HopVerdict, 'state'> & { readonly state: HopVerdict['state'] | 'blocked' | 'unknown' };

/**
 * Looks at the cluster once. Whatever keeps it from being asked is the hop's verdict, never an error.
 * @param wanted what the GitOps repo holds; undefined before the first delivery
 */
export async function clusterHops(stack: StackConfig, wanted: Wanted | undefined, context: Context): Promise<ClusterHop[]> {
  const { name } = stack.environment;
  try {
    const cluster = await clusterOf(stack, context);
    if (!cluster) return [unknown(`no cluster: run fullcycle up, or set cluster.context in Pulumi.${name}.yaml`)];
    if (!wanted) return [unknown('nothing was delivered yet')];
    const objects = await viewCluster(cluster.connection, context.signal).look(wanted);
    const commits = unknownRevisions(wanted, objects.applications, new Map());
    const revisions = commits.length > 0 ? (await readYardstick(stack, context, commits)).revisions : new Map();
    return verdicts(judge(wanted, { ...objects, revisions }), reached(wanted));
  } catch (error) {
    if (error instanceof Unreachable) return [unknown(`the cluster doesn't answer: ${error.message}`)];
    if (!(error instanceof Failure)) throw error;
    return [{ hop: 'synced', state: 'blocked', why: error.problems.map(({ rule, fix }) => `${rule} - ${fix}`).join('; ') }];
  }
}

function reached({ commit, applications, services }: Wanted) {
  return {
    synced: `${applications.length} Applications at ${commit.slice(0, 10)}`,
    live: services.map(({ name, commit }) => `${name} answers from ${commit.slice(0, 10)}`).join(', ') || 'healthy',
  };
}

function unknown(why: string): ClusterHop {
  return { hop: 'synced', state: 'unknown', why };
}
