import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';

/** Who may reach the pods of a service. */
export interface ServiceNetworkPolicyProps {
  readonly name: string;
  /** Labels that select the pods. */
  readonly selector: Readonly<Record<string, string>>;
  /** Name or number of the container port that is let through. */
  readonly port: number;
  /** Namespaces let in besides the own one, by name. @default none */
  readonly from?: readonly string[];
}

/**
 * Lets the own namespace and the named ones reach one port of a service, and lets its pods reach nothing, DNS included.
 * Void where the cluster's network plugin does not enforce policies.
 */
export class ServiceNetworkPolicy extends k8s.KubeNetworkPolicy {
  constructor(scope: Construct, id: string, { name, selector, port, from = [] }: ServiceNetworkPolicyProps) {
    const namespaces = from.map((namespace) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }));
    super(scope, id, {
      metadata: { name },
      spec: {
        podSelector: { matchLabels: { ...selector } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: {} }, ...namespaces], ports: [{ port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' }] }],
        egress: [],
      },
    });
  }
}

/** Closes a namespace: what no other policy lets through, in or out, is dropped. */
export class DefaultDeny extends k8s.KubeNetworkPolicy {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      metadata: { name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [] },
    });
  }
}
