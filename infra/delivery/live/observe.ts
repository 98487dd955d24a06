import { ApiError, Unreachable } from '../../kubernetes/api-error.ts';
import type { Connection } from '../../kubernetes/connection.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { objectsAt, textAt } from '../../kubernetes/object.ts';
import { fail } from '../errors.ts';
import type { Evidence } from './diagnosis.ts';
import type { Finding } from './finding.ts';
import { answering, type Observation, refreshAnnotation } from './judge.ts';
import type { Wanted } from './wanted.ts';
import type { Answer } from './workload.ts';

/** Everything that is asked of a cluster about an environment, and the one thing that is written: the wish that Argo CD looks again. */
export interface ClusterView {
  /** The environment's objects, and what its services answer. @throws Failure when the API server refuses; Unreachable */
  look(wanted: Wanted): Promise<Omit<Observation, 'revisions'>>;
  /** Has Argo CD look at Applications at once. */
  refresh(wanted: Wanted, applications: readonly string[]): Promise<void>;
  /** What the cluster knows about a finding. Never throws. */
  evidence(wanted: Wanted, finding: Finding): Promise<Evidence>;
}

/** Milliseconds for one question: all of them are small. */
const patience = 5_000;
const longestLine = 4096;

/** The questions, asked through one connection. @param signal interrupts them */
export function viewCluster(connection: Connection, signal: AbortSignal): ClusterView {
  const get = async (path: string) => (await connection.send({ method: 'GET', path, signal, tries: 1, timeout: patience })).body;
  const list = async (path: string, query: Readonly<Record<string, string>>) =>
    objectsAt(await get(`${path}?${new URLSearchParams(query)}`), 'items');

  /** From the server's cache: cheap enough to be asked four times a second. */
  const ofEnvironment = (environment: string) => ({ labelSelector: `app.kubernetes.io/part-of=${environment}`, resourceVersion: '0' });

  async function look(wanted: Wanted) {
    const selector = ofEnvironment(wanted.environment);
    const [applications, deployments] = await Promise.all([
      list(applicationsPath(wanted), selector).catch(noneWhenUnknown),
      list(`/apis/apps/v1/namespaces/${wanted.namespace}/deployments`, selector),
    ]).catch((error) => refused(error, connection));
    const services = answering(wanted, deployments);
    const answers = await Promise.all(services.map(async (service) => [service, await ask(wanted, service)] as const));
    return { applications, deployments, answers: Object.fromEntries(answers) };
  }

  /** Through the API server, so that no route into the cluster is needed. */
  async function ask({ namespace }: Wanted, service: string): Promise<Answer> {
    try {
      const answer = await get(`/api/v1/namespaces/${namespace}/services/http:${service}:http/proxy/version`);
      const commit = textAt(answer, 'commit');
      return commit === undefined ? { problem: 'GET /version names no commit' } : { commit };
    } catch (error) {
      if (error instanceof ApiError || error instanceof Unreachable) return { problem: `GET /version: ${error.message}` };
      throw error;
    }
  }

  async function refresh(wanted: Wanted, applications: readonly string[]): Promise<void> {
    const body = { metadata: { annotations: { [refreshAnnotation]: 'normal' } } };
    const contentType = 'application/merge-patch+json';
    const patch = (name: string) =>
      connection.send({ method: 'PATCH', path: `${applicationsPath(wanted)}/${name}`, body, contentType, signal, timeout: patience });
    await Promise.all(applications.map(patch)).catch((error) => refused(error, connection));
  }

  async function evidence(wanted: Wanted, { object }: Finding): Promise<Evidence> {
    const { kind, name, namespace = '' } = object;
    const service = wanted.services.find((candidate) => kind !== 'Application' && candidate.name === name);
    const pods = service
      ? list(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `app.kubernetes.io/instance=${service.application}` })
      : [];
    const [events, found] = await Promise.all([
      list(`/api/v1/namespaces/${namespace}/events`, { limit: '500' }).catch(() => []),
      Promise.resolve(pods).catch(() => []),
    ]);
    const logs = await Promise.all(found.map((pod) => lastLine(namespace, textAt(pod, 'metadata', 'name') ?? '', name)));
    return { events, pods: found, lastLines: Object.fromEntries(found.map((pod, at) => [textAt(pod, 'metadata', 'name'), logs[at]])) };
  }

  /** Of the container that runs, or else of the one before. */
  async function lastLine(namespace: string, pod: string, container: string): Promise<string | undefined> {
    for (const previous of ['false', 'true']) {
      const query = new URLSearchParams({ container, previous, tailLines: '1', limitBytes: String(longestLine) });
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
      const { text } = await connection.send({ method: 'GET', path, signal, tries: 1, timeout: patience }).catch(() => ({ text: '' }));
      if (text.trim() !== '') return text.trim();
    }
    return undefined;
  }

  return { look, refresh, evidence };
}

function applicationsPath({ argocd }: Wanted): string {
  return `/apis/argoproj.io/v1alpha1/namespaces/${argocd}/applications`;
}

/** Without Argo CD there are no Applications. */
function noneWhenUnknown(error: unknown): JsonObject[] {
  if (error instanceof ApiError && error.status === 404) return [];
  throw error;
}

/** A server that is busy or starts is one that is away; whatever else it refuses is a matter of rights. */
function refused(cause: unknown, { server }: Connection): never {
  if (!(cause instanceof ApiError)) throw cause;
  if (cause.status === 429 || cause.status >= 500) throw new Unreachable(cause.message, true, { cause });
  const fix = 'grant the user of the context this right, or renew its credentials';
  return fail('E_AUTH', server, undefined, `the API server refuses it: ${cause.message}`, fix, { cause });
}
