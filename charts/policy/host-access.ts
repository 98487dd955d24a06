import type { Problem } from '../problem.ts';
import { items, read } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Container, Workload } from './tree.ts';

const hostFields = ['hostNetwork', 'hostPID', 'hostIPC'];
const allowedVolumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];
const handlers = ['startupProbe', 'readinessProbe', 'livenessProbe', 'lifecycle.postStart', 'lifecycle.preStop'];

/**
 * Pods see nothing of their node: no host namespaces, ports, paths, kernel settings, nor probes sent to other hosts, and their scratch
 * space is bounded.
 * PSS baseline and restricted · kube-linter host-network, host-pid, host-ipc, sensitive-host-mounts, unsafe-sysctls, unsafe-proc-mount ·
 * checkov CKV_K8S_17, 18, 19, 26, 27 · polaris hostNetworkSet, hostPortSet
 */
export const hostAccess: Rule = (tree) => [...tree.workloads.flatMap(checkPod), ...tree.containers.flatMap(checkContainer)];

function checkPod({ file, pod, path }: Workload): Problem[] {
  const at = (field: string, value: unknown, must: string) => violation('host-access', file, `${path}.${field}`, value, must, 'remove it');
  const sysctls = items(pod, 'securityContext.sysctls');
  return [
    ...hostFields.filter((field) => read(pod, field) === true).map((field) => at(field, true, 'false')),
    ...(sysctls.length > 0 ? [at('securityContext.sysctls', sysctls, 'none')] : []),
    ...items(pod, 'volumes').flatMap((volume, index) => {
      const type = Object.keys((volume as object | null) ?? {}).find((key) => key !== 'name') ?? 'nothing';
      if (!allowedVolumes.includes(type)) return [at(`volumes[${index}]`, type, `one of ${allowedVolumes.join(', ')}`)];
      const isBounded = type !== 'emptyDir' || read(volume, 'emptyDir.sizeLimit') !== undefined;
      return isBounded
        ? []
        : [violation('host-access', file, `${path}.volumes[${index}].emptyDir.sizeLimit`, undefined, 'is set', 'set a size')];
    }),
  ];
}

function checkContainer({ workload, value, path }: Container): Problem[] {
  const at = (field: string, found: unknown, must: string) =>
    violation('host-access', workload.file, `${path}.${field}`, found, must, 'remove it');
  const procMount = read(value, 'securityContext.procMount');
  return [
    ...items(value, 'ports').flatMap((port, index) => {
      const hostPort = read(port, 'hostPort');
      return hostPort === undefined || hostPort === 0 ? [] : [at(`ports[${index}].hostPort`, hostPort, 'none')];
    }),
    ...(procMount === undefined || procMount === 'Default' ? [] : [at('securityContext.procMount', procMount, 'Default')]),
    ...handlers.flatMap((handler) =>
      ['httpGet.host', 'tcpSocket.host'].flatMap((field) => {
        const host = read(value, `${handler}.${field}`);
        return host === undefined || host === '' ? [] : [at(`${handler}.${field}`, host, 'none, so the pod itself')];
      }),
    ),
  ];
}
