import type { IApplication, IAppProject } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1';
import type { Environment, KubernetesObject } from '../environment.ts';
import { objectLabels } from '../labels.ts';
import { annotations, syncPolicy, wave } from './application.ts';

/** The two objects per environment that Pulumi applies; everything else comes from Git through them. */
export interface Root {
  /** AppProject `<env>-root`: AppProjects and Applications in the namespace of Argo CD, nothing else. */
  readonly project: KubernetesObject;
  /** Application `<env>-root`: syncs this environment's files below `argocd/`. */
  readonly application: KubernetesObject;
}

/** Applications and AppProjects live beside Argo CD, whichever cluster the environment itself is on. */
const ownCluster = 'https://kubernetes.default.svc';

/**
 * Root Application of an environment and the project it needs. Neither has a finalizer: to take the root away must not take the workloads
 * along.
 */
export function rootApplication(environment: Environment): Root {
  const name = `${environment.name}-root`;
  const metadata = { name, namespace: environment.argocd.namespace, labels: objectLabels(environment.name, 'root') };
  const destination = { server: ownCluster, namespace: environment.argocd.namespace };
  return {
    project: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata,
      spec: {
        description: `Projects and Applications of ${environment.name}`,
        sourceRepos: [environment.gitops.repository],
        sourceNamespaces: [],
        destinations: [destination],
        clusterResourceWhitelist: [],
        namespaceResourceWhitelist: ['AppProject', 'Application'].map((kind) => ({ group: 'argoproj.io', kind })),
      },
    } satisfies IAppProject,
    application: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { ...metadata, annotations: annotations(wave.project) },
      spec: { project: name, source: source(environment), destination, syncPolicy },
    } satisfies IApplication,
  };
}

/** The include pattern takes this environment's files and no other's: no environment's name is another's plus `-`. */
function source({ name, gitops }: Environment): NonNullable<IApplication['spec']['source']> {
  return {
    repoURL: gitops.repository,
    targetRevision: `refs/heads/${gitops.branch}`,
    path: 'argocd',
    directory: { recurse: true, include: `{projects/${name}.yaml,projects/${name}-namespace.yaml,applications/${name}-*.yaml}` },
  };
}
