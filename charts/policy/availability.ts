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
export const availability: Rule = (tree) => [
  ...tree.ofKind('Deployment').flatMap((file) => checkDeployment(tree, file)),
  ...tree.ofKind('PodDisruptionBudget').flatMap(checkBudget),
];

function checkDeployment(tree: Tree, file: ManifestFile): Problem[] {
  const { object } = file;
  const replicas = read(object, 'spec.replicas');
  const autoscaler = tree.ofKind('HorizontalPodAutoscaler', object.metadata.namespace).find((hpa) => isTarget(hpa, object.metadata.name));
  const problems: Problem[] = [];
  if (autoscaler && replicas !== undefined) {
    problems.push(violation(rule, file, 'spec.replicas', replicas, `left out: ${autoscaler.path} decides`, 'remove it'));
  }
  if (!autoscaler) {
    const broken = checkReplicas('', replicas, tree.environment?.replicas);
    problems.push(...broken.map((problem) => violation(rule, file, 'spec.replicas', replicas, problem.rule, problem.fix)));
  }
  const fewest = autoscaler ? (read(autoscaler.object, 'spec.minReplicas') ?? 1) : replicas;
  return Number(fewest) > 1 ? [...problems, ...checkSeveral(tree, file)] : problems;
}

function isTarget(autoscaler: ManifestFile, deployment: string): boolean {
  return (
    text(autoscaler.object, 'spec.scaleTargetRef.kind') === 'Deployment' &&
    text(autoscaler.object, 'spec.scaleTargetRef.name') === deployment
  );
}

function checkSeveral(tree: Tree, file: ManifestFile): Problem[] {
  const problems: Problem[] = [];
  const labels = strings(file.object, 'spec.template.metadata.labels');
  const budgets = tree.ofKind('PodDisruptionBudget', file.object.metadata.namespace);
  const hasBudget = budgets.some(({ object }) => {
    const wanted = Object.entries(strings(object, 'spec.selector.matchLabels'));
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
  if (!hasBudget)
    problems.push(violation(rule, file, 'spec.replicas', undefined, 'with two pods or more a PodDisruptionBudget selects them', 'add one'));
  const spread = items(file.object, 'spec.template.spec.topologySpreadConstraints');
  if (!spread.some((constraint) => isSame(read(constraint, 'topologyKey'), 'kubernetes.io/hostname'))) {
    const field = 'spec.template.spec.topologySpreadConstraints';
    problems.push(
      violation(rule, file, field, undefined, 'with two pods or more they are spread by kubernetes.io/hostname', 'add a constraint'),
    );
  }
  return problems;
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
