import { items, read, text } from './read.ts';
import { type Rule, violation } from './rule.ts';

const rule = 'service-accounts';

/**
 * Pods run as an account of their own that has no token: what is broken into can't ask the API server for anything. Nor are they told
 * of every Service in the namespace.
 * kube-linter default-service-account, access-to-secrets · checkov CKV_K8S_38, 41, 42 · CIS 5.1.5, 5.1.6
 */
export const serviceAccounts: Rule = (tree) => [
  ...tree.ofKind('ServiceAccount').flatMap((file) => {
    const automount = read(file.object, 'automountServiceAccountToken');
    return automount === false ? [] : [violation(rule, file, 'automountServiceAccountToken', automount, 'false', 'set false')];
  }),
  ...tree.workloads.flatMap(({ file, pod, path, namespace }) => {
    const at = (field: string, must: string, fix: string) => violation(rule, file, `${path}.${field}`, read(pod, field), must, fix);
    const problems = ['automountServiceAccountToken', 'enableServiceLinks']
      .filter((field) => read(pod, field) !== false)
      .map((field) => at(field, 'false', 'set false'));
    const account = text(pod, 'serviceAccountName');
    if (account === undefined || account === 'default') problems.push(at('serviceAccountName', 'an account of its own', 'name one'));
    else if (!tree.find('ServiceAccount', namespace, account)) {
      problems.push({ ...at('serviceAccountName', 'a ServiceAccount of the tree', 'render it beside the workload'), code: 'E_REFERENCE' });
    }
    if (
      items(pod, 'volumes').some((volume) =>
        items(volume, 'projected.sources').some((source) => read(source, 'serviceAccountToken') !== undefined),
      )
    ) {
      problems.push(at('volumes', 'no token by way of a volume', 'remove the projected token'));
    }
    return problems;
  }),
];
