import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { Quota } from './environment.ts';
import { DefaultDeny } from './network-policy.ts';

/** Version of the Pod Security Standards; pinned so that a cluster upgrade can't start to refuse pods that run. */
const podSecurityVersion = 'v1.36';

export interface NamespaceBundleProps {
  /** Name of the namespace. */
  readonly name: string;
  /** Bounds of everything in it together. */
  readonly quota: Quota;
}

/** A namespace that admits restricted pods only, with quota, defaults for containers and closed network. */
export class NamespaceBundle extends Construct {
  constructor(scope: Construct, id: string, { name, quota }: NamespaceBundleProps) {
    super(scope, id);
    new k8s.KubeNamespace(this, 'Namespace', { metadata: { name, labels: podSecurity(), annotations: deleteByHandOnly } });
    new k8s.KubeResourceQuota(this, 'ResourceQuota', { metadata: { name }, spec: { hard: hard(quota) } });
    new k8s.KubeLimitRange(this, 'LimitRange', { metadata: { name }, spec: { limits: [containerDefaults()] } });
    new DefaultDeny(this, 'NetworkPolicy');
  }
}

/** A namespace takes everything in it along, so Argo CD waits for a person. */
const deleteByHandOnly = { 'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm' };

/** Labels of a namespace that admits pods of the Pod Security Standard `restricted` only. */
export function podSecurity(): Record<string, string> {
  const modes = ['enforce', 'audit', 'warn'];
  return Object.fromEntries(
    modes.flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, 'restricted'],
      [`pod-security.kubernetes.io/${mode}-version`, podSecurityVersion],
    ]),
  );
}

/** Limits bound the requests too; ports on nodes and load balancers are for the ingress controller. */
function hard(quota: Quota): Record<string, k8s.Quantity> {
  return {
    'limits.cpu': k8s.Quantity.fromString(quota.cpu),
    'limits.memory': k8s.Quantity.fromString(quota.memory),
    pods: k8s.Quantity.fromString(String(quota.pods)),
    'services.loadbalancers': k8s.Quantity.fromString('0'),
    'services.nodeports': k8s.Quantity.fromString('0'),
  };
}

/** For containers that state nothing, such as a debug container; ours state everything. */
function containerDefaults(): k8s.LimitRangeItem {
  const amounts = (cpu: string, memory: string) => ({
    cpu: k8s.Quantity.fromString(cpu),
    memory: k8s.Quantity.fromString(memory),
    'ephemeral-storage': k8s.Quantity.fromString(memory),
  });
  return { type: 'Container', default: amounts('250m', '128Mi'), defaultRequest: amounts('50m', '64Mi') };
}
