import { formatProblem } from '../../infra/delivery/errors.ts';
import { type BootstrapRule, type DeclaredObject, declaredObject } from '../../infra/policy-pack/declared.ts';
import type { PropertyMap } from '../../infra/provider/value.ts';

/** A provider that says which cluster it is for. */
export const cluster = { name: 'cluster', inputs: { kubeconfig: 'text', context: 'prod' } };

/** An object as a program declares it; its type is that of its apiVersion and kind unless it is given. */
export function declare(inputs: PropertyMap, options: Partial<Pick<DeclaredObject, 'type' | 'sealed' | 'provider'>> = {}): DeclaredObject {
  const { apiVersion = 'v1', kind } = inputs as { apiVersion?: string; kind: string };
  const type = `kubernetes:${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}:${kind}`;
  const declared = declaredObject({ name: 'x', type, sealed: [], provider: cluster, inputs: { apiVersion, ...inputs }, ...options });
  if (!declared) throw new Error(`${type} is no object`);
  return declared;
}

/** What a rule says of it, as users read it. */
export function told(rule: BootstrapRule, declared: DeclaredObject, namespace = 'argocd'): string[] {
  return rule(declared, { namespace }).map(formatProblem);
}

/** A Deployment with one container. */
export function deployment(container: PropertyMap, pod: PropertyMap = {}, labels: PropertyMap = {}): PropertyMap {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'argocd-server', namespace: 'argocd' },
    spec: { template: { metadata: { labels }, spec: { ...pod, containers: [{ name: 'argocd-server', ...container }] } } },
  };
}
