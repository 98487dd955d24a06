import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { suggest } from '../config/suggestion.ts';
import { Failure, fail } from '../delivery/errors.ts';
import { ApiError, LoginFailed, Unreachable } from './api-error.ts';
import { type Connection, connect } from './connection.ts';
import {
  contextNames,
  type Kubeconfig,
  KubeconfigError,
  mergeKubeconfigs,
  parseKubeconfig,
  type SingleContext,
  singleContext,
} from './kubeconfig.ts';
import { textAt } from './object.ts';

/** The one cluster of an environment, checked. What it holds doesn't change when the user's kubeconfig does. */
export interface GuardedCluster {
  /** Text of a kubeconfig with one context, its cluster and its user; a secret. */
  readonly kubeconfig: string;
  readonly context: string;
  /** `https://host:port`. */
  readonly server: string;
  /** UID of the namespace kube-system, as the server says it. */
  readonly identity: string;
  readonly connection: Connection;
}

/** What an environment says about its cluster. */
export interface ClusterPin {
  readonly environment: string;
  /** Name of the context; the one that happens to be current is never used. */
  readonly context?: string;
  /** UID of the namespace kube-system. */
  readonly identity?: string;
  /** Paths of kubeconfigs in the syntax of `$KUBECONFIG`. @default `$KUBECONFIG`, else ~/.kube/config */
  readonly kubeconfig?: string;
}

/** Milliseconds a server has for its answer; twice, when the connection breaks. */
const patience = 10_000;

/**
 * Opens the cluster of an environment, and no other: the context is named, and the server behind it is the pinned one. Only reads.
 * @throws Failure E_CLUSTER when the context is not named, not there or broken; E_REMOTE_UNREACHABLE and E_AUTH when the server doesn't
 * let itself be asked; E_CLUSTER_IDENTITY when no identity is pinned; E_WRONG_CLUSTER when the server is another one
 */
export async function openCluster(
  pin: ClusterPin,
  { signal, env = process.env }: { readonly signal?: AbortSignal; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<GuardedCluster> {
  const found = await findCluster(pin, env);
  const connection = await connect(found.kubeconfig, found.context);
  const identity = await identify(connection, found.context, signal);
  checkIdentity(pin, { ...found, identity });
  return { ...found, identity, connection };
}

/** The cluster that the kubeconfig names for an environment; nobody has asked it who it is. @throws Failure E_CLUSTER */
export async function findCluster(
  pin: ClusterPin,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Pick<GuardedCluster, 'kubeconfig' | 'context' | 'server'>> {
  const config = await readKubeconfigs(pin.kubeconfig || env.KUBECONFIG || join(homedir(), '.kube', 'config'));
  const context = chooseContext(pin, contextNames(config));
  const { text, server } = pick(config, context);
  return { kubeconfig: text, context, server };
}

/** UID of kube-system on whatever cluster the context is: for a cluster that this program has started itself. @throws Failure like {@link openCluster} */
export async function clusterIdentity(kubeconfig: string, context: string, signal?: AbortSignal): Promise<string> {
  return identify(await connect(kubeconfig, context), context, signal);
}

/** Files that aren't there are passed over as kubectl does, but for all of them. */
async function readKubeconfigs(paths: string): Promise<Kubeconfig> {
  const configs: Kubeconfig[] = [];
  for (const path of paths.split(delimiter).filter((path) => path !== '')) {
    const file = resolve(path.replace(/^~(?=\/|$)/, homedir()));
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      return fail('E_CLUSTER', 'kubeconfig', file, `can't be read: ${error.code}`, 'look at it and at its permissions', { cause: error });
    });
    if (text === undefined) continue;
    try {
      configs.push(parseKubeconfig(text, dirname(file)));
    } catch (cause) {
      if (!(cause instanceof KubeconfigError)) throw cause;
      fail('E_CLUSTER', 'kubeconfig', file, cause.message, 'correct it', { cause });
    }
  }
  if (configs.length > 0) return mergeKubeconfigs(configs);
  return fail('E_CLUSTER', 'kubeconfig', paths, 'no such file', 'name one that is there in KUBECONFIG');
}

function chooseContext({ environment, context }: ClusterPin, known: readonly string[]): string {
  const has = `the kubeconfig has ${known.join(', ') || 'none'}`;
  const file = `Pulumi.${environment}.yaml`;
  if (!context)
    return fail('E_CLUSTER', 'cluster.context', undefined, `stack ${environment} names no context; ${has}`, `name one in ${file}`);
  if (known.includes(context)) return context;
  const meant = suggest(context, known);
  return fail(
    'E_CLUSTER',
    'cluster.context',
    context,
    `not in the kubeconfig: ${has}`,
    meant ? `did you mean ${meant}?` : `correct ${file}`,
  );
}

function pick(config: Kubeconfig, context: string): SingleContext {
  try {
    return singleContext(config, context);
  } catch (cause) {
    if (!(cause instanceof KubeconfigError)) throw cause;
    return fail('E_CLUSTER', 'cluster.context', context, cause.message, 'correct the kubeconfig', { cause });
  }
}

async function identify({ server, send }: Connection, context: string, signal?: AbortSignal): Promise<string> {
  const field = `context ${context}`;
  try {
    const { body } = await send({ method: 'GET', path: '/api/v1/namespaces/kube-system', signal, tries: 2, timeout: patience });
    const identity = textAt(body, 'metadata', 'uid');
    if (identity) return identity;
  } catch (cause) {
    if (cause instanceof LoginFailed) throw new Failure([cause.problem(server)], { cause });
    if (cause instanceof Unreachable) {
      const fix = 'start the cluster, or correct the kubeconfig';
      fail('E_REMOTE_UNREACHABLE', field, server, `the API server can't be reached: ${cause.message}`, fix, { cause });
    }
    if (!(cause instanceof ApiError)) throw cause;
    if (cause.status === 401)
      fail('E_AUTH', field, server, 'refuses the credentials of the context', 'renew them in the kubeconfig', { cause });
    if (cause.status === 403) {
      const rule = `doesn't tell which cluster it is: ${cause.message}`;
      fail('E_AUTH', field, server, rule, 'grant the user to get the namespace kube-system', { cause });
    }
    if (cause.status !== 404) fail('E_REMOTE_UNREACHABLE', field, server, `the API server fails: ${cause.message}`, 'try again', { cause });
  }
  return fail(
    'E_CLUSTER',
    field,
    server,
    'no API server of a Kubernetes cluster: there is no namespace kube-system',
    'correct the kubeconfig',
  );
}

/** Compared to the letter: what isn't exactly the pinned cluster is another one. */
function checkIdentity(pin: ClusterPin, { context, server, identity }: Pick<GuardedCluster, 'context' | 'server' | 'identity'>): void {
  const { environment, identity: expected } = pin;
  const file = `Pulumi.${environment}.yaml`;
  if (!expected) {
    const rule = `stack ${environment} pins no cluster; context ${context} is ${identity} at ${server}`;
    const line = `fullcycle:cluster: { context: ${context}, identity: ${identity} }`;
    fail(
      'E_CLUSTER_IDENTITY',
      'cluster.identity',
      undefined,
      rule,
      `if that is the cluster of ${environment}, write into ${file}: ${line}`,
    );
  }
  if (identity === expected) return;
  const rule = `stack ${environment} expects ${expected}, got ${identity}`;
  const fix = `name the context of ${environment}'s cluster in ${file}; if the cluster was made anew, pin its identity there`;
  fail('E_WRONG_CLUSTER', `context ${context}`, server, rule, fix);
}
