import type { Problem } from '../problem.ts';
import { amountOf, checkQuantity, type Resource } from '../validate/quantity.ts';
import { read } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Container } from './tree.ts';

const resources: readonly (readonly [name: string, resource: Resource])[] = [
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['ephemeral-storage', 'memory'],
];

/**
 * Every container states what it needs and what it may use, of CPU, memory and disk.
 * kube-linter unset-cpu-requirements, unset-memory-requirements · kube-score container-resources,
 * container-ephemeral-storage-request-and-limit · checkov CKV_K8S_10, 11, 12, 13 · polaris cpuLimitsMissing, memoryLimitsMissing.
 * Deliberately not kube-score container-resource-requests-equal-limits: how far limits exceed requests is the environment's decision.
 */
export const resourceLimits: Rule = (tree) =>
  tree.containers
    .filter(({ type }) => type !== 'ephemeralContainers')
    .flatMap((container) => resources.flatMap((each) => checkResource(container, ...each)));

function checkResource({ workload, path, value }: Container, name: string, resource: Resource): Problem[] {
  const quantity = (bound: string) => read(value, `resources.${bound}.${name}`);
  const at = (bound: string, must: string, fix: string) =>
    violation('resource-limits', workload.file, `${path}.resources.${bound}.${name}`, quantity(bound), must, fix);
  const problems = ['requests', 'limits'].flatMap((bound) =>
    checkQuantity('', quantity(bound), resource).map(({ rule, fix }) => at(bound, rule, fix)),
  );
  if (problems.length > 0) return problems;
  if (amountOf(quantity('requests') as string, resource) <= amountOf(quantity('limits') as string, resource)) return [];
  return [at('requests', `at most the limit, which is ${quantity('limits')}`, 'lower the request or raise the limit')];
}
