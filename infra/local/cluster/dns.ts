import type { Component, ConfigurationFile, NodeSpec } from './component.ts';
import { inside } from './node-layout.ts';

/** CoreDNS beside the kubelet rather than in a pod: DNS needs no image. */
export function dns(): Component {
  return {
    name: 'coredns',
    argv: [`${inside.programs}/coredns`, `-conf=${inside.configuration}/Corefile`],
    needs: ['bootstrap'],
    ready: { kind: 'dns', name: 'kubernetes.default.svc.cluster.local' },
  };
}

/** Names of the cluster are answered from its API and never cached; all others go to the host's resolvers. */
export function dnsFiles({ network, egress }: NodeSpec): ConfigurationFile[] {
  return [
    {
      path: 'Corefile',
      text: `.:53 {
  bind ${network.node}
  errors
  cache 30 {
    disable success cluster.local
    disable denial cluster.local
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig ${inside.configuration}/coredns.kubeconfig
    ttl 5
  }
${egress ? `  forward . ${network.egressResolver}\n` : ''}}
`,
    },
  ];
}
