import type { Problem } from '../problem.ts';
import { isSame, items, read } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Container } from './tree.ts';

const longRunning = ['Deployment', 'StatefulSet', 'DaemonSet'];
const kinds = ['startupProbe', 'readinessProbe', 'livenessProbe'];

/**
 * Containers that run on say when they have started, can serve and are stuck, on a port they declare; readiness asks another question
 * than liveness.
 * kube-linter no-liveness-probe, no-readiness-probe, liveness-port, readiness-port · kube-score pod-probes · checkov CKV_K8S_8, 9 ·
 * polaris livenessProbeMissing, readinessProbeMissing
 */
export const probes: Rule = (tree) =>
  tree.containers
    .filter(({ type, workload }) => type === 'containers' && longRunning.includes(workload.file.object.kind))
    .flatMap(checkProbes);

function checkProbes(container: Container): Problem[] {
  const { workload, value, path } = container;
  const at = (field: string, must: string, fix: string) =>
    violation('probes', workload.file, `${path}.${field}`, read(value, field), must, fix);
  const problems = kinds.flatMap((kind) =>
    read(value, kind) === undefined ? [at(kind, 'is set', 'add the probe')] : checkProbe(container, kind, at),
  );
  if (read(value, 'readinessProbe') !== undefined && isSame(question(value, 'readinessProbe'), question(value, 'livenessProbe'))) {
    problems.push(at('readinessProbe', 'differs from livenessProbe', 'ask readiness on a path of its own'));
  }
  return problems;
}

function checkProbe({ value }: Container, kind: string, at: (field: string, must: string, fix: string) => Problem): Problem[] {
  const problems = question(value, kind).every((asked) => asked === null)
    ? [at(kind, 'asks by httpGet, tcpSocket, exec or grpc', 'say what to ask')]
    : [];
  for (const field of [`${kind}.httpGet.port`, `${kind}.tcpSocket.port`]) {
    const port = read(value, field);
    if (
      port !== undefined &&
      !items(value, 'ports').some((declared) => port === read(declared, 'name') || port === read(declared, 'containerPort'))
    ) {
      problems.push(at(field, 'a port that the container declares', 'declare it, or correct the name'));
    }
  }
  // the defaults of the API server
  const period = read(value, `${kind}.periodSeconds`) ?? 10;
  const timeout = read(value, `${kind}.timeoutSeconds`) ?? 1;
  if (Number(timeout) > Number(period))
    problems.push(at(`${kind}.timeoutSeconds`, `at most periodSeconds, which is ${period}`, 'lower it'));
  return problems;
}

function question(container: unknown, kind: string): unknown[] {
  return ['httpGet', 'tcpSocket', 'exec', 'grpc'].map((field) => read(container, `${kind}.${field}`) ?? null);
}
