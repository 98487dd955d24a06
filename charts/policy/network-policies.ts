import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { isSame, items, read, strings } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Tree } from './tree.ts';

const rule = 'network-policies';

const directions = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

/**
 * Every pod is selected by a policy of its own for both directions, every policy selects a pod, and none lets everyone through.
 * kube-linter non-isolated-pod, dangling-networkpolicy · kube-score pod-networkpolicy, networkpolicy-targets-pod · CIS 5.3.2
 */
export const networkPolicies: Rule = (tree) => {
  const isolated = new Set(
    tree
      .ofKind('NetworkPolicy')
      .filter(hasBothDirections)
      .flatMap((file) => selectedBy(tree, file).map(({ file: { path } }) => path)),
  );
  return [
    ...tree.workloads
      .filter(({ file }) => !isolated.has(file.path))
      .map(({ file }) =>
        violation(
          rule,
          file,
          'metadata.name',
          file.object.metadata.name,
          'its pods are selected by a NetworkPolicy for Ingress and Egress',
          'add one',
        ),
      ),
    ...tree.ofKind('NetworkPolicy').flatMap((file) => [...checkTarget(tree, file), ...checkPeers(file)]),
  ];
};

function hasBothDirections({ object }: ManifestFile): boolean {
  const types = items(object, 'spec.policyTypes');
  return types.includes('Ingress') && types.includes('Egress');
}

/** Workloads that a policy names by labels; the default one, which selects all, names none. */
function selectedBy(tree: Tree, { object }: ManifestFile) {
  const wanted = strings(object, 'spec.podSelector.matchLabels');
  return Object.keys(wanted).length === 0 ? [] : tree.selected(object.metadata.namespace, wanted);
}

function checkTarget(tree: Tree, file: ManifestFile): Problem[] {
  const problems = hasBothDirections(file)
    ? []
    : [violation(rule, file, 'spec.policyTypes', read(file.object, 'spec.policyTypes'), 'Ingress and Egress', 'name both')];
  const selector = read(file.object, 'spec.podSelector');
  if (isSame(selector, {}) || selectedBy(tree, file).length > 0) return problems;
  return [
    ...problems,
    violation(rule, file, 'spec.podSelector', selector, 'selects a pod of the tree', 'correct the labels', 'E_REFERENCE'),
  ];
}

function checkPeers(file: ManifestFile): Problem[] {
  const at = (field: string, value: unknown, must: string, fix: string) => violation(rule, file, field, value, must, fix);
  return directions.flatMap(([direction, peers]) =>
    items(file.object, `spec.${direction}`).flatMap((entry, index) => {
      const field = `spec.${direction}[${index}]`;
      const named = items(entry, peers);
      const ports = items(entry, 'ports');
      return [
        ...(named.length === 0 ? [at(`${field}.${peers}`, undefined, 'names who, or it is everyone', 'name the peers')] : []),
        ...(ports.length === 0 || ports.some((port) => read(port, 'port') === undefined)
          ? [at(`${field}.ports`, ports, 'names ports, or it is all', 'name the ports')]
          : []),
        ...named.flatMap((peer, number) =>
          isEveryone(peer) ? [at(`${field}.${peers}[${number}]`, peer, 'not everyone', 'name the pods, namespaces or addresses')] : [],
        ),
      ];
    }),
  );
}

/** A namespace selector without labels selects every namespace, and a peer without selectors is none that the API server takes. */
function isEveryone(peer: unknown): boolean {
  const selector = read(peer, 'namespaceSelector');
  const labels = Object.keys(strings(selector, 'matchLabels')).length + items(selector, 'matchExpressions').length;
  if (selector !== undefined) return labels === 0;
  return read(peer, 'podSelector') === undefined && ['0.0.0.0/0', '::/0', 'undefined'].includes(String(read(peer, 'ipBlock.cidr')));
}
