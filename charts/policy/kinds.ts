import { groupOf } from '../manifest.ts';
import { type Rule, violation } from './rule.ts';

const grants = 'grants rights, or decides about others: it belongs to the platform';
const unmanaged = 'has no controller that replaces it';

/** Refused kinds by `group/Kind`, whole groups by `group/`, and why. */
const refused: Readonly<Record<string, string>> = {
  'rbac.authorization.k8s.io/': grants,
  'admissionregistration.k8s.io/': grants,
  'apiregistration.k8s.io/': grants,
  '/Node': grants,
  '/PersistentVolume': grants,
  '/Pod': unmanaged,
  '/ReplicationController': unmanaged,
  'apps/ReplicaSet': unmanaged,
};

/**
 * Services bring no rights along and no bare pods: besides the AppProject, which knows what is rendered, this knows what may be.
 * kube-linter access-to-create-pods, cluster-admin-role-binding, wildcard-in-rules · kube-score pod-* · CIS 5.1.1, 5.1.3, 5.1.4
 */
export const kinds: Rule = (tree) =>
  tree.objects.flatMap((file) => {
    const group = groupOf(file.object);
    const why = refused[`${group}/`] ?? refused[`${group}/${file.object.kind}`];
    return why === undefined ? [] : [violation('kinds', file, 'kind', file.object.kind, `no ${file.object.kind}, it ${why}`, 'remove it')];
  });
