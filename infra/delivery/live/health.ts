import type { StackConfig } from '../../config.ts';
import { Unreachable } from '../../kubernetes/api-error.ts';
import type { Context } from '../context.ts';
import { Failure } from '../errors.ts';
import type { HealthEvidence, HealthOf, HealthQuestion } from '../promotion/evidence.ts';
import { clusterOf } from './cluster.ts';
import { type Finding, tell } from './finding.ts';
import { judge, unknownRevisions } from './judge.ts';
import { viewCluster } from './observe.ts';
import { type Wanted, wantedAt } from './wanted.ts';
import { filesAt } from './yardstick.ts';

/**
 * Reads from the cluster of an environment how it runs its release. Undefined where that can't be asked from here: no cluster, no
 * answer, no rights, or an Argo CD that knows nothing of the environment.
 */
export function liveHealth(stack: StackConfig, context: Context): HealthOf {
  return async (question) => {
    try {
      return await look(stack, question, context);
    } catch (error) {
      if (error instanceof Unreachable || error instanceof Failure) return undefined;
      throw error;
    }
  };
}

async function look(stack: StackConfig, { commit, current, repository }: HealthQuestion, context: Context) {
  const wanted = wantedAt(stack, commit, current);
  const cluster = wanted && (await clusterOf(stack, context));
  if (!wanted || !cluster) return undefined;
  const objects = await viewCluster(cluster.connection, context.signal).look(wanted);
  if (objects.applications.length === 0) return undefined;
  const commits = unknownRevisions(wanted, objects.applications, new Map());
  const revisions = new Map(await Promise.all(commits.map(async (one) => [one, await filesAt(repository, one)] as const)));
  return healthByService(wanted, judge(wanted, { ...objects, revisions }));
}

/** What the findings say of each service: healthy when its Application, its Deployment and its answer all are as wanted. Pure. */
export function healthByService(wanted: Wanted, findings: readonly Finding[]): Readonly<Record<string, HealthEvidence>> {
  const evidence = wanted.services.map(({ name, application }): [string, HealthEvidence] => {
    const own = findings.filter(
      ({ subject, object }) => subject === application || (object.kind !== 'Application' && object.name === name),
    );
    const lags = own.find(({ isDone }) => !isDone);
    if (lags) return [name, { state: 'unhealthy', source: 'argocd', words: `${lags.subject}: ${tell(lags)}` }];
    return [name, { state: 'healthy', source: 'argocd', words: `${application} is Synced, Healthy and answers` }];
  });
  return Object.fromEntries(evidence);
}
