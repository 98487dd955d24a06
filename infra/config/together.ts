import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../charts/problem.ts';
import type { StackConfig } from './stack.ts';

/**
 * `checkTogether(stacks): Problem[]` - what is wrong with environments that are right each by itself: E_NAMESPACE for a namespace of two
 * on one cluster, E_STACK_CONFIG for two ways to install one Argo CD and for promotion that leads nowhere but in a circle.
 */
export function checkTogether(stacks: readonly StackConfig[]): Problem[] {
  return stacks.flatMap((stack, index) => {
    const others = stacks.slice(0, index);
    return [...checkNamespaces(stack, others), ...checkArgoCd(stack, others), ...checkCircle(stack, stacks)];
  });
}

function checkNamespaces({ environment, cluster }: StackConfig, others: readonly StackConfig[]): Problem[] {
  const { name, namespace, argocd } = environment;
  const other = others.find(
    (each) =>
      each.environment.namespace === namespace &&
      each.environment.argocd.server === argocd.server &&
      each.cluster.context === cluster.context,
  );
  if (!other) return [];
  const rule = `not the namespace of ${other.environment.name}, which is on the same cluster`;
  return [{ code: 'E_NAMESPACE', field: 'namespace', value: namespace, rule, fix: 'give each a namespace of its own', at: file(name) }];
}

/** An environment that names no cluster is not on anybody's yet, but on the local one, where Argo CD has settings of its own. */
function checkArgoCd({ environment, argocd, cluster }: StackConfig, others: readonly StackConfig[]): Problem[] {
  if (cluster.context === undefined) return [];
  const other = others.find((each) => each.argocd.namespace === argocd.namespace && each.cluster.context === cluster.context);
  if (!other || isDeepStrictEqual(other.argocd, argocd)) return [];
  const rule = `the same as for ${other.environment.name}: both are one Argo CD`;
  return [{ code: 'E_STACK_CONFIG', field: 'argocd', rule, fix: 'state it once, as default in Pulumi.yaml', at: file(environment.name) }];
}

function checkCircle({ environment: { name }, promotion }: StackConfig, stacks: readonly StackConfig[]): Problem[] {
  const path = [name];
  for (let from = promotion.from; from !== undefined; from = sourceOf(from, stacks)) {
    if (from === name) {
      const rule = `no circle: ${[...path, name].reverse().join(' → ')}`;
      return [
        { code: 'E_STACK_CONFIG', field: 'promotion.from', value: promotion.from, rule, fix: 'let one be the first', at: file(name) },
      ];
    }
    if (path.includes(from)) return [];
    path.push(from);
  }
  return [];
}

function sourceOf(name: string, stacks: readonly StackConfig[]): string | undefined {
  return stacks.find(({ environment }) => environment.name === name)?.promotion.from;
}

function file(environment: string): string {
  return `Pulumi.${environment}.yaml`;
}
