import type { IApplication } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1';
import type { Environment, KubernetesObject } from '../environment.ts';
import { objectLabels } from '../labels.ts';

type Spec = IApplication['spec'];

/** Order in which the root Application applies what it holds: projects, the namespace, then what runs in it. */
export const wave = { project: '-2', namespace: '-1', service: '0' } as const;

/** Finalizer: an Application takes what it applied along, an AppProject stays until no Application needs it. */
export const cascade = 'resources-finalizer.argocd.argoproj.io';

/**
 * How every Application follows Git: at once, back to Git when the cluster is changed by hand, and never to an empty tree.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/user-guide/sync-options/
 */
export const syncPolicy: NonNullable<Spec['syncPolicy']> = {
  automated: { enabled: true, prune: true, selfHeal: true, allowEmpty: false },
  retry: { limit: 5, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } },
  syncOptions: ['ApplyOutOfSyncOnly=true', 'FailOnSharedResource=true', 'PruneLast=true', 'ServerSideApply=true'],
};

/**
 * Annotations of every Application: look at it again only when files of its own folder change, and compare by asking the API server
 * what an apply would do.
 */
export function annotations(order: string): Record<string, string> {
  return {
    'argocd.argoproj.io/compare-options': 'ServerSideDiff=true',
    'argocd.argoproj.io/manifest-generate-paths': '.',
    'argocd.argoproj.io/sync-wave': order,
  };
}

/**
 * Application `<env>-<service>`, which applies `environments/<env>/<service>`. It cascades: it vanishes from Git only when the deletion
 * was declared, and pods without an owner would run on unseen.
 */
export function serviceApplication(environment: Environment, service: string): KubernetesObject {
  return application(environment, service, environment.name, wave.service, { finalizers: [cascade] });
}

/**
 * Application `<env>-namespace`, which applies the namespace bundle. It does not cascade: a namespace takes everything in it along,
 * so it outlives its Application and is removed by hand.
 */
export function namespaceApplication(environment: Environment): KubernetesObject {
  return application(environment, 'namespace', `${environment.name}-namespace`, wave.namespace, {});
}

function application(
  environment: Environment,
  unit: string,
  project: string,
  order: string,
  deletion: { finalizers?: string[] },
): KubernetesObject {
  const { name, namespace, argocd } = environment;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: `${name}-${unit}`,
      namespace: argocd.namespace,
      labels: objectLabels(name, unit),
      annotations: annotations(order),
      ...deletion,
    },
    spec: { project, source: source(environment, unit), destination: { server: argocd.server, namespace }, syncPolicy },
  } satisfies IApplication;
}

/** Argo CD finds a `kustomization.yaml` by itself; plain folders are named as such, so that none is ever taken for one. */
function source({ name, gitops }: Environment, unit: string): NonNullable<Spec['source']> {
  const isKustomize = gitops.layout === 'kustomize' && unit !== 'namespace';
  return {
    repoURL: gitops.repository,
    // fully qualified: a tag of the same name is never meant, and Argo CD need not list all refs
    targetRevision: `refs/heads/${gitops.branch}`,
    path: `environments/${name}/${unit}`,
    ...(isKustomize ? {} : { directory: { include: '*.yaml' } }),
  };
}
