import type { Problem } from '../../../charts/problem.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { countAt, describe, objectsAt, textAt } from '../../kubernetes/object.ts';
import { podTroubles, readiness } from '../../kubernetes/readiness.ts';
import { type Finding, short, tell } from './finding.ts';

/** What a cluster knows about an object that lags. */
export interface Evidence {
  /** Events of the namespace. */
  readonly events: readonly JsonObject[];
  /** Pods of the service; empty for an Application. */
  readonly pods: readonly JsonObject[];
  /** Last line that each pod has logged. */
  readonly lastLines: Readonly<Record<string, string | undefined>>;
}

/** `E_NOT_READY` for an object that lags: its condition, what happened to it last, and what its worst pod says. Pure. */
export function diagnose(environment: string, finding: Finding, { events, pods, lastLines }: Evidence): Problem {
  const { object, hop } = finding;
  const pod = worst(pods);
  const name = textAt(pod, 'metadata', 'name') ?? '';
  const trouble = pod && podTroubles(pod)[0];
  const event = lastEvent(events, [...(pod ? [`Pod ${name}`] : []), `${object.kind} ${object.name}`]);
  const line = lastLines[name];
  const parts = [
    tell(finding),
    pod && `pod ${name}${trouble ? `: ${trouble}` : ''}`,
    event && `last event: ${event}`,
    line && `last log line: ${line}`,
  ];
  return {
    code: 'E_NOT_READY',
    field: `${environment} ${hop}: ${describe(object)}`,
    rule: parts.flatMap((part) => (part ? [short(part)] : [])).join('; '),
    fix: `look: kubectl describe ${object.kind.toLowerCase()} ${object.name} -n ${object.namespace}`,
  };
}

/** The pod to look at: one that is not ready, of these the one that was restarted most, then the newest. */
function worst(pods: readonly JsonObject[]): JsonObject | undefined {
  const restarts = (pod: JsonObject) =>
    Math.max(0, ...objectsAt(pod, 'status', 'containerStatuses').map((status) => countAt(status, 'restartCount')));
  const created = (pod: JsonObject) => Date.parse(textAt(pod, 'metadata', 'creationTimestamp') ?? '') || 0;
  const badness = (pod: JsonObject) => (readiness({ ...pod, apiVersion: 'v1', kind: 'Pod' }).state === 'ready' ? 0 : 1);
  return [...pods].sort((a, b) => badness(b) - badness(a) || restarts(b) - restarts(a) || created(b) - created(a))[0];
}

/** The newest warning about one of the objects, in the order given; else their newest event. */
function lastEvent(events: readonly JsonObject[], objects: readonly string[]): string | undefined {
  const when = (event: JsonObject) =>
    Date.parse(textAt(event, 'lastTimestamp') ?? textAt(event, 'eventTime') ?? textAt(event, 'metadata', 'creationTimestamp') ?? '') || 0;
  const about = objects.flatMap((object) =>
    events
      .filter((event) => `${textAt(event, 'involvedObject', 'kind')} ${textAt(event, 'involvedObject', 'name')}` === object)
      .sort((a, b) => when(b) - when(a)),
  );
  const event = about.find((candidate) => textAt(candidate, 'type') === 'Warning') ?? about[0];
  return event && `${textAt(event, 'reason')} ${textAt(event, 'message')}`;
}
