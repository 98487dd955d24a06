import { stringify } from 'yaml';
import type { Component, ConfigurationFile, NodeSpec } from './component.ts';
import { containerdEndpoint } from './containerd.ts';
import { inside } from './node-layout.ts';

const { configuration, keys, programs } = inside;

/** What runs pods and what routes their Services. */
export function nodeAgents(spec: NodeSpec): Component[] {
  return [
    {
      name: 'kubelet',
      argv: [
        `${programs}/kubelet`,
        `--config=${configuration}/kubelet.yaml`,
        `--kubeconfig=${configuration}/kubelet.kubeconfig`,
        `--hostname-override=${spec.layout.name}`,
        `--node-ip=${spec.network.node}`,
      ],
      needs: ['containerd', 'kube-apiserver'],
      ready: { kind: 'node' },
    },
    { name: 'kube-proxy', argv: [`${programs}/kube-proxy`, `--config=${configuration}/kube-proxy.yaml`], needs: ['kube-apiserver'] },
  ];
}

/** The configuration of both. */
export function nodeAgentFiles(spec: NodeSpec): ConfigurationFile[] {
  return [
    { path: 'kubelet.yaml', text: stringify(kubelet(spec)) },
    { path: 'kube-proxy.yaml', text: stringify(kubeProxy(spec)) },
    { path: 'resolv.conf', text: `nameserver ${spec.network.egressResolver}\n` },
  ];
}

function kubelet({ layout, network }: NodeSpec): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.node,
    readOnlyPort: 0,
    healthzPort: 0,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: `${keys}/ca.crt` } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${keys}/kubelet-server.crt`,
    tlsPrivateKeyFile: `${keys}/kubelet-server.key`,
    tlsMinVersion: 'VersionTLS12',
    clusterDomain: 'cluster.local',
    clusterDNS: [network.node],
    resolvConf: `${configuration}/resolv.conf`,
    containerRuntimeEndpoint: containerdEndpoint,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.name}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    serializeImagePulls: false,
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    logging: { verbosity: 0 },
  };
}

function kubeProxy({ layout, network }: NodeSpec): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    hostnameOverride: layout.name,
    clientConnection: { kubeconfig: `${configuration}/kube-proxy.kubeconfig` },
    clusterCIDR: network.pods,
    // The limits of connection tracking belong to the host.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    iptables: { localhostNodePorts: false },
    nodePortAddresses: [`${network.node}/32`],
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    oomScoreAdj: 0,
  };
}
