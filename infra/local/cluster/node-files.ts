import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dnsUser } from './bootstrap.ts';
import { type CertificateRequest, ensureAuthority, issue } from './certificates.ts';
import type { NodeSpec } from './component.ts';
import { apiPort } from './control-plane.ts';
import { kubeconfig } from './kubeconfig.ts';
import { nodeConfiguration } from './node-components.ts';
import { inside, onHost } from './node-layout.ts';

/** Users of the API, each with a kubeconfig of its own where a component needs one. */
const users: readonly (CertificateRequest & { readonly kubeconfig: boolean })[] = [
  { name: 'admin', commonName: 'fullcycle-admin', group: 'system:masters', usage: 'client', kubeconfig: true },
  { name: 'kube-controller-manager', commonName: 'system:kube-controller-manager', usage: 'client', kubeconfig: true },
  { name: 'kube-scheduler', commonName: 'system:kube-scheduler', usage: 'client', kubeconfig: true },
  { name: 'kube-proxy', commonName: 'system:kube-proxy', usage: 'client', kubeconfig: true },
  { name: 'coredns', commonName: dnsUser, usage: 'client', kubeconfig: true },
  { name: 'kube-apiserver-kubelet', commonName: 'fullcycle-apiserver', group: 'system:masters', usage: 'client', kubeconfig: false },
];

/** Writes the project's kubeconfig: the administrator, by way of loopback. */
export function writeKubeconfig(spec: NodeSpec): void {
  const keys = onHost(spec.layout, inside.keys);
  write(spec.layout.kubeconfig, kubeconfigOf(spec, keys, 'admin', `https://127.0.0.1:${spec.apiPort}`));
}

/** Writes all keys, certificates and configuration of the node. Nobody but root can read them. */
export async function writeNodeFiles(spec: NodeSpec): Promise<void> {
  const keys = onHost(spec.layout, inside.keys);
  await ensureAuthority(keys, spec.layout.name);
  await issue(keys, [...users, ...certificatesOf(spec)]);
  const encryptionKey = readFileSync(join(keys, 'encryption.key'), 'utf8');
  const folder = onHost(spec.layout, inside.configuration);
  for (const { path, text } of nodeConfiguration(spec, encryptionKey)) write(join(folder, path), text);
  const server = `https://${spec.network.node}:${apiPort}`;
  for (const { name } of [...users.filter((user) => user.kubeconfig), { name: 'kubelet' }]) {
    write(join(folder, `${name}.kubeconfig`), kubeconfigOf(spec, keys, name, server));
  }
  mkdirSync(join(folder, 'audit'), { recursive: true, mode: 0o700 });
}

function certificatesOf({ layout, network }: NodeSpec): CertificateRequest[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost'];
  const firstService = network.services.replace(/0\/\d+$/, '1');
  const addresses = ['127.0.0.1', network.node, firstService];
  const node = { commonName: `system:node:${layout.name}`, group: 'system:nodes' };
  return [
    {
      name: 'kube-apiserver',
      commonName: 'kube-apiserver',
      usage: 'server',
      names: [...service.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)],
    },
    { name: 'kubelet', ...node, usage: 'client' },
    { name: 'kubelet-server', ...node, usage: 'server', names: [`DNS:${layout.name}`, `IP:${network.node}`] },
  ];
}

function kubeconfigOf({ layout }: NodeSpec, keys: string, user: string, server: string): string {
  const pem = (name: string) => readFileSync(join(keys, name), 'utf8');
  return kubeconfig({ name: layout.name, server, authority: pem('ca.crt'), certificate: pem(`${user}.crt`), key: pem(`${user}.key`) });
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode: 0o600 });
}
