import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { items, read, strings, text } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Tree } from './tree.ts';

/**
 * What an object points at is there: pods of a Service and their ports, the Service behind an Ingress, the workload of an autoscaler,
 * the pods of a budget, the ConfigMaps of a container.
 * kube-linter dangling-service, dangling-ingress, dangling-horizontalpodautoscaler, non-existent-service-account ·
 * kube-score service-targets-pod, ingress-targets-service, horizontalpodautoscaler-has-target, poddisruptionbudget-has-policy
 */
export const targets: Rule = (tree) => [
  ...tree.ofKind('Service').flatMap((file) => checkService(tree, file)),
  ...tree.ofKind('Ingress').flatMap((file) => checkIngress(tree, file)),
  ...tree.ofKind('HorizontalPodAutoscaler').flatMap((file) => checkAutoscaler(tree, file)),
  ...tree.ofKind('PodDisruptionBudget').flatMap((file) => checkBudget(tree, file)),
  ...checkConfigMaps(tree),
];

function broken(file: ManifestFile, field: string, value: unknown, must: string, fix: string): Problem {
  return violation('targets', file, field, value, must, fix, 'E_REFERENCE');
}

function checkService(tree: Tree, file: ManifestFile): Problem[] {
  const selector = strings(file.object, 'spec.selector');
  const pods = Object.keys(selector).length === 0 ? [] : tree.selected(file.object.metadata.namespace, selector);
  if (pods.length === 0) return [broken(file, 'spec.selector', selector, 'selects a pod of the tree', 'correct the labels')];
  const declared = pods.flatMap(({ pod }) => items(pod, 'containers').flatMap((container) => items(container, 'ports')));
  return items(file.object, 'spec.ports').flatMap((port, index) => {
    const target = read(port, 'targetPort') ?? read(port, 'port');
    if (declared.some((candidate) => [read(candidate, 'name'), read(candidate, 'containerPort')].includes(target))) return [];
    return [broken(file, `spec.ports[${index}].targetPort`, target, 'a port that the pods declare', 'correct the port')];
  });
}

function checkIngress(tree: Tree, file: ManifestFile): Problem[] {
  return items(file.object, 'spec.rules').flatMap((entry, rule) =>
    items(entry, 'http.paths').flatMap((path, index) => {
      const field = `spec.rules[${rule}].http.paths[${index}].backend.service`;
      const name = text(path, 'backend.service.name');
      const service = tree.find('Service', file.object.metadata.namespace, name);
      if (!service) return [broken(file, `${field}.name`, name, 'a Service of the tree', 'correct the name')];
      const port = read(path, 'backend.service.port.name') ?? read(path, 'backend.service.port.number');
      const isThere = items(service.object, 'spec.ports').some((candidate) =>
        [read(candidate, 'name'), read(candidate, 'port')].includes(port),
      );
      return isThere ? [] : [broken(file, `${field}.port`, port, `a port of ${service.path}`, 'correct the port')];
    }),
  );
}

function checkAutoscaler(tree: Tree, file: ManifestFile): Problem[] {
  const { object } = file;
  const kind = text(object, 'spec.scaleTargetRef.kind') ?? '';
  const name = text(object, 'spec.scaleTargetRef.name');
  const isThere = tree.ofKind(kind, object.metadata.namespace).some((candidate) => candidate.object.metadata.name === name);
  const problems = isThere
    ? []
    : [broken(file, 'spec.scaleTargetRef', `${kind} ${name}`, 'a workload of the tree', 'correct the reference')];
  if (Number(read(object, 'spec.minReplicas') ?? 1) > Number(read(object, 'spec.maxReplicas'))) {
    problems.push(violation('targets', file, 'spec.minReplicas', read(object, 'spec.minReplicas'), 'at most maxReplicas', 'lower it'));
  }
  return problems;
}

function checkBudget(tree: Tree, file: ManifestFile): Problem[] {
  const selector = strings(file.object, 'spec.selector.matchLabels');
  if (Object.keys(selector).length > 0 && tree.selected(file.object.metadata.namespace, selector).length > 0) return [];
  return [broken(file, 'spec.selector', selector, 'selects a pod of the tree', 'correct the labels')];
}

function checkConfigMaps(tree: Tree): Problem[] {
  return tree.containers.flatMap(({ workload, value, path }) =>
    items(value, 'envFrom').flatMap((entry, index) => {
      const name = text(entry, 'configMapRef.name');
      if (name === undefined || tree.find('ConfigMap', workload.namespace, name)) return [];
      return [
        broken(
          workload.file,
          `${path}.envFrom[${index}].configMapRef.name`,
          name,
          'a ConfigMap of the tree',
          'render it beside the workload',
        ),
      ];
    }),
  );
}
