import { describe, expect, it } from 'vitest';
import { checkInstall } from '../../../../charts/argocd/install/check.ts';
import { installArgoCd } from '../../../../charts/argocd/install/install.ts';
import { withoutPart } from '../../../../charts/argocd/install/parts.ts';
import { argoCdSecrets } from '../../../../charts/argocd/install/secrets.ts';
import type { ArgoCdInstall, Part } from '../../../../charts/argocd/install/settings.ts';
import type { KubernetesObject } from '../../../../charts/environment.ts';
import { dev, manifestFor, published } from './manifests.ts';
import { danglingReferences } from './references.ts';

const parts: readonly Part[] = ['dex', 'notifications', 'applicationSets'];
const choices = Array.from({ length: 2 ** parts.length }, (_, bits) =>
  Object.fromEntries(parts.map((part, index) => [part, (bits & (1 << index)) !== 0])),
) as ArgoCdInstall['parts'][];
const cases = published.flatMap(({ version, variant, manifest, install }) =>
  choices.map((chosen) => ({
    version,
    variant,
    on: parts.filter((part) => chosen[part]).join(', ') || 'nothing',
    manifest,
    install: { ...install, parts: chosen } as ArgoCdInstall,
  })),
);

/** Objects of the manifest that each part consists of. */
const owned: Readonly<Record<Part, readonly string[]>> = {
  dex: [
    'ServiceAccount argocd-dex-server',
    'Role argocd-dex-server',
    'RoleBinding argocd-dex-server',
    'Service argocd-dex-server',
    'Deployment argocd-dex-server',
    'NetworkPolicy argocd-dex-server-network-policy',
  ],
  notifications: [
    'ServiceAccount argocd-notifications-controller',
    'Role argocd-notifications-controller',
    'RoleBinding argocd-notifications-controller',
    'ConfigMap argocd-notifications-cm',
    'Secret argocd-notifications-secret',
    'Service argocd-notifications-controller-metrics',
    'Deployment argocd-notifications-controller',
    'NetworkPolicy argocd-notifications-controller-network-policy',
  ],
  applicationSets: [
    'ServiceAccount argocd-applicationset-controller',
    'Role argocd-applicationset-controller',
    'ClusterRole argocd-applicationset-controller',
    'RoleBinding argocd-applicationset-controller',
    'ClusterRoleBinding argocd-applicationset-controller',
    'Service argocd-applicationset-controller',
    'Deployment argocd-applicationset-controller',
    'NetworkPolicy argocd-applicationset-controller-network-policy',
  ],
};

function all({ manifest, install }: { manifest: readonly KubernetesObject[]; install: ArgoCdInstall }): KubernetesObject[] {
  const { crds, objects } = installArgoCd(manifest, install);
  return [...crds, ...objects, ...argoCdSecrets(install, {})];
}

function keys(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

describe.each(cases)('$version, $variant, with $on', (each) => {
  const objects = all(each);
  const off = parts.filter((part) => !each.install.parts[part]);

  it('refers to nothing that is not there', () => {
    expect(checkInstall(each.manifest, each.install)).toEqual([]);
    expect(
      danglingReferences(
        objects,
        keys(objects).flatMap((key) => (key.startsWith('Secret ') ? [key.slice(7)] : [])),
      ),
    ).toEqual([]);
  });

  it('has each object of the manifest exactly when its part is on', () => {
    const gone = off.flatMap((part) => owned[part]);
    const own = ['Namespace argocd', 'AppProject default'];
    const applied = keys(objects).filter((key) => !own.includes(key) && !key.startsWith('PodDisruptionBudget '));
    expect(applied.sort()).toEqual(
      keys(each.manifest)
        .filter((key) => !gone.includes(key))
        .sort(),
    );
  });

  it('never speaks of what is off', () => {
    const text = JSON.stringify(objects);
    const names = off.flatMap((part) => owned[part]).map((key) => key.split(' ')[1] ?? '');
    expect(names.filter((name) => text.includes(`"${name}"`))).toEqual([]);
    expect(text.includes('argocd-dex-server-tls')).toBe(each.install.parts.dex);
    expect(text.includes('server.dex.server')).toBe(each.install.parts.dex);
  });
});

describe('what finds a missing object', () => {
  const manifest = manifestFor(dev);
  const objects = all({ manifest, install: { ...dev, parts: { dex: true, notifications: true, applicationSets: true } } });
  const referred = objects.filter(
    ({ kind, metadata }) =>
      ['ServiceAccount', 'Role', 'ClusterRole', 'Deployment', 'StatefulSet'].includes(kind) ||
      (kind === 'ConfigMap' && !['argocd-rbac-cm', 'argocd-notifications-cm'].includes(metadata.name)),
  );

  it.each(keys(referred))('misses %s', (key) => {
    const rest = objects.filter((object) => keys([object])[0] !== key);
    expect(danglingReferences(rest, [])).not.toEqual([]);
  });

  it('misses a Secret that has to be there', () => {
    const strict = all({ manifest, install: { ...dev, repoServerAccess: 'mutualTls' } });
    expect(danglingReferences(strict, []).filter((line) => line.startsWith('Deployment argocd-server'))).toEqual([
      'Deployment argocd-server -> Secret argocd-repo-server-tls',
      'Deployment argocd-server -> Secret argocd-repo-server-mtls',
    ]);
  });
});

it('a rule for a part alone goes with it, and never lets everybody in instead', () => {
  const policy = (from: readonly object[]) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'policy' },
    spec: { podSelector: {}, ingress: [{ from, ports: [{ port: 1 }] }, {}] },
  });
  const peer = (name: string) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } });
  const dex = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'argocd-dex-server', labels: { 'app.kubernetes.io/component': 'dex-server' } },
    spec: { template: { metadata: { labels: { 'app.kubernetes.io/name': 'argocd-dex-server' } }, spec: { containers: [] } } },
  };
  const ingress = (from: readonly object[]) =>
    withoutPart([dex, policy(from)], 'dex').map(({ spec }) => (spec as { ingress: object[] }).ingress)[0];
  const ports = [{ port: 1 }];
  expect(ingress([peer('argocd-dex-server')])).toEqual([{}]);
  expect(ingress([peer('argocd-dex-server'), peer('argocd-server')])).toEqual([{ from: [peer('argocd-server')], ports }, {}]);
  expect(ingress([{ namespaceSelector: {} }])).toEqual([{ from: [{ namespaceSelector: {} }], ports }, {}]);
  expect(ingress([])).toEqual([{ from: [], ports }, {}]);
});
