import type { Problem } from '../problem.ts';
import { isSame, items, read } from './read.ts';
import { type Expectation, type Rule, show, violation } from './rule.ts';
import type { Container, Workload } from './tree.ts';

/** Lowest id that is no user of the node. Source: checkov CKV_K8S_40, kube-score container-security-context-user-group-id. */
const lowestId = 10_000;

const podFields: readonly Expectation[] = [
  ['securityContext.runAsNonRoot', true],
  ['securityContext.seccompProfile.type', 'RuntimeDefault'],
];
const containerFields: readonly Expectation[] = [
  ['securityContext.allowPrivilegeEscalation', false],
  ['securityContext.capabilities.drop', ['ALL']],
  ['securityContext.privileged', false],
  ['securityContext.readOnlyRootFilesystem', true],
  ['securityContext.runAsNonRoot', true],
];

/**
 * Pod Security Standard `restricted`, with a read-only root file system and ids that are no user of the node.
 * PSS restricted · kube-linter run-as-non-root, no-read-only-root-fs, privileged-container, privilege-escalation-container,
 * drop-net-raw-capability · kube-score container-security-context-* · checkov CKV_K8S_16, 20, 22, 23, 28, 29, 30, 31, 37, 40
 */
export const securityContext: Rule = (tree) => [...tree.workloads.flatMap(checkPod), ...tree.containers.flatMap(checkContainer)];

function checkPod({ file, pod, path }: Workload): Problem[] {
  const at = (field: string, must: string) =>
    violation('security-context', file, `${path}.${field}`, read(pod, field), must, `set ${must}`);
  return [
    ...podFields.filter(([field, value]) => !isSame(read(pod, field), value)).map(([field, value]) => at(field, show(value))),
    ...['runAsUser', 'runAsGroup', 'fsGroup']
      .map((id) => `securityContext.${id}`)
      .filter((field) => !isHighId(read(pod, field)))
      .map((field) => at(field, `${lowestId} or more`)),
  ];
}

function checkContainer({ workload, value, path }: Container): Problem[] {
  const at = (field: string, must: string, fix: string) =>
    violation('security-context', workload.file, `${path}.${field}`, read(value, field), must, fix);
  const problems = containerFields
    .filter(([field, expected]) => !isSame(read(value, field), expected))
    .map(([field, expected]) => at(field, show(expected), `set ${show(expected)}`));
  if (items(value, 'securityContext.capabilities.add').length > 0)
    problems.push(at('securityContext.capabilities.add', 'nothing', 'remove it'));
  for (const id of ['runAsUser', 'runAsGroup']) {
    const given = read(value, `securityContext.${id}`);
    if (given !== undefined && !isHighId(given))
      problems.push(at(`securityContext.${id}`, `${lowestId} or more, or that of the pod`, 'remove it'));
  }
  const profile = read(value, 'securityContext.seccompProfile.type');
  if (profile !== undefined && profile !== 'RuntimeDefault')
    problems.push(at('securityContext.seccompProfile.type', 'that of the pod', 'remove it'));
  return problems;
}

function isHighId(id: unknown): boolean {
  return typeof id === 'number' && Number.isInteger(id) && id >= lowestId;
}
