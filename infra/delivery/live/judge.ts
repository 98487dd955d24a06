import type { JsonObject } from '../../kubernetes/json.ts';
import { textAt } from '../../kubernetes/object.ts';
import { isAtCommit, judgeApplication, type Revisions, revisionOf } from './application.ts';
import type { Finding } from './finding.ts';
import type { Wanted } from './wanted.ts';
import { type Answer, judgeAnswer, judgeDeployment } from './workload.ts';

/** One look at a cluster. */
export interface Observation {
  /** The environment's Applications. */
  readonly applications: readonly JsonObject[];
  /** Its Deployments. */
  readonly deployments: readonly JsonObject[];
  /** By service; those whose pods are not ready are not asked. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** The commits that Applications are at. */
  readonly revisions: Revisions;
}

/**
 * How far a cluster is from what is wanted: the findings of its Applications, Deployments and services. Pure. While a service's Deployment
 * lags, its Application's health and its answer say nothing more.
 */
export function judge(wanted: Wanted, { applications, deployments, answers, revisions }: Observation): Finding[] {
  const synced = wanted.applications.flatMap((expected) =>
    judgeApplication(wanted, expected, named(applications, expected.name), revisions),
  );
  const live = wanted.services.flatMap((service) => {
    const deployment = judgeDeployment(wanted, service, named(deployments, service.name));
    return deployment.isDone ? [deployment, judgeAnswer(wanted, service, answers[service.name])] : [deployment];
  });
  const lagging = wanted.services.filter(({ name }) => live.some(({ object, isDone }) => object.name === name && !isDone));
  const isSaid = ({ hop, subject }: Finding) => hop === 'live' && lagging.some(({ application }) => application === subject);
  return [...synced.filter((finding) => !isSaid(finding)), ...live];
}

/** Services that can be asked: their Deployments are rolled out. */
export function answering(wanted: Wanted, deployments: readonly JsonObject[]): string[] {
  return wanted.services
    .filter((service) => judgeDeployment(wanted, service, named(deployments, service.name)).isDone)
    .map(({ name }) => name);
}

/** Commits that Applications are at and whose files must be known to judge them. */
export function unknownRevisions(wanted: Wanted, applications: readonly JsonObject[], revisions: Revisions): string[] {
  const names = wanted.applications.map(({ name }) => name);
  const seen = applications.filter((application) => names.includes(nameOf(application))).map(revisionOf);
  return [...new Set(seen)].filter((revision) => revision !== '' && revision !== wanted.commit && !revisions.has(revision));
}

/** Applications that have not noticed the commit, and are not about to. */
export function unaware(wanted: Wanted, { applications, revisions }: Observation): string[] {
  return wanted.applications.flatMap((expected) => {
    const application = named(applications, expected.name);
    if (!application || textAt(application, 'metadata', 'annotations', refreshAnnotation)) return [];
    return isAtCommit(wanted, expected, application, revisions) ? [] : [expected.name];
  });
}

/** Makes Argo CD look at an Application at once; it takes the annotation away again. */
export const refreshAnnotation = 'argocd.argoproj.io/refresh';

function named(objects: readonly JsonObject[], name: string): JsonObject | undefined {
  return objects.find((object) => nameOf(object) === name);
}

function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name') ?? '';
}
