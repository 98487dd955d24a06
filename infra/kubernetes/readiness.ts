import type { JsonObject } from './json.ts';
import { at, countAt, objectsAt, textAt } from './object.ts';

/** How far an object is from being what it should be. */
export type Readiness =
  | { readonly state: 'ready' }
  /** @param why what is still missing */
  | { readonly state: 'waiting'; readonly why: string }
  /** It will not get there by itself. */
  | { readonly state: 'failed'; readonly why: string };

const ready: Readiness = { state: 'ready' };
const waiting = (why: string): Readiness => ({ state: 'waiting', why });
const failed = (why: string): Readiness => ({ state: 'failed', why });

type Rule = (object: JsonObject) => Readiness;

const rules: Readonly<Record<string, Rule>> = {
  'apps/Deployment': observed(deployment),
  'apps/StatefulSet': observed(statefulSet),
  'apps/DaemonSet': observed(daemonSet),
  'batch/Job': job,
  '/Pod': pod,
  '/Namespace': (object) => {
    const phase = textAt(object, 'status', 'phase');
    return phase === 'Active' ? ready : waiting(`phase ${phase ?? 'not set'}`);
  },
  '/Service': service,
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
};

/** Whether an object does its work. Kinds without a rule are ready as soon as they exist; so are Services, whatever their endpoints do. */
export function readiness(object: JsonObject): Readiness {
  const apiVersion = textAt(object, 'apiVersion') ?? '';
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return rules[`${group}/${textAt(object, 'kind')}`]?.(object) ?? ready;
}

/** A controller's counts mean nothing until it has seen the latest version. */
function observed(rule: Rule): Rule {
  return (object) => {
    const isSeen = countAt(object, 'status', 'observedGeneration') >= countAt(object, 'metadata', 'generation');
    return isSeen ? rule(object) : waiting('its controller has not seen the change yet');
  };
}

/** As `kubectl rollout status` has it. */
function deployment(object: JsonObject): Readiness {
  const progressing = condition(object, 'Progressing');
  if (textAt(progressing, 'reason') === 'ProgressDeadlineExceeded') return failed(textAt(progressing, 'message') ?? 'it makes no progress');
  const wanted = wantedReplicas(object);
  const count = (name: string) => countAt(object, 'status', name);
  if (at(object, 'spec', 'paused') === true) return ready;
  if (count('updatedReplicas') < wanted) return waiting(`${count('updatedReplicas')} of ${wanted} replicas updated`);
  const old = count('replicas') - count('updatedReplicas');
  if (old > 0) return waiting(`${old} old replicas still there`);
  return atLeast(count('availableReplicas'), wanted, 'replicas available');
}

function statefulSet(object: JsonObject): Readiness {
  const wanted = wantedReplicas(object);
  const strategy = at(object, 'spec', 'updateStrategy');
  if (countAt(object, 'status', 'readyReplicas') < wanted)
    return atLeast(countAt(object, 'status', 'readyReplicas'), wanted, 'replicas ready');
  if (textAt(strategy, 'type') === 'OnDelete') return ready;
  const updating = wanted - Math.min(countAt(strategy, 'rollingUpdate', 'partition'), wanted);
  return atLeast(countAt(object, 'status', 'updatedReplicas'), updating, 'replicas updated');
}

function daemonSet(object: JsonObject): Readiness {
  const wanted = countAt(object, 'status', 'desiredNumberScheduled');
  const updated = countAt(object, 'status', 'updatedNumberScheduled');
  if (textAt(object, 'spec', 'updateStrategy', 'type') !== 'OnDelete' && updated < wanted) return atLeast(updated, wanted, 'pods updated');
  return atLeast(countAt(object, 'status', 'numberAvailable'), wanted, 'pods available');
}

function job(object: JsonObject): Readiness {
  const failure = condition(object, 'Failed');
  if (textAt(failure, 'status') === 'True') return failed(`${textAt(failure, 'reason')}: ${textAt(failure, 'message')}`);
  if (at(object, 'spec', 'suspend') === true || isTrue(object, 'Complete')) return ready;
  return waiting(`${countAt(object, 'status', 'succeeded')} of ${at(object, 'spec', 'completions') ?? 1} completions`);
}

function pod(object: JsonObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded' || isTrue(object, 'Ready')) return ready;
  if (phase === 'Failed') return failed(textAt(object, 'status', 'message') ?? 'its containers ended with errors');
  return waiting(podTroubles(object)[0] ?? `phase ${phase ?? 'not set'}`);
}

function service(object: JsonObject): Readiness {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return ready;
  return objectsAt(object, 'status', 'loadBalancer', 'ingress').length > 0 ? ready : waiting('no address for the load balancer yet');
}

function definition(object: JsonObject): Readiness {
  const names = condition(object, 'NamesAccepted');
  if (textAt(names, 'status') === 'False') return failed(textAt(names, 'message') ?? 'its names are taken');
  return isTrue(object, 'Established') ? ready : waiting('not established yet');
}

/** What keeps the containers of a pod from running: `app: ImagePullBackOff: …`. */
export function podTroubles(pod: JsonObject): string[] {
  const statuses = [...objectsAt(pod, 'status', 'initContainerStatuses'), ...objectsAt(pod, 'status', 'containerStatuses')];
  const containers = statuses.flatMap((status) => {
    const reason = textAt(status, 'state', 'waiting', 'reason') ?? textAt(status, 'state', 'terminated', 'reason');
    if (!reason || reason === 'ContainerCreating' || reason === 'PodInitializing' || reason === 'Completed') return [];
    const message = textAt(status, 'state', 'waiting', 'message') ?? textAt(status, 'state', 'terminated', 'message');
    return [[textAt(status, 'name'), reason, message].filter(Boolean).join(': ')];
  });
  const scheduled = condition(pod, 'PodScheduled');
  const unscheduled = textAt(scheduled, 'status') === 'False' ? [textAt(scheduled, 'message') ?? 'not scheduled'] : [];
  return [...unscheduled, ...containers];
}

function condition(object: JsonObject, type: string): JsonObject | undefined {
  return objectsAt(object, 'status', 'conditions').find((candidate) => textAt(candidate, 'type') === type);
}

function isTrue(object: JsonObject, type: string): boolean {
  return textAt(condition(object, type), 'status') === 'True';
}

function wantedReplicas(object: JsonObject): number {
  return at(object, 'spec', 'replicas') === undefined ? 1 : countAt(object, 'spec', 'replicas');
}

function atLeast(count: number, wanted: number, what: string): Readiness {
  return count >= wanted ? ready : waiting(`${count} of ${wanted} ${what}`);
}
