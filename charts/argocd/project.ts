import type { IAppProject } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1';
import type { Environment, KubernetesObject } from '../environment.ts';
import { objectLabels } from '../labels.ts';
import { groupOf } from '../manifest.ts';
import { cascade, wave } from './application.ts';

interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** Never in a workload project, whatever is rendered: what bounds a namespace, what grants rights, and what holds secrets. */
const platformKinds: readonly GroupKind[] = [
  { group: '', kind: 'LimitRange' },
  { group: '', kind: 'ResourceQuota' },
  { group: '', kind: 'Secret' },
  { group: 'rbac.authorization.k8s.io', kind: 'Role' },
  { group: 'rbac.authorization.k8s.io', kind: 'RoleBinding' },
];

/**
 * AppProject `<env>` of the workloads: one repository, one namespace of one cluster, no cluster-scoped object, and of namespaced kinds just
 * those that `objects` contains. A new kind is thus a change of this project, seen in review.
 *
 * `permitOnlyProjectScopedClusters` is left off: it would refuse the cluster Argo CD itself runs in.
 */
export function workloadProject(environment: Environment, objects: readonly KubernetesObject[]): KubernetesObject {
  return project(environment, environment.name, `Workloads of ${environment.name}`, {
    clusterResourceWhitelist: [],
    namespaceResourceWhitelist: kindsOf(objects),
    namespaceResourceBlacklist: [...platformKinds],
  });
}

/** AppProject `<env>-namespace` of the namespace bundle: the one cluster-scoped object it may create is that very namespace. */
export function namespaceProject(environment: Environment, objects: readonly KubernetesObject[]): KubernetesObject {
  const { name, namespace } = environment;
  return project(environment, `${name}-namespace`, `Namespace of ${name}, with its quota, defaults and closed network`, {
    clusterResourceWhitelist: [{ group: '', kind: 'Namespace', name: namespace }],
    namespaceResourceWhitelist: kindsOf(objects.filter((object) => object.kind !== 'Namespace')),
  });
}

function project(environment: Environment, name: string, description: string, kinds: Partial<IAppProject['spec']>): KubernetesObject {
  const { argocd, gitops, namespace } = environment;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: {
      name,
      namespace: argocd.namespace,
      labels: objectLabels(environment.name, 'project'),
      annotations: { 'argocd.argoproj.io/sync-wave': wave.project },
      // keeps the project while an Application still needs it to delete what it made
      finalizers: [cascade],
    },
    spec: {
      description,
      sourceRepos: [gitops.repository],
      sourceNamespaces: [],
      destinations: [{ server: argocd.server, namespace }],
      orphanedResources: { warn: true },
      ...kinds,
    },
  } satisfies IAppProject;
}

/** Groups and kinds that occur, each once, sorted. */
function kindsOf(objects: readonly KubernetesObject[]): GroupKind[] {
  const keys = new Set(objects.map((object) => `${groupOf(object)}/${object.kind}`));
  return [...keys].sort().map((key) => ({ group: key.slice(0, key.indexOf('/')), kind: key.slice(key.indexOf('/') + 1) }));
}
