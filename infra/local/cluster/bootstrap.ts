import { stringify } from 'yaml';
import type { KubernetesObject } from '../../../charts/environment.ts';
import { localNames } from '../addresses.ts';
import type { Component, ConfigurationFile, NodeSpec } from './component.ts';
import { inside, onHost } from './node-layout.ts';

/** User that CoreDNS reads the API as. */
export const dnsUser = 'system:coredns';

/** Arguments of kubectl that apply a file as its only owner. @param file `-` for stdin */
export function applying(file: string): readonly string[] {
  return ['apply', '--server-side', '--force-conflicts', '--field-manager=fullcycle-cluster', `--filename=${file}`];
}

/** Applies the objects that the cluster itself needs; done again at every start. */
export function bootstrap({ layout, kubectl }: NodeSpec): Component {
  const folder = onHost(layout, inside.configuration);
  return {
    name: 'bootstrap',
    where: 'host',
    argv: [kubectl, `--kubeconfig=${folder}/admin.kubeconfig`, ...applying(`${folder}/bootstrap.yaml`)],
    needs: ['kube-apiserver'],
    ready: { kind: 'ended' },
    env: { HOME: '/nonexistent' },
  };
}

export function bootstrapFiles(spec: NodeSpec): ConfigurationFile[] {
  return [{ path: 'bootstrap.yaml', text: manifest([...dnsRights(), ...gitServer(spec.network.host, spec.gitopsPort)]) }];
}

/** Objects as one YAML stream. */
export function manifest(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}

function dnsRights(): KubernetesObject[] {
  const rights = 'rbac.authorization.k8s.io';
  const metadata = { name: dnsUser };
  return [
    {
      apiVersion: `${rights}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['namespaces', 'pods', 'services'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: `${rights}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rights, kind: 'ClusterRole', name: dnsUser },
      subjects: [{ apiGroup: rights, kind: 'User', name: dnsUser }],
    },
  ];
}

/**
 * `http://gitops.fullcycle-local.svc.cluster.local`: the git server on the host, under a name that is the same on every machine.
 * @param host IP address by which pods reach the host
 */
export function gitServer(host: string, gitopsPort: number): KubernetesObject[] {
  const [name = '', namespace = ''] = new URL(localNames.gitops).hostname.split('.');
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports: [{ name: 'http', port: 80 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: gitopsPort }],
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
    },
  ];
}
