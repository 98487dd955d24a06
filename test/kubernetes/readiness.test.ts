import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../infra/kubernetes/json.ts';
import { podTroubles, type Readiness, readiness } from '../../infra/kubernetes/readiness.ts';

const ready: Readiness = { state: 'ready' };
const waiting = (why: string): Readiness => ({ state: 'waiting', why });
const failed = (why: string): Readiness => ({ state: 'failed', why });
const condition = (type: string, status: string, rest: object = {}) => ({ conditions: [{ type, status, ...rest }] });

function object(kind: string, spec: object, status: object, apiVersion = 'apps/v1', generation = 2): JsonObject {
  return { apiVersion, kind, metadata: { generation }, spec, status: { observedGeneration: 2, ...status } } as JsonObject;
}

const rows: readonly [string, JsonObject, Readiness][] = [
  [
    'a Deployment whose controller lags',
    object('Deployment', {}, { observedGeneration: 1 }),
    waiting('its controller has not seen the change yet'),
  ],
  ['a new Deployment', object('Deployment', { replicas: 2 }, { updatedReplicas: 1 }), waiting('1 of 2 replicas updated')],
  [
    'a Deployment with old pods',
    object('Deployment', { replicas: 2 }, { updatedReplicas: 2, replicas: 3 }),
    waiting('1 old replicas still there'),
  ],
  [
    'a Deployment with pods that don’t run',
    object('Deployment', {}, { updatedReplicas: 1, replicas: 1 }),
    waiting('0 of 1 replicas available'),
  ],
  ['a complete Deployment', object('Deployment', {}, { updatedReplicas: 1, replicas: 1, availableReplicas: 1 }), ready],
  ['a Deployment of none', object('Deployment', { replicas: 0 }, {}), ready],
  ['a paused Deployment', object('Deployment', { paused: true }, {}), ready],
  [
    'a Deployment that is stuck',
    object('Deployment', {}, condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'timed out' })),
    failed('timed out'),
  ],
  [
    'a StatefulSet with pods that don’t run',
    object('StatefulSet', { replicas: 2 }, { readyReplicas: 1 }),
    waiting('1 of 2 replicas ready'),
  ],
  [
    'a StatefulSet with old pods',
    object('StatefulSet', { replicas: 2 }, { readyReplicas: 2, updatedReplicas: 1 }),
    waiting('1 of 2 replicas updated'),
  ],
  [
    'a StatefulSet that is updated up to its partition',
    object('StatefulSet', { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } }, { readyReplicas: 3, updatedReplicas: 1 }),
    ready,
  ],
  [
    'a StatefulSet that is updated by hand',
    object('StatefulSet', { updateStrategy: { type: 'OnDelete' } }, { readyReplicas: 1, updatedReplicas: 0 }),
    ready,
  ],
  [
    'a DaemonSet with old pods',
    object('DaemonSet', {}, { desiredNumberScheduled: 3, updatedNumberScheduled: 1 }),
    waiting('1 of 3 pods updated'),
  ],
  [
    'a DaemonSet with pods that don’t run',
    object('DaemonSet', {}, { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2 }),
    waiting('2 of 3 pods available'),
  ],
  ['a DaemonSet without nodes', object('DaemonSet', {}, { desiredNumberScheduled: 0 }), ready],
  ['a running Job', object('Job', { completions: 2 }, { succeeded: 1 }, 'batch/v1'), waiting('1 of 2 completions')],
  ['a complete Job', object('Job', {}, condition('Complete', 'True'), 'batch/v1'), ready],
  ['a suspended Job', object('Job', { suspend: true }, {}, 'batch/v1'), ready],
  [
    'a failed Job',
    object('Job', {}, condition('Failed', 'True', { reason: 'DeadlineExceeded', message: 'late' }), 'batch/v1'),
    failed('DeadlineExceeded: late'),
  ],
  ['a pending Pod', object('Pod', {}, { phase: 'Pending' }, 'v1'), waiting('phase Pending')],
  [
    'a running Pod that isn’t ready',
    object('Pod', {}, { phase: 'Running', ...condition('Ready', 'False') }, 'v1'),
    waiting('phase Running'),
  ],
  ['a ready Pod', object('Pod', {}, { phase: 'Running', ...condition('Ready', 'True') }, 'v1'), ready],
  ['a Pod that has done its work', object('Pod', {}, { phase: 'Succeeded' }, 'v1'), ready],
  ['a failed Pod', object('Pod', {}, { phase: 'Failed', message: 'evicted' }, 'v1'), failed('evicted')],
  ['a new Namespace', object('Namespace', {}, {}, 'v1'), waiting('phase not set')],
  ['a Namespace', object('Namespace', {}, { phase: 'Active' }, 'v1'), ready],
  ['a Service, whatever its endpoints', object('Service', { type: 'ClusterIP' }, {}, 'v1'), ready],
  [
    'a load balancer without an address',
    object('Service', { type: 'LoadBalancer' }, {}, 'v1'),
    waiting('no address for the load balancer yet'),
  ],
  ['a load balancer', object('Service', { type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }, 'v1'), ready],
  ['a new definition', object('CustomResourceDefinition', {}, {}, 'apiextensions.k8s.io/v1'), waiting('not established yet')],
  ['a definition', object('CustomResourceDefinition', {}, condition('Established', 'True'), 'apiextensions.k8s.io/v1'), ready],
  [
    'a definition whose names are taken',
    object(
      'CustomResourceDefinition',
      {},
      condition('NamesAccepted', 'False', { message: '"widgets" is already in use' }),
      'apiextensions.k8s.io/v1',
    ),
    failed('"widgets" is already in use'),
  ],
  ['a ConfigMap', object('ConfigMap', {}, {}, 'v1'), ready],
  ['a custom Deployment of another group', object('Deployment', {}, {}, 'example.com/v1'), ready],
];

describe('readiness', () => {
  it.each(rows)('of %s', (_name, value, expected) => {
    expect(readiness(value)).toEqual(expected);
  });

  it('tells what troubles the containers of a pod', () => {
    const waitingFor = (name: string, reason: string, message?: string) => ({ name, state: { waiting: { reason, message } } });
    const status = {
      ...condition('PodScheduled', 'False', { message: '0/1 nodes are available' }),
      initContainerStatuses: [{ name: 'init', state: { terminated: { reason: 'Completed' } } }],
      containerStatuses: [
        waitingFor('web', 'CrashLoopBackOff', 'back-off 5m0s'),
        waitingFor('side', 'ContainerCreating'),
        { name: 'ok', state: { running: {} } },
      ],
    };
    expect(podTroubles(object('Pod', {}, status, 'v1'))).toEqual(['0/1 nodes are available', 'web: CrashLoopBackOff: back-off 5m0s']);
  });
});
