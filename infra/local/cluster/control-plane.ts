import { stringify } from 'yaml';
import type { Component, ConfigurationFile, NodeSpec } from './component.ts';
import { etcdEndpoint } from './etcd.ts';
import { inside } from './node-layout.ts';

const { configuration, keys, programs } = inside;

/** Port of the API server on the node. */
export const apiPort = 6443;

/** Where the API server writes who changed what, inside the node: one JSON object a line, metadata only. */
export const auditLog = '/var/lib/kubernetes/audit/audit.log';

/** The API server, the controllers and the scheduler. */
export function controlPlane(spec: NodeSpec): Component[] {
  return [
    // The garbage collector's usual 100 takes 50 MiB more.
    { name: 'kube-apiserver', argv: apiServer(spec), needs: ['etcd'], ready: { kind: 'api' }, env: { GOGC: '50' } },
    { name: 'kube-controller-manager', argv: controllerManager(), needs: ['kube-apiserver'] },
    { name: 'kube-scheduler', argv: scheduler(), needs: ['kube-apiserver'] },
  ];
}

function apiServer({ network }: NodeSpec): [string, ...string[]] {
  return [
    `${programs}/kube-apiserver`,
    `--advertise-address=${network.node}`,
    `--bind-address=${network.node}`,
    `--secure-port=${apiPort}`,
    '--tls-min-version=VersionTLS12',
    `--tls-cert-file=${keys}/kube-apiserver.crt`,
    `--tls-private-key-file=${keys}/kube-apiserver.key`,
    `--client-ca-file=${keys}/ca.crt`,
    '--anonymous-auth=false',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    '--profiling=false',
    `--etcd-servers=${etcdEndpoint}`,
    `--encryption-provider-config=${configuration}/encryption.yaml`,
    `--audit-policy-file=${configuration}/audit-policy.yaml`,
    `--audit-log-path=${auditLog}`,
    '--audit-log-maxsize=50',
    '--audit-log-maxbackup=1',
    `--service-cluster-ip-range=${network.services}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${keys}/service-accounts.pub`,
    `--service-account-signing-key-file=${keys}/service-accounts.key`,
    `--kubelet-client-certificate=${keys}/kube-apiserver-kubelet.crt`,
    `--kubelet-client-key=${keys}/kube-apiserver-kubelet.key`,
    `--kubelet-certificate-authority=${keys}/ca.crt`,
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

function controllerManager(): [string, ...string[]] {
  return [
    `${programs}/kube-controller-manager`,
    `--kubeconfig=${configuration}/kube-controller-manager.kubeconfig`,
    // Its port would serve only metrics; one instance needs no election, which costs a restart 15 s.
    '--secure-port=0',
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--root-ca-file=${keys}/ca.crt`,
    `--service-account-private-key-file=${keys}/service-accounts.key`,
  ];
}

function scheduler(): [string, ...string[]] {
  return [
    `${programs}/kube-scheduler`,
    `--kubeconfig=${configuration}/kube-scheduler.kubeconfig`,
    '--secure-port=0',
    '--leader-elect=false',
  ];
}

/** What the API server reads. @param encryptionKey 32 bytes in base64 */
export function controlPlaneFiles(encryptionKey: string): ConfigurationFile[] {
  return [
    { path: 'encryption.yaml', text: stringify(encryption(encryptionKey)) },
    { path: 'audit-policy.yaml', text: stringify(auditPolicy) },
  ];
}

function encryption(key: string): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: ['secrets'], providers: [{ secretbox: { keys: [{ name: 'key1', secret: key }] } }, { identity: {} }] }],
  };
}

/** Records every write by name, user and time, without bodies. Left out: reads, questions about rights, and the heartbeats of the cluster's own parts. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'None', resources: [{ group: 'authentication.k8s.io' }, { group: 'authorization.k8s.io' }] },
    { level: 'None', userGroups: ['system:nodes'], resources: [{ group: 'coordination.k8s.io' }, { resources: ['nodes/status'] }] },
    { level: 'None', users: ['system:apiserver'], resources: [{ group: 'coordination.k8s.io' }] },
    { level: 'Metadata' },
  ],
};
