import type { IAppProject } from '@kubernetes-models/argo-cd/argoproj.io/v1alpha1';
import type { KubernetesObject } from '../../environment.ts';

/**
 * AppProject `default`, which every Application without a project belongs to and which can't be deleted: it allows nothing.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/user-guide/projects/#the-default-project; that manifest leaves out
 * `clusterResourceWhitelist`, so a project that Argo CD made before would keep its `*`.
 */
export function emptyDefaultProject(namespace: string): KubernetesObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default', namespace },
    spec: {
      description: 'Allows nothing: every Application names its own project',
      sourceRepos: [],
      sourceNamespaces: [],
      destinations: [],
      clusterResourceWhitelist: [],
      namespaceResourceBlacklist: [{ group: '*', kind: '*' }],
    },
  } satisfies IAppProject;
}
