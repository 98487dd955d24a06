import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { isSame, items, read, strings } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Tree } from './tree.ts';

const rule = 'network-policies';

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
  const directions = [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const;
  return directions.flatMap(([direction, peers]) =>
    items(file.object, `spec.${direction}`).flatMap((entry, index) => {
      const field = `spec.${direction}[${index}]`;
      const broken: Problem[] = [];
      if (items(entry, peers).length === 0)
        broken.push(violation(rule, file, `${field}.${peers}`, undefined, 'names who, or it is everyone', 'name the peers'));
      if (items(entry, 'ports').length === 0)
        broken.push(violation(rule, file, `${field}.ports`, undefined, 'names ports, or it is all', 'name the ports'));
      items(entry, peers).forEach((peer, number) => {
        const isEveryone =
          isSame(read(peer, 'namespaceSelector'), {}) || ['0.0.0.0/0', '::/0'].includes(String(read(peer, 'ipBlock.cidr')));
        if (isEveryone)
          broken.push(violation(rule, file, `${field}.${peers}[${number}]`, peer, 'not everyone', 'name the namespaces or addresses'));
      });
      return broken;
    }),
  );
}
