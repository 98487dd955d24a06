import type { KubernetesObject } from '../../environment.ts';

/** Kinds that may be applied together. A wave starts when the one before is applied, its CRDs established. */
const waves: readonly (readonly string[])[] = [
  ['CustomResourceDefinition'],
  ['Namespace'],
  ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
  ['ConfigMap', 'Secret'],
  // before the pods they select, which are thus never open to everybody
  ['NetworkPolicy', 'PodDisruptionBudget'],
  // before the API server, which makes a `default` project that allows everything where there is none
  ['AppProject'],
  ['Service'],
  ['Deployment', 'StatefulSet'],
  ['Application'],
];

/**
 * Bytes that all annotations of an object may take: client-side apply keeps the whole object in one.
 * Source: TotalAnnotationSizeLimitB of k8s.io/apimachinery
 */
export const clientSideLimit = 262_144;

/**
 * Objects by the order in which they are to be applied, each wave in the order given; removal goes the other way. Kinds that nothing
 * depends on go with the workloads.
 */
export function inInstallOrder<T extends Pick<KubernetesObject, 'kind'>>(objects: readonly T[]): T[][] {
  const rest = waves.findIndex((kinds) => kinds.includes('Deployment'));
  const waveOf = ({ kind }: T) => {
    const index = waves.findIndex((kinds) => kinds.includes(kind));
    return index < 0 ? rest : index;
  };
  return waves.map((_, index) => objects.filter((object) => waveOf(object) === index)).filter((wave) => wave.length > 0);
}

/** True for an object too large for client-side apply, such as the CRD of ApplicationSets. */
export function needsServerSideApply(object: KubernetesObject): boolean {
  return Buffer.byteLength(JSON.stringify(object)) > clientSideLimit;
}
