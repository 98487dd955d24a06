import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suggest } from '../config/suggestion.ts';
import { loadStacks, type StackConfig } from '../config.ts';
import { tool } from '../local/tools.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, fail } from './errors.ts';
import { type EnvironmentCluster, requireCluster } from './live/cluster.ts';
import { tryRun } from './process.ts';

export interface OpenOptions {
  /** `argocd`, or a service. */
  readonly target: string;
  /** @default the first environment in the order of promotion */
  readonly env?: string;
  /** Say how to get there, and leave it at that. @default false */
  readonly print?: boolean;
}

/** Something in a cluster that people look at. */
export interface Entrance {
  readonly namespace: string;
  /** Name of its Service, and of the port. */
  readonly service: string;
  readonly port: string;
  readonly scheme: 'http' | 'https';
  /** Who logs in unless that is switched off, and the Secret that has the password unless one was set. */
  readonly login?: { readonly user: string; readonly secret: string };
}

/** As long as a timer can be set: until Ctrl-C. */
const forever = 2 ** 31 - 1;

/** `fullcycle open`: makes Argo CD or a service reachable on this machine until Ctrl-C, and says who may log in. */
export async function run({ target, env, print }: OpenOptions, context: Context): Promise<ExitCode> {
  const [stack] = await loadStacks(context.project, env, context);
  if (!stack) return fail('E_ENV', 'env', undefined, 'there is no environment', 'add a Pulumi.<env>.yaml');
  const found = entranceOf(target, stack);
  const cluster = await requireCluster(stack, context);
  const entrance = cluster.isLocal || stack.argocd.admin ? found : { ...found, login: undefined };
  const kubectl = await findKubectl(cluster, context);
  const shown = [kubectl, ...access(cluster, cluster.isLocal ? cluster.kubeconfig : undefined)].join(' ');
  const say = (url?: string) => {
    context.output.print(describe(entrance, shown, url));
    context.output.data(facts(entrance, shown, url));
  };
  if (!print) return await withKubeconfig(cluster, (file) => forward(entrance, [kubectl, ...access(cluster, file)], say, context));
  say();
  return exit.ok;
}

/** What the name means in an environment. Pure. @throws Failure E_USAGE for neither Argo CD nor a service of the environment */
export function entranceOf(target: string, { environment }: Pick<StackConfig, 'environment'>): Entrance {
  if (target === 'argocd') {
    const login = { user: 'admin', secret: 'argocd-initial-admin-secret' };
    return { namespace: environment.argocd.namespace, service: 'argocd-server', port: 'https', scheme: 'https', login };
  }
  const services = Object.keys(environment.services);
  if (services.includes(target)) return { namespace: environment.namespace, service: target, port: 'http', scheme: 'http' };
  const known = ['argocd', ...services];
  const meant = suggest(target, known);
  const rule = `one of ${known.join(', ')}`;
  return fail('E_USAGE', 'target', target, rule, meant ? `did you mean ${meant}?` : 'name one of them');
}

/** What is printed for people: where it is, who logs in, and the command that shows the password; never the password. Pure. */
export function describe(entrance: Entrance, kubectl: string, url: string | undefined): string {
  const { open, user, password } = facts(entrance, kubectl, url);
  const rows = [url ? ['address', url] : ['open', open], ...(user ? [['user', user]] : []), ...(password ? [['password', password]] : [])];
  const lines = rows.map(([what = '', value]) => `${what.padEnd(9)} ${value}`);
  return [...lines, ...(url ? ['Ctrl-C ends it.'] : [])].join('\n');
}

/** The same for machines. Pure. */
export function facts({ namespace, service, port, scheme, login }: Entrance, kubectl: string, url: string | undefined) {
  const secret = login && `${kubectl} get secret ${login.secret} -n ${namespace} -o go-template='{{.data.password | base64decode}}'`;
  return {
    url: url ?? null,
    inCluster: `${scheme}://${service}.${namespace}.svc`,
    open: `${kubectl} port-forward -n ${namespace} service/${service} :${port}`,
    user: login?.user ?? null,
    password: secret ?? null,
  };
}

async function forward(
  { namespace, service, port, scheme }: Entrance,
  kubectl: readonly [string, ...string[]],
  say: (url: string) => void,
  { output, signal }: Context,
): Promise<ExitCode> {
  const argv = [...kubectl, 'port-forward', `--namespace=${namespace}`, '--address=127.0.0.1', `service/${service}`, `:${port}`] as const;
  const onLine = (line: string) => {
    const local = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line)?.[1];
    if (local) say(`${scheme}://127.0.0.1:${local}`);
    else output.detail(line);
  };
  const { exitCode, stderr } = await tryRun(argv, { signal, timeout: forever, onLine });
  if (signal.aborted) return exit.ok;
  const rule = `kubectl ended with ${exitCode}: ${stderr.trim().split('\n').at(-1)}`;
  return fail('E_COMMAND', `service/${service} -n ${namespace}`, undefined, rule, 'see whether its pods run: fullcycle status');
}

function access({ context }: EnvironmentCluster, kubeconfig: string | undefined): string[] {
  return [...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]), `--context=${context}`];
}

/** The pinned one for the local cluster; elsewhere the user's, which logs in as it does by hand. */
async function findKubectl({ isLocal }: EnvironmentCluster, { output }: Context): Promise<string> {
  if (isLocal) return await tool('kubectl', { onProgress: output.detail });
  const { exitCode } = await tryRun(['kubectl', 'version', '--client']);
  return exitCode === 0 ? 'kubectl' : fail('E_TOOL', 'kubectl', undefined, 'needed to reach into the cluster', 'install it');
}

/** A checked cluster's kubeconfig goes into a file of its own while it is needed, so that nobody can switch it meanwhile. */
async function withKubeconfig<T>({ kubeconfig, isLocal }: EnvironmentCluster, work: (file: string) => Promise<T>): Promise<T> {
  if (isLocal) return await work(kubeconfig);
  const folder = mkdtempSync(join(tmpdir(), 'fullcycle-open-'));
  try {
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    return await work(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
