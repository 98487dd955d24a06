import { describe, expect, it } from 'vitest';
import type { KubernetesObject, ManifestFile } from '../../charts/environment.ts';
import { print } from '../../charts/manifest.ts';
import { compare } from '../../infra/delivery/diff/compare.ts';

const pinned = (digit: string) => `registry.example.com/goserver:1@sha256:${digit.repeat(64)}`;

function object(
  kind: string,
  fields: Readonly<Record<string, unknown>> = {},
  metadata: Readonly<Record<string, unknown>> = {},
): ManifestFile {
  const value = { apiVersion: apiVersions[kind] ?? 'v1', kind, metadata: { name: 'a', namespace: 'dev', ...metadata }, ...fields };
  return print('environments/dev/a/a.yaml', value as unknown as KubernetesObject);
}

const apiVersions: Readonly<Record<string, string>> = {
  Application: 'argoproj.io/v1alpha1',
  AppProject: 'argoproj.io/v1alpha1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  Deployment: 'apps/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Kustomization: 'kustomize.config.k8s.io/v1beta1',
  NetworkPolicy: 'networking.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
};

/** Deployment whose container is changed. */
const container = (fields: Readonly<Record<string, unknown>>) =>
  object('Deployment', { spec: { template: { spec: { containers: [{ name: 'a', image: pinned('1'), ...fields }] } } } });
const pod = (fields: Readonly<Record<string, unknown>>) => object('Deployment', { spec: { template: { spec: fields } } });
const security = (fields: Readonly<Record<string, unknown>>) => container({ securityContext: fields });
const spec = (kind: string, fields: unknown) => object(kind, { spec: fields });
const probe = { httpGet: { path: '/' } };
const weakened = 'high: security weakened';
const wider = 'high: wider rights';

describe('the risk of a field', () => {
  it.each<[string, ManifestFile, ManifestFile, string]>([
    [
      'the selector of a Deployment',
      spec('Deployment', { selector: { matchLabels: { a: '1' } } }),
      spec('Deployment', { selector: { matchLabels: { a: '2' } } }),
      'high: immutable: the cluster refuses the change',
    ],
    [
      'the selector of a Service',
      spec('Service', { selector: { a: '1' } }),
      spec('Service', { selector: { a: '2' } }),
      'high: sends traffic to other pods',
    ],
    ['no pods any more', spec('Deployment', { replicas: 3 }), spec('Deployment', { replicas: 0 }), 'high: stops every pod'],
    ['fewer pods', spec('Deployment', { replicas: 3 }), spec('Deployment', { replicas: 2 }), 'medium: fewer pods'],
    ['more pods', spec('Deployment', { replicas: 2 }), spec('Deployment', { replicas: 3 }), 'low'],
    [
      'a lower bound of autoscaling',
      spec('HorizontalPodAutoscaler', { minReplicas: 3 }),
      spec('HorizontalPodAutoscaler', { minReplicas: 2 }),
      'medium: fewer pods',
    ],
    ['a probe that is gone', container({ livenessProbe: probe }), container({}), 'high: probe removed'],
    ['a probe that is new', container({}), container({ livenessProbe: probe }), 'low'],
    ['a new image', container({}), container({ image: pinned('2') }), 'low'],
    ['an image by tag', container({}), container({ image: 'goserver:latest' }), 'high: image without digest'],
    [
      'a sidecar by tag',
      container({}),
      pod({
        containers: [
          { name: 'a', image: pinned('1') },
          { name: 'b', image: 'b:1' },
        ],
      }),
      'high: image without digest',
    ],
    [
      'a kustomization without digest',
      object('Kustomization', { images: [{ name: 'a', digest: 'x' }] }),
      object('Kustomization', { images: [{ name: 'a' }] }),
      'high: image without digest',
    ],
    ['privileged', security({ privileged: false }), security({ privileged: true }), weakened],
    ['no longer privileged', security({ privileged: true }), security({ privileged: false }), 'low'],
    ['privilege escalation', security({ allowPrivilegeEscalation: false }), security({ allowPrivilegeEscalation: true }), weakened],
    ['privilege escalation by default', security({ allowPrivilegeEscalation: false, x: 1 }), security({ x: 1 }), weakened],
    ['no privilege escalation', security({ allowPrivilegeEscalation: true }), security({ allowPrivilegeEscalation: false }), 'low'],
    ['root again', security({ runAsNonRoot: true }), security({ runAsNonRoot: false }), weakened],
    ['user 0', security({ runAsUser: 65532 }), security({ runAsUser: 0 }), weakened],
    ['a writable root', security({ readOnlyRootFilesystem: true, x: 1 }), security({ x: 1 }), weakened],
    ['a capability more', security({ capabilities: { add: [] } }), security({ capabilities: { add: ['NET_ADMIN'] } }), weakened],
    ['capabilities kept', security({ capabilities: { drop: ['ALL'] } }), security({ capabilities: { drop: [] } }), weakened],
    [
      'no seccomp profile',
      pod({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }),
      pod({ securityContext: {} }),
      weakened,
    ],
    ['an unconfined one', pod({ seccompProfile: { type: 'RuntimeDefault' } }), pod({ seccompProfile: { type: 'Unconfined' } }), weakened],
    ['no security context', security({ privileged: false }), container({}), weakened],
    ['the network of the host', pod({ x: 1 }), pod({ x: 1, hostNetwork: true }), weakened],
    ['a folder of the host', pod({ volumes: [] }), pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), weakened],
    ['a token for the pod', pod({ automountServiceAccountToken: false }), pod({ automountServiceAccountToken: true }), weakened],
    [
      'a weaker pod security standard',
      object('Namespace', {}, { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } }),
      object('Namespace', {}, { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } }),
      weakened,
    ],
    [
      'a verb more',
      object('ClusterRole', { rules: [{ verbs: ['get'] }] }),
      object('ClusterRole', { rules: [{ verbs: ['get', '*'] }] }),
      wider,
    ],
    [
      'a verb less',
      object('ClusterRole', { rules: [{ verbs: ['get', 'list'] }] }),
      object('ClusterRole', { rules: [{ verbs: ['get'] }] }),
      'low',
    ],
    ['a subject more', object('RoleBinding', { subjects: [] }), object('RoleBinding', { subjects: [{ kind: 'User', name: 'x' }] }), wider],
    [
      'a cluster-scoped kind more',
      spec('AppProject', { clusterResourceWhitelist: [] }),
      spec('AppProject', { clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }] }),
      wider,
    ],
    [
      'every kind',
      spec('AppProject', { namespaceResourceWhitelist: [] }),
      spec('AppProject', { namespaceResourceWhitelist: [{ group: '*', kind: '*' }] }),
      wider,
    ],
    [
      'a kind more',
      spec('AppProject', { namespaceResourceWhitelist: [] }),
      spec('AppProject', { namespaceResourceWhitelist: [{ group: '', kind: 'ConfigMap' }] }),
      'medium: Argo CD may apply one kind more',
    ],
    ['a repository more', spec('AppProject', { sourceRepos: ['a'] }), spec('AppProject', { sourceRepos: ['a', 'b'] }), wider],
    [
      'a kind no longer refused',
      spec('AppProject', { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] }),
      spec('AppProject', { namespaceResourceBlacklist: [] }),
      wider,
    ],
    [
      'another repository',
      spec('Application', { source: { repoURL: 'a' } }),
      spec('Application', { source: { repoURL: 'b' } }),
      'high: points elsewhere',
    ],
    [
      'another peer',
      spec('NetworkPolicy', { ingress: [] }),
      spec('NetworkPolicy', { ingress: [{}] }),
      'medium: other network traffic is let through',
    ],
    ['no limits', container({ resources: { limits: { cpu: '1' } } }), container({ resources: {} }), 'medium: limit removed'],
    ['a label', object('Service', {}, { labels: { a: '1' } }), object('Service', {}, { labels: { a: '2' } }), 'low'],
  ])('%s', (_what, before, after, risk) => {
    const [change, ...more] = compare([before], [after]);
    expect(more).toEqual([]);
    const [field] = change?.fields ?? [];
    expect(field?.reason === undefined ? field?.risk : `${field.risk}: ${field.reason}`).toBe(risk);
    expect(change?.risk).toBe(field?.risk);
  });
});

describe('the risk of an object as a whole', () => {
  it.each<[string, ManifestFile, string]>([
    ['Namespace', object('Namespace'), 'high: deletes everything in the namespace'],
    ['PersistentVolumeClaim', object('PersistentVolumeClaim'), 'high: deletes data'],
    ['StatefulSet', object('StatefulSet'), 'high: deletes data'],
    ['CustomResourceDefinition', object('CustomResourceDefinition'), 'high: deletes every object of this kind'],
    ['ResourceQuota', object('ResourceQuota'), 'high: removes a bound'],
    ['NetworkPolicy that denies', spec('NetworkPolicy', { podSelector: {}, policyTypes: ['Ingress'] }), 'high: opens the network'],
    ['NetworkPolicy that allows', spec('NetworkPolicy', { ingress: [{}] }), 'medium: is deleted in the cluster'],
    [
      'Application that cascades',
      object('Application', {}, { finalizers: ['resources-finalizer.argocd.argoproj.io'] }),
      'high: deletes what it has applied',
    ],
    ['Application that does not', object('Application'), 'medium: leaves what it has applied without an owner'],
    ['Deployment', object('Deployment'), 'medium: is deleted in the cluster'],
  ])('%s removed', (_what, file, risk) => {
    const [change] = compare([file], []);
    expect(`${change?.risk}: ${change?.reason}`).toBe(risk);
  });

  it.each([
    ['ClusterRole', 'high: grants rights'],
    ['RoleBinding', 'high: grants rights'],
    ['AppProject', 'medium: lets Argo CD apply more'],
    ['Deployment', 'low: undefined'],
  ])('%s added', (kind, risk) => {
    const [change] = compare([], [object(kind)]);
    expect(`${change?.risk}: ${change?.reason}`).toBe(risk);
  });

  it('is the highest of its fields, which come first', () => {
    const [change] = compare([container({ args: ['a'], livenessProbe: probe })], [container({ args: ['b'] })]);
    expect(change?.risk).toBe('high');
    expect(change?.fields.map(({ risk }) => risk)).toEqual(['high', 'low', 'low']);
  });
});
