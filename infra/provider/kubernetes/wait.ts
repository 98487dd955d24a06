import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../../../charts/problem.ts';
import { ApiError, Unreachable } from '../../kubernetes/api-error.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { at, describe, type ObjectReference, objectsAt, textAt } from '../../kubernetes/object.ts';
import { podTroubles, type Readiness, readiness } from '../../kubernetes/readiness.ts';
import type { Call } from '../provider.ts';
import type { Cluster } from './cluster.ts';

/** Milliseconds between two looks: growing, as most things happen at once or take long. */
const firstPause = 100;
const longestPause = 2_000;

/** How a wait ended. */
export interface Outcome {
  /** The object as it was seen last; undefined when it is gone. */
  readonly object: JsonObject | undefined;
  /** Empty when it is ready. */
  readonly problems: readonly Problem[];
}

/** Something to look at until it is ready, fails, or the time is up. */
interface Watch {
  readonly reference: ObjectReference;
  readonly seconds: number;
  readonly call: Call;
  look(): Promise<Readiness>;
  /** Tells why it is not ready, as a problem. */
  problem(why: string, rule: string): Promise<Problem>;
}

/** Waits until the object does its work. @param seconds how long */
export async function untilReady(cluster: Cluster, reference: ObjectReference, seconds: number, call: Call): Promise<Outcome> {
  let object: JsonObject | undefined;
  const look = async (): Promise<Readiness> => {
    object = await cluster.get(reference, call);
    if (!object) return { state: 'failed', why: 'deleted by somebody while it was waited for' };
    const state = readiness(object);
    return state.state === 'ready' && reference.kind === 'CustomResourceDefinition' ? isServed(cluster, object) : state;
  };
  const problem = async (why: string, rule: string): Promise<Problem> => {
    const troubles = object ? await troublesOfPods(cluster, object, call) : [];
    const field = describe(reference);
    return {
      code: 'E_NOT_READY',
      field,
      value: [why, ...troubles].join('; '),
      rule,
      fix: `see what it says: ${kubectl('describe', reference)}`,
    };
  };
  const found = await watch({ reference, seconds, call, look, problem });
  return { object, problems: found ? [found] : [] };
}

/** Waits until the object is gone; another one of the same name counts as gone. @returns what still holds it, or nothing */
export async function untilGone(
  cluster: Cluster,
  reference: ObjectReference,
  uid: string | undefined,
  seconds: number,
  call: Call,
): Promise<readonly Problem[]> {
  let object: JsonObject | undefined;
  const look = async (): Promise<Readiness> => {
    object = await cluster.get(reference, call);
    if (!object || (uid !== undefined && textAt(object, 'metadata', 'uid') !== uid)) return { state: 'ready' };
    return { state: 'waiting', why: holders(object).join(', ') || 'still there' };
  };
  const problem = async (why: string, rule: string): Promise<Problem> => {
    const field = describe(reference);
    const held = object ? holders(object) : [];
    if (held.length === 0)
      return { code: 'E_NOT_READY', field, value: why, rule, fix: `see what it says: ${kubectl('describe', reference)}` };
    const fix = `start the controller that removes ${held.length > 1 ? 'them' : 'it'}; look: ${kubectl('get', reference, ' -o yaml')}`;
    return { code: 'E_FINALIZER', field, value: `held by ${held.join(', ')}`, rule, fix };
  };
  const found = await watch({ reference, seconds, call, look, problem });
  return found ? [found] : [];
}

async function watch({ reference, seconds, call, look, problem }: Watch): Promise<Problem | undefined> {
  const deadline = performance.now() + seconds * 1000;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const seen = await look().catch(tolerate);
    if (seen.state === 'ready') return undefined;
    if (seen.state === 'failed') return problem(seen.why, 'must become what was asked for');
    if (performance.now() >= deadline) return problem(seen.why, `must be done within ${seconds} s`);
    call.status(`${describe(reference)}: ${seen.why}`);
    await sleep(Math.min(pause, Math.max(deadline - performance.now(), 0)), undefined, { signal: call.signal }).catch(() => {});
    if (call.signal.aborted) return problem(seen.why, 'interrupted while it was waited for');
  }
}

/** An API server that is away for a moment is waited for like everything else. */
function tolerate(error: unknown): Readiness {
  if (error instanceof Unreachable) return { state: 'waiting', why: `the API server is unreachable: ${error.message}` };
  if (error instanceof ApiError) return { state: 'failed', why: `the API server refuses to tell: ${error.message}` };
  throw error;
}

/** A definition is of use only once its kind is served; that comes a moment after it is established. */
async function isServed(cluster: Cluster, definition: JsonObject): Promise<Readiness> {
  const kind = textAt(definition, 'spec', 'names', 'kind') ?? '';
  const group = textAt(definition, 'spec', 'group');
  const versions = objectsAt(definition, 'spec', 'versions').filter((version) => at(version, 'served') === true);
  const found = await Promise.all(
    versions.map((version) => cluster.servedKind({ apiVersion: `${group}/${textAt(version, 'name')}`, kind })),
  );
  return found.every((served) => served) ? { state: 'ready' } : { state: 'waiting', why: 'established, but not served yet' };
}

async function troublesOfPods(cluster: Cluster, object: JsonObject, call: Call): Promise<string[]> {
  const labels = at(object, 'spec', 'selector', 'matchLabels') as Readonly<Record<string, string>> | undefined;
  if (!labels) return [];
  const pods = await cluster
    .list({ apiVersion: 'v1', kind: 'Pod' }, textAt(object, 'metadata', 'namespace') ?? '', labels, call)
    .catch(() => []);
  const troubles = pods.flatMap((pod) => podTroubles(pod).map((trouble) => `pod ${textAt(pod, 'metadata', 'name')}: ${trouble}`));
  return troubles.slice(0, 3);
}

/** What keeps a deleted object: its finalizers, for a namespace also what is left in it. */
function holders(object: JsonObject): string[] {
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
  const conditions = objectsAt(object, 'status', 'conditions').filter((condition) => textAt(condition, 'status') === 'True');
  const left = conditions.filter((condition) => /Remaining$|Failure$/.test(textAt(condition, 'type') ?? ''));
  return [
    ...texts(at(object, 'metadata', 'finalizers')),
    ...(textAt(object, 'kind') === 'Namespace' ? texts(at(object, 'spec', 'finalizers')) : []),
    ...left.map((condition) => textAt(condition, 'message') ?? ''),
  ];
}

function kubectl(verb: string, { kind, name, namespace }: ObjectReference, rest = ''): string {
  return `kubectl ${verb} ${kind.toLowerCase()} ${name}${namespace ? ` -n ${namespace}` : ''}${rest}`;
}
