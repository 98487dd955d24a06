import type { Environment, ManifestFile } from '../environment.ts';
import { groupOf } from '../manifest.ts';
import type { Problem } from '../problem.ts';
import { checkNamespace } from '../validate/name.ts';
import { items, read, strings, text } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Tree } from './tree.ts';

const rule = 'namespaces';

/** Kinds that live in no namespace. Source: `kubectl api-resources --namespaced=false` of Kubernetes 1.36. */
const clusterScoped: ReadonlySet<string> = new Set(
  (
    'APIService CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle CSIDriver CSINode CustomResourceDefinition ' +
    'DeviceClass FlowSchema IngressClass IPAddress MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ' +
    'Namespace Node PersistentVolume PriorityClass PriorityLevelConfiguration ResourceSlice RuntimeClass ServiceCIDR StorageClass ' +
    'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass'
  ).split(' '),
);

const podSecurityModes = ['enforce', 'audit', 'warn'];

/** True for kinds that live in no namespace. */
export function isClusterScoped(kind: string): boolean {
  return clusterScoped.has(kind);
}

/**
 * Objects name their namespace, it is the environment's own and none of the platform's, and it admits restricted pods only and has a
 * closed network.
 * kube-linter use-namespace · checkov CKV_K8S_21 · CIS 5.2.1, 5.3.2, 5.7.1 · NSA/CISA hardening guide
 */
export const namespaces: Rule = (tree) => [
  ...tree.objects.flatMap((file) => checkOwn(file, tree.environment)),
  ...tree.ofKind('Namespace').flatMap((file) => checkBundle(tree, file)),
];

function checkOwn(file: ManifestFile, environment: Environment | undefined): Problem[] {
  const { object } = file;
  const at = (must: string, fix: string) => [violation(rule, file, 'metadata.namespace', object.metadata.namespace, must, fix)];
  if (isClusterScoped(object.kind))
    return object.metadata.namespace === undefined ? [] : at('none, the kind is cluster-scoped', 'remove it');
  if (object.metadata.namespace === undefined) return at('is set', 'name the namespace, so that no client decides');
  if (groupOf(object) === 'argoproj.io') {
    const wanted = environment?.argocd.namespace;
    return wanted === undefined || object.metadata.namespace === wanted ? [] : at(`${wanted}, where Argo CD runs`, `set ${wanted}`);
  }
  const wanted = environment?.namespace;
  if (wanted !== undefined && object.metadata.namespace !== wanted) return at(`${wanted}, the environment's own`, `set ${wanted}`);
  return checkNamespace('', object.metadata.namespace).flatMap(({ rule: must, fix }) => at(must, fix));
}

function checkBundle(tree: Tree, file: ManifestFile): Problem[] {
  const { name } = file.object.metadata;
  const found = strings(file.object, 'metadata.labels');
  const problems = podSecurityModes.flatMap((mode) => {
    const label = `pod-security.kubernetes.io/${mode}`;
    const broken: Problem[] = [];
    if (found[label] !== 'restricted')
      broken.push(violation(rule, file, `metadata.labels.${label}`, found[label], 'restricted', 'set restricted'));
    if (!/^v1\.[0-9]+$/.test(found[`${label}-version`] ?? '')) {
      broken.push(
        violation(rule, file, `metadata.labels.${label}-version`, found[`${label}-version`], 'a version such as v1.36', 'pin it'),
      );
    }
    return broken;
  });
  const options = (strings(file.object, 'metadata.annotations')['argocd.argoproj.io/sync-options'] ?? '').split(',');
  for (const option of ['Prune=confirm', 'Delete=confirm']) {
    if (options.includes(option)) continue;
    const field = 'metadata.annotations.argocd.argoproj.io/sync-options';
    problems.push(
      violation(rule, file, field, options.join(','), `contains ${option}: a namespace takes everything in it along`, `add ${option}`),
    );
  }
  if (!tree.ofKind('NetworkPolicy', name).some(isDefaultDeny)) {
    problems.push(violation(rule, file, 'metadata.name', name, 'has a NetworkPolicy that denies all by default', 'add one'));
  }
  return problems;
}

/** Selects every pod, both ways, and lets nothing through. */
function isDefaultDeny({ object }: ManifestFile): boolean {
  const types = items(object, 'spec.policyTypes');
  const selectsAll = Object.keys((read(object, 'spec.podSelector') as object | undefined) ?? { none: true }).length === 0;
  return (
    selectsAll && text(object, 'kind') === 'NetworkPolicy' && types.includes('Ingress') && types.includes('Egress') && allowsNothing(object)
  );
}

function allowsNothing(policy: unknown): boolean {
  return items(policy, 'spec.ingress').length === 0 && items(policy, 'spec.egress').length === 0;
}
