import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../infra/kubernetes/json.ts';
import { readWishes } from '../../../infra/provider/kubernetes/annotations.ts';
import { checkpoint, previewed } from '../../../infra/provider/kubernetes/checkpoint.ts';
import type { Target } from '../../../infra/provider/kubernetes/target.ts';
import { Secret, unknown } from '../../../infra/provider/value.ts';

function target(kind: string, manifest: JsonObject = {}): Target {
  const reference = { apiVersion: 'v1', kind, name: 'web', namespace: 'team' };
  return { reference, manifest, manager: 'fullcycle-1', isServed: true, wishes: readWishes(manifest) };
}

describe('the outputs of a resource', () => {
  it('are the live object without field managers, with what either plugin records', () => {
    const live = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', uid: 'u', managedFields: [{}] }, data: { a: 'b' } };
    const inputs = { metadata: { name: 'web' }, data: { a: 'b' } };
    expect(checkpoint(live, inputs, target('ConfigMap'))).toEqual({
      ...live,
      metadata: { name: 'web', uid: 'u' },
      __inputs: inputs,
      __initialApiVersion: 'v1',
      __fieldManager: 'fullcycle-1',
    });
  });

  it('are secret where the inputs are', () => {
    const live = { metadata: { name: 'web' }, data: { a: 'b', c: 'd' } };
    expect(checkpoint(live, { data: { a: new Secret('b') } }, target('ConfigMap')).data).toEqual({ a: new Secret('b'), c: 'd' });
  });

  it('hide all data of a Secret, and the copy of it that kubectl leaves', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"a":"Yg=="}}', other: 'x' };
    const live = { metadata: { name: 'web', annotations }, data: { a: 'Yg==' } };
    expect(checkpoint(live, {}, target('Secret'))).toMatchObject({
      metadata: { name: 'web', annotations: new Secret(annotations) },
      data: new Secret({ a: 'Yg==' }),
    });
  });
});

describe('the outputs of a preview', () => {
  const ports = [{ port: 80, nodePort: 30000 }];
  const service = { metadata: { name: 'web', uid: 'u', resourceVersion: '1' }, spec: { clusterIP: '10.0.0.1', ports }, status: {} };

  it('of a new object leave open what only a real run decides', () => {
    const outputs = previewed(service, {}, target('Service', { spec: { ports: [{ port: 80 }] } }), true);
    expect(outputs).toMatchObject({
      metadata: { name: 'web', uid: unknown, resourceVersion: unknown, creationTimestamp: unknown, generation: unknown },
      spec: { clusterIP: unknown, ports: [{ port: 80, nodePort: unknown }] },
    });
    expect(outputs).not.toHaveProperty('status');
  });

  it('of a new object keep what the program decides', () => {
    const outputs = previewed(service, {}, target('Service', { spec: { clusterIP: '10.0.0.1', ports } }), true);
    expect(outputs.spec).toEqual({ clusterIP: '10.0.0.1', ports });
  });

  it('of an existing object keep what it has', () => {
    expect(previewed(service, {}, target('Service'), false)).toMatchObject({ metadata: { uid: 'u' }, spec: service.spec });
  });
});
