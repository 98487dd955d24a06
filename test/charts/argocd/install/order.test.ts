import { describe, expect, it } from 'vitest';
import { clientSideLimit, inInstallOrder, needsServerSideApply } from '../../../../charts/argocd/install/order.ts';
import { argoCdSecrets } from '../../../../charts/argocd/install/secrets.ts';
import { rootApplication } from '../../../../charts/argocd/root.ts';
import type { Environment } from '../../../../charts/environment.ts';
import { installed, prod } from './manifests.ts';

const environment = {
  name: 'dev',
  namespace: 'dev',
  gitops: { repository: 'https://git.example.com/gitops.git', branch: 'main', layout: 'rendered' },
  argocd: { namespace: 'argocd', server: 'https://kubernetes.default.svc' },
} as Environment;

describe('the order of an installation', () => {
  const root = rootApplication(environment);
  const objects = [root.application, root.project, ...argoCdSecrets(prod, {}), ...[...installed(prod)].reverse()];
  const waves = inInstallOrder(objects);
  const position = (kind: string) => waves.findIndex((wave) => wave.some((object) => object.kind === kind));

  it('is by kind, whatever the order before', () => {
    expect(waves.map((wave) => [...new Set(wave.map(({ kind }) => kind))].sort())).toEqual([
      ['CustomResourceDefinition'],
      ['Namespace'],
      ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'ServiceAccount'],
      ['ConfigMap', 'Secret'],
      ['NetworkPolicy', 'PodDisruptionBudget'],
      ['AppProject'],
      ['Service'],
      ['Deployment', 'StatefulSet'],
      ['Application'],
    ]);
  });

  it('has every object once', () => {
    expect(waves.flat()).toHaveLength(objects.length);
    expect(new Set(waves.flat())).toEqual(new Set(objects));
  });

  it('closes the network, and the project default, before anything runs', () => {
    expect(position('NetworkPolicy')).toBeLessThan(position('Deployment'));
    expect(position('AppProject')).toBeLessThan(position('Deployment'));
    expect(position('CustomResourceDefinition')).toBeLessThan(position('AppProject'));
  });

  it('keeps what is of one wave as it was', () => {
    const names = (wave: readonly { metadata: { name: string } }[] | undefined) => wave?.map(({ metadata }) => metadata.name);
    expect(names(waves.at(-2))).toEqual(
      objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet').map(({ metadata }) => metadata.name),
    );
    expect(names(waves[5])).toEqual(['dev-root', 'default']);
  });

  it('has no empty waves, and puts kinds it does not know beside the workloads', () => {
    expect(inInstallOrder([])).toEqual([]);
    expect(inInstallOrder([{ kind: 'Application' }, { kind: 'Ingress' }, { kind: 'Service' }])).toEqual([
      [{ kind: 'Service' }],
      [{ kind: 'Ingress' }],
      [{ kind: 'Application' }],
    ]);
  });
});

it.each([
  ['of exactly the limit is small enough', 0, false],
  ['of one byte more is not', 1, true],
])('an object %s', (_what, more, expected) => {
  const empty = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text: '' } };
  const text = 'ä'.repeat(Math.floor((clientSideLimit - JSON.stringify(empty).length) / 2));
  const rest = clientSideLimit - Buffer.byteLength(JSON.stringify({ ...empty, data: { text } }));
  expect(needsServerSideApply({ ...empty, data: { text: text + 'x'.repeat(rest + more) } })).toBe(expected);
});
