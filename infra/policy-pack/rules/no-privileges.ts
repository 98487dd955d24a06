import { items, read } from '../../../charts/policy/read.ts';
import { violation } from '../../../charts/policy/rule.ts';
import { type Container, treeOf, type Workload } from '../../../charts/policy/tree.ts';
import type { Problem } from '../../../charts/problem.ts';
import { asFile, type BootstrapRule } from '../declared.ts';

const fix = 'remove it: Argo CD needs nothing of its node';

/** No pod gets more than a pod has: no rights of its node's root, no namespaces, ports or folders of its node. PSS baseline. */
export const noPrivileges: BootstrapRule = (declared) => {
  const { workloads, containers } = treeOf([asFile(declared)]);
  return [...workloads.flatMap(checkPod), ...containers.flatMap(checkContainer)];
};

function checkPod({ file, pod, path }: Workload): Problem[] {
  const at = (field: string, value: unknown) => violation('no-privileges', file, `${path}.${field}`, value, 'is not set', fix);
  return [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => read(pod, field) === true).map((field) => at(field, true)),
    ...rootUser(pod).map((field) => at(field, 0)),
    ...items(pod, 'volumes').flatMap((volume, index) => {
      const folder = read(volume, 'hostPath.path');
      return folder === undefined ? [] : [at(`volumes[${index}].hostPath`, folder)];
    }),
  ];
}

function checkContainer({ workload, value, path }: Container): Problem[] {
  const at = (field: string, found: unknown) => violation('no-privileges', workload.file, `${path}.${field}`, found, 'is not set', fix);
  const added = items(value, 'securityContext.capabilities.add');
  return [
    ...['securityContext.privileged', 'securityContext.allowPrivilegeEscalation']
      .filter((field) => read(value, field) === true)
      .map((field) => at(field, true)),
    ...rootUser(value).map((field) => at(field, 0)),
    ...(added.length > 0 ? [at('securityContext.capabilities.add', added)] : []),
    ...items(value, 'ports').flatMap((port, index) => {
      const hostPort = read(port, 'hostPort');
      return hostPort === undefined || hostPort === 0 ? [] : [at(`ports[${index}].hostPort`, hostPort)];
    }),
  ];
}

function rootUser(value: unknown): string[] {
  return ['securityContext.runAsUser'].filter((field) => read(value, field) === 0);
}
