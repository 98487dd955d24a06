import { createHash } from 'node:crypto';
import { bootstrap, bootstrapFiles } from './bootstrap.ts';
import type { Component, ConfigurationFile, NodeSpec } from './component.ts';
import { containerd, containerdFiles } from './containerd.ts';
import { controlPlane, controlPlaneFiles } from './control-plane.ts';
import { dns, dnsFiles } from './dns.ts';
import { etcd } from './etcd.ts';
import { nodeAgentFiles, nodeAgents } from './kubelet.ts';

/** Everything that runs in the node. */
export function nodeComponents(spec: NodeSpec): Component[] {
  return [etcd(), containerd(), ...controlPlane(spec), bootstrap(spec), ...nodeAgents(spec), dns()];
}

/** Everything they read besides keys. @param encryptionKey of the secrets in etcd */
export function nodeConfiguration(spec: NodeSpec, encryptionKey: string): ConfigurationFile[] {
  return [
    ...controlPlaneFiles(encryptionKey),
    ...containerdFiles(spec),
    ...nodeAgentFiles(spec),
    ...dnsFiles(spec),
    ...bootstrapFiles(spec),
  ];
}

/** Hash of all that decides how the node runs. A node that runs with another one has to be started again. */
export function revision(spec: NodeSpec): string {
  const decided = [spec, nodeComponents(spec), nodeConfiguration(spec, '')];
  return createHash('sha256').update(JSON.stringify(decided)).digest('hex');
}
