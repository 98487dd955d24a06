import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../charts/environment.ts';
import { type FieldName, fieldValue, isMeant, parseField } from '../../../infra/delivery/bisect/field.ts';
import { compare } from '../../../infra/delivery/diff/compare.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';

const deployment: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'goserver', namespace: 'prod', labels: { 'app.kubernetes.io/name': 'goserver' } },
  spec: {
    replicas: 3,
    template: {
      spec: { containers: [{ name: 'goserver', image: 'a', args: ['x', 'y'], ports: [{ name: 'http', containerPort: 8080 }] }] },
    },
  },
};
const parsed = (text: string): FieldName => {
  const field = parseField(text);
  if ('code' in field) throw new Error(formatProblem(field));
  return field;
};

describe('a field is named as the diff prints it', () => {
  it.each([
    ['Deployment/goserver:spec.replicas', 3],
    ['apps/Deployment/prod/goserver:spec.replicas', 3],
    ['Deployment/goserver:metadata.labels["app.kubernetes.io/name"]', 'goserver'],
    ['Deployment/goserver:spec.template.spec.containers[goserver].image', 'a'],
    ['Deployment/goserver:spec.template.spec.containers[0].image', 'a'],
    ['Deployment/goserver:spec.template.spec.containers[goserver].args[1]', 'y'],
    ['Deployment/goserver:spec.template.spec.containers[goserver].ports[http].containerPort', 8080],
    ['Deployment/goserver:spec.template.spec.containers[other].image', undefined],
    ['Deployment/goserver:spec.replicas.more', undefined],
    ['Deployment/goserver:spec.constructor', undefined],
    ['Deployment/goserver', deployment],
  ])('%s', (text, value) => {
    const field = parsed(text);
    expect(isMeant(field, deployment)).toBe(true);
    expect(fieldValue(field, deployment)).toEqual(value);
  });

  it('whatever path the diff prints leads to the value that it printed', () => {
    const changed = structuredClone(deployment) as unknown as {
      spec: { replicas: number; template: { spec: { containers: { image: string }[] } } };
    };
    changed.spec.replicas = 4;
    for (const container of changed.spec.template.spec.containers) container.image = 'b';
    const file = (object: unknown) => ({
      path: 'environments/prod/goserver/deployment-goserver.yaml',
      text: JSON.stringify(object),
      object: object as KubernetesObject,
    });
    const [change] = compare([file(deployment)], [file(changed)]);
    expect(change?.fields).toHaveLength(2);
    for (const { path, after } of change?.fields ?? [])
      expect(fieldValue(parsed(`Deployment/goserver:${path}`), changed as unknown as KubernetesObject)).toEqual(after);
  });

  it.each(['Service/goserver:x', 'Deployment/nodeserver:x', 'apps/Deployment/dev/goserver:x', '/Deployment/prod/goserver:x'])(
    '%s is another object',
    (text) => {
      expect(isMeant(parsed(text), deployment)).toBe(false);
    },
  );

  it.each([
    ['', 'names an object by Kind/name or group/Kind/namespace/name'],
    ['goserver:spec', 'names an object by Kind/name or group/Kind/namespace/name'],
    [':spec', 'names an object by Kind/name or group/Kind/namespace/name'],
    ['Deployment/goserver:.spec', `its path can't be read from ".spec" on`],
    ['Deployment/goserver:spec..replicas', `its path can't be read from "..replicas" on`],
    ['Deployment/goserver:spec[', `its path can't be read from "[" on`],
  ])('%j is refused', (text, rule) => {
    const problem = parseField(text);
    expect('code' in problem && formatProblem(problem)).toBe(
      `error[E_USAGE] --field: ${text === '' ? '""' : text} - ${rule} - write it like Deployment/goserver:spec.replicas, with the path as fullcycle diff prints it`,
    );
  });
});
