import type { Component, ConfigurationFile, NodeSpec } from './component.ts';
import { inside } from './node-layout.ts';
import { registryFiles } from './registries.ts';

const socket = '/run/containerd/containerd.sock';
const hosts = `${inside.configuration}/registries`;

/** The container runtime's endpoint for the kubelet. */
export const containerdEndpoint = `unix://${socket}`;

/** Name of the image that holds a pod's namespaces. */
export const sandboxImage = 'registry.k8s.io/pause:3.10.2';

export function containerd(): Component {
  return {
    name: 'containerd',
    argv: [`${inside.programs}/containerd`, `--config=${inside.configuration}/containerd.toml`, '--log-level=warn'],
    needs: [],
    ready: { kind: 'socket', path: socket },
    // The shim is looked for on PATH.
    env: { PATH: `${inside.programs}:/usr/sbin:/usr/bin:/sbin:/bin` },
  };
}

/** containerd's configuration and a file per registry. */
export function containerdFiles(spec: NodeSpec): ConfigurationFile[] {
  const registries = registryFiles(`http://${spec.network.host}:${spec.registryPort}`);
  return [
    { path: 'containerd.toml', text: configuration(spec) },
    { path: 'cni/10-fullcycle.conflist', text: podNetwork(spec) },
    ...registries.map(({ path, text }) => ({ path: `registries/${path}`, text })),
  ];
}

function configuration({ snapshotter, oomScoreAdjustment }: NodeSpec): string {
  return `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
  address = "${socket}"

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "${snapshotter}"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${sandboxImage}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "${hosts}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = ${!oomScoreAdjustment}
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
    conf_dir = "${inside.configuration}/cni"
`;
}

/** Every pod has a link of its own to the node, which routes: nothing on the way needs a bridge or its kernel module. */
function podNetwork({ network }: NodeSpec): string {
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'fullcycle',
    plugins: [
      { type: 'ptp', mtu: 1500, ipam: { type: 'host-local', ranges: [[{ subnet: network.pods }]], routes: [{ dst: '0.0.0.0/0' }] } },
    ],
  });
}
