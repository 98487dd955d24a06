import type { JsonObject } from '../../kubernetes/json.ts';
import { type ObjectReference, objectsAt, textAt } from '../../kubernetes/object.ts';
import { readiness } from '../../kubernetes/readiness.ts';
import type { Finding } from './finding.ts';
import type { Wanted, WantedService } from './wanted.ts';

/** What a service answered when it was asked for its version. */
export type Answer =
  | { readonly commit: string }
  /** Why there is no answer. */
  | { readonly problem: string };

/** The Deployment of a service. */
export function deploymentReference(name: string, namespace: string): ObjectReference {
  return { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace };
}

/** Whether a Deployment runs the wanted image in all of its pods. @param deployment undefined when it isn't there */
export function judgeDeployment(wanted: Wanted, service: WantedService, deployment: JsonObject | undefined): Finding {
  const object = deploymentReference(service.name, wanted.namespace);
  const finding = { hop: 'live', object, subject: `Deployment ${wanted.namespace}/${service.name}` } as const;
  if (!deployment) return { ...finding, isDone: false, state: 'missing' };
  const image = textAt(container(deployment, service.name), 'image') ?? '';
  if (!image.endsWith(`@${service.digest}`)) {
    const digest = image.split('@')[1]?.slice(0, 19) ?? (image || 'no image');
    return { ...finding, isDone: false, state: `runs ${digest}`, why: `not yet ${service.digest.slice(0, 19)}` };
  }
  // Items of a list don't say what they are.
  const found = readiness({ ...deployment, apiVersion: object.apiVersion, kind: object.kind });
  return found.state === 'ready' ? { ...finding, isDone: true, state: 'rolled out' } : { ...finding, isDone: false, state: found.why };
}

/** Whether a service answers, and that it is the wanted one. @param answer undefined when it was not asked, as its pods are not ready */
export function judgeAnswer(wanted: Wanted, { name, commit }: WantedService, answer: Answer | undefined): Finding {
  const object = { apiVersion: 'v1', kind: 'Service', name, namespace: wanted.namespace };
  const finding = { hop: 'live', object, subject: `${wanted.namespace}/${name}` } as const;
  if (!answer) return { ...finding, isDone: false, state: 'not asked yet' };
  if ('problem' in answer) return { ...finding, isDone: false, state: 'no answer', why: answer.problem };
  const isDone = answer.commit === commit;
  const why = isDone ? undefined : `not yet ${commit.slice(0, 10)}`;
  return { ...finding, isDone, state: `answers from ${answer.commit.slice(0, 10)}`, why };
}

function container(deployment: JsonObject, name: string): JsonObject | undefined {
  return objectsAt(deployment, 'spec', 'template', 'spec', 'containers').find((candidate) => textAt(candidate, 'name') === name);
}
