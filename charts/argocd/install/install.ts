import type { KubernetesObject } from '../../environment.ts';
import { podSecurity } from '../../namespace.ts';
import { configData, configure } from './config.ts';
import { emptyDefaultProject } from './default-project.ts';
import { disruptionBudget, fitWorkload } from './fit.ts';
import { needsServerSideApply } from './order.ts';
import { partsOff, withoutPart } from './parts.ts';
import type { ArgoCdInstall } from './settings.ts';
import { isWorkload } from './workload.ts';

/** Argo CD as it is to be applied; its Secrets come from `argoCdSecrets`, the root Application from `rootApplication`. */
export interface ArgoCdObjects {
  /** Cluster-wide definitions. They outlive the installation: with them go all Applications. */
  readonly crds: readonly KubernetesObject[];
  /** Everything else, the namespace and the emptied project `default` among it. */
  readonly objects: readonly KubernetesObject[];
}

/**
 * The official manifest changed by the settings. Pure: equal arguments give equal objects, and none holds a secret.
 * Arguments are expected to be without problems by `checkInstall`.
 * @param manifest objects of the official install manifest of `install.version`, the highly available one if that is set
 */
export function installArgoCd(manifest: readonly KubernetesObject[], install: ArgoCdInstall): ArgoCdObjects {
  const data = configData(install);
  const parts = partsOff(install).reduce<readonly KubernetesObject[]>(withoutPart, manifest);
  const fitted = parts
    .filter(({ kind }) => kind !== 'Secret')
    .map((object) => (isWorkload(object) ? fitWorkload(object, install, data) : configure(object, data)))
    .map((object) => inNamespace(object, install.namespace))
    .map((object) => (needsServerSideApply(object) ? applyServerSide(object) : object));
  const isDefinition = ({ kind }: KubernetesObject) => kind === 'CustomResourceDefinition';
  return {
    crds: fitted.filter(isDefinition),
    objects: [
      namespace(install.namespace),
      ...fitted.filter((object) => !isDefinition(object)),
      ...fitted.filter(isWorkload).flatMap(disruptionBudget),
      emptyDefaultProject(install.namespace),
    ],
  };
}

const clusterScoped = ['CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding'];

interface Binding extends KubernetesObject {
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** The manifest names no namespace but in the subjects of its ClusterRoleBindings, where it is `argocd`. */
function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  if (object.kind === 'ClusterRoleBinding') {
    return { ...object, subjects: (object as Binding).subjects.map((subject) => ({ ...subject, namespace })) };
  }
  return clusterScoped.includes(object.kind) ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

/** Every pod of Argo CD keeps to the restricted standard. */
function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: podSecurity() } };
}

/** Tells Argo CD, should it ever manage itself, how to apply what is too large for the other way. */
function applyServerSide(object: KubernetesObject): KubernetesObject {
  const annotations = { ...object.metadata.annotations, 'argocd.argoproj.io/sync-options': 'ServerSideApply=true' };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
