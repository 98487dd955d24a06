import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { checkReplicas } from '../validate/number.ts';
import { isSame, items, read, strings, text } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Tree } from './tree.ts';

const rule = 'availability';

/**
 * The number of pods is within the environment's range and has one owner; two pods or more are spread over nodes and leave them one at a
 * time.
 * kube-linter minimum-three-replicas (by the environment's range), pdb-max-unavailable, pdb-unhealthy-pod-eviction-policy,
 * dangling-horizontalpodautoscaler · kube-score deployment-has-poddisruptionbudget,
 * deployment-targeted-by-hpa-does-not-have-replicas-configured.
 * Deliberately not kube-score deployment-has-host-podantiaffinity, kube-linter no-anti-affinity: topology spread also evens out the third pod.
 */
export const availability: Rule = (tree) => {
  const autoscalers = new Map(tree.ofKind('HorizontalPodAutoscaler').map((file) => [targetOf(file), file]));
  const guarded = new Set(tree.ofKind('PodDisruptionBudget').flatMap((file) => guardedBy(tree, file)));
  return [
    ...tree.ofKind('Deployment').flatMap((file) => {
      const { namespace, name } = file.object.metadata;
      const autoscaler = autoscalers.get(`Deployment ${namespace} ${name}`);
      const fewest = autoscaler ? (read(autoscaler.object, 'spec.minReplicas') ?? 1) : read(file.object, 'spec.replicas');
      return [...checkCount(tree, file, autoscaler), ...(Number(fewest) > 1 ? checkSeveral(file, guarded.has(file.path)) : [])];
    }),
    ...tree.ofKind('PodDisruptionBudget').flatMap(checkBudget),
  ];
};

function targetOf({ object }: ManifestFile): string {
  return `${text(object, 'spec.scaleTargetRef.kind')} ${object.metadata.namespace} ${text(object, 'spec.scaleTargetRef.name')}`;
}

/** Paths of the workloads whose pods a budget selects. */
function guardedBy(tree: Tree, { object }: ManifestFile): string[] {
  const labels = strings(object, 'spec.selector.matchLabels');
  return Object.keys(labels).length === 0 ? [] : tree.selected(object.metadata.namespace, labels).map(({ file }) => file.path);
}

function checkCount(tree: Tree, file: ManifestFile, autoscaler: ManifestFile | undefined): Problem[] {
  const replicas = read(file.object, 'spec.replicas');
  if (!autoscaler) {
    const broken = checkReplicas('', replicas, tree.environment?.replicas);
    return broken.map((problem) => violation(rule, file, 'spec.replicas', replicas, problem.rule, problem.fix));
  }
  return replicas === undefined
    ? []
    : [violation(rule, file, 'spec.replicas', replicas, `left out: ${autoscaler.path} decides`, 'remove it')];
}

function checkSeveral(file: ManifestFile, isGuarded: boolean): Problem[] {
  const problems = isGuarded
    ? []
    : [violation(rule, file, 'spec.replicas', undefined, 'with two pods or more a PodDisruptionBudget selects them', 'add one')];
  const field = 'spec.template.spec.topologySpreadConstraints';
  const isSpread = items(file.object, field).some((constraint) => read(constraint, 'topologyKey') === 'kubernetes.io/hostname');
  if (isSpread) return problems;
  return [
    ...problems,
    violation(rule, file, field, undefined, 'with two pods or more they are spread by kubernetes.io/hostname', 'add a constraint'),
  ];
}

function checkBudget(file: ManifestFile): Problem[] {
  const expected = [
    ['spec.maxUnavailable', 1],
    ['spec.unhealthyPodEvictionPolicy', 'AlwaysAllow'],
  ] as const;
  return expected
    .filter(([field, value]) => !isSame(read(file.object, field), value))
    .map(([field, value]) => violation(rule, file, field, read(file.object, field), String(value), `set ${value}`));
}
