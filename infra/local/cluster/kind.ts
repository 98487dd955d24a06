import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { fail } from '../../delivery/errors.ts';
import { run, tryRun } from '../../delivery/process.ts';
import { stateFolder } from '../local.ts';
import { ensureTools, tool } from '../tools.ts';
import { applying, gitServer, manifest } from './bootstrap.ts';
import type { ClusterOptions, ClusterStatus, RunningCluster } from './cluster.ts';
import { registryFiles } from './registries.ts';

/** Name of the kind cluster: one per machine. */
export const kindClusterName = 'gitopsfc';

/** The node image that belongs to the pinned kind. */
export const kindNodeImage = 'kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5';

/** The part of kind's configuration that is used; https://kind.sigs.k8s.io/docs/user/configuration */
export interface KindConfiguration {
  readonly kind: 'Cluster';
  readonly apiVersion: 'kind.x-k8s.io/v1alpha4';
  readonly name: string;
  readonly networking: { readonly apiServerAddress: string };
  readonly nodes: readonly {
    readonly role: 'control-plane' | 'worker';
    readonly image: string;
    readonly extraMounts: readonly { readonly hostPath: string; readonly containerPath: string; readonly readOnly: boolean }[];
  }[];
}

const node = `${kindClusterName}-control-plane`;
const context = `kind-${kindClusterName}`;
const createMilliseconds = 600_000;

/** The cluster that is asked of kind. @param registries folder with a `hosts.toml` per registry: the node's containerd reads them at every pull */
export function kindConfiguration(registries: string): KindConfiguration {
  const mount = { hostPath: registries, containerPath: '/etc/containerd/certs.d', readOnly: true };
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: kindClusterName,
    networking: { apiServerAddress: '127.0.0.1' },
    nodes: [{ role: 'control-plane', image: kindNodeImage, extraMounts: [mount] }],
  };
}

/** Creates the kind cluster, or uses the one that this project created. @throws Failure E_TOOL without Docker; E_LOCKED when another project's cluster has the name; E_COMMAND with kind's last words */
export async function startKind(options: ClusterOptions): Promise<RunningCluster> {
  const { onProgress = () => {} } = options;
  const state = stateFolder(options.projectDir);
  const registries = join(state, 'kind', 'registries');
  mkdirSync(registries, { recursive: true });
  if (!(await dockerAnswers()))
    fail('E_TOOL', 'docker', undefined, 'kind needs a Docker daemon', 'start Docker, or choose another --cluster');
  const { kind, kubectl } = await ensureTools(['kind', 'kubectl'], options);
  const reused = await exists(kind);
  if (reused) await resume(kind, state);
  else await create(kind, state, onProgress);
  const hostAddress = await addressOfHost();
  for (const { path, text } of registryFiles(`http://${hostAddress}:${options.registryPort}`)) write(join(registries, path), text);
  const objects = manifest(gitServer(hostAddress, options.gitopsPort));
  await run([kubectl, `--kubeconfig=${kubeconfigOf(state)}`, `--context=${context}`, ...applying('-')], { input: objects });
  return { ...describe(state, reused), hostAddress };
}

/** Stops the project's kind cluster. @param options.purge deletes it */
export async function stopKind(projectDir: string, options: { readonly purge?: boolean } = {}): Promise<void> {
  const state = stateFolder(projectDir);
  if (!existsSync(ownerFile(state))) return;
  if (!options.purge) return void (await tryRun(['docker', 'stop', node]));
  await run([await tool('kind'), 'delete', 'cluster', '--name', kindClusterName]);
  rmSync(dirname(ownerFile(state)), { recursive: true, force: true });
}

/** How the project's kind cluster fares; undefined when it has none. */
export async function kindStatus(projectDir: string): Promise<ClusterStatus | undefined> {
  const state = stateFolder(projectDir);
  if (!existsSync(ownerFile(state))) return undefined;
  const { stdout } = await tryRun(['docker', 'inspect', '--format', '{{.State.Running}}', node]);
  const running = stdout.trim() === 'true';
  return { ...describe(state, true), running, ready: running, components: [] };
}

/** Whether a Docker daemon answers. */
export async function dockerAnswers(): Promise<boolean> {
  return (await tryRun(['docker', 'version', '--format', '{{.Server.Version}}'], { timeout: 10_000 })).exitCode === 0;
}

/** Whether the Docker daemon holds kind's node image, or its registry can be asked for it. */
export async function hasKindImage(): Promise<boolean> {
  const held = await tryRun(['docker', 'image', 'inspect', kindNodeImage], { timeout: 10_000 });
  return held.exitCode === 0 || (await tryRun(['docker', 'manifest', 'inspect', kindNodeImage], { timeout: 10_000 })).exitCode === 0;
}

async function exists(kind: string): Promise<boolean> {
  return (await run([kind, 'get', 'clusters'])).stdout.split('\n').includes(kindClusterName);
}

async function create(kind: string, state: string, onProgress: (line: string) => void): Promise<void> {
  onProgress(`creating the kind cluster ${kindClusterName}`);
  const args = ['create', 'cluster', '--name', kindClusterName, '--config', '-', '--kubeconfig', kubeconfigOf(state), '--wait', '5m'];
  const input = stringify(kindConfiguration(join(state, 'kind', 'registries')));
  write(ownerFile(state), '');
  await run([kind, ...args], { input, timeout: createMilliseconds, onLine: onProgress });
}

/** The name is the machine's: a cluster that another project created is not this one's to use. */
async function resume(kind: string, state: string): Promise<void> {
  if (!existsSync(ownerFile(state))) {
    const fix = `delete it (kind delete cluster --name ${kindClusterName}), or use it with --cluster current and its context ${context}`;
    fail('E_LOCKED', 'cluster', kindClusterName, 'a kind cluster of this name was created by something else', fix);
  }
  await run(['docker', 'start', node]);
  await run([kind, 'export', 'kubeconfig', '--name', kindClusterName, '--kubeconfig', kubeconfigOf(state)]);
}

/** Where Docker runs in a virtual machine, the host has a name there instead of the network's gateway. */
async function addressOfHost(): Promise<string> {
  if (process.platform !== 'linux') {
    return (await run(['docker', 'exec', node, 'getent', 'ahostsv4', 'host.docker.internal'])).stdout.split(/\s/)[0] ?? '';
  }
  const { stdout } = await run(['docker', 'network', 'inspect', 'kind', '--format', '{{json .IPAM.Config}}']);
  const gateways = (JSON.parse(stdout) as { Gateway?: string }[]).flatMap(({ Gateway }) => Gateway ?? []);
  return (
    gateways.find((gateway) => !gateway.includes(':')) ??
    fail('E_LOCAL_DOWN', 'network kind', stdout, 'must have an IPv4 gateway', 'recreate it: docker network rm kind')
  );
}

function describe(state: string, reused: boolean): RunningCluster {
  return {
    kind: 'kind',
    kubeconfig: kubeconfigOf(state),
    context,
    enforcesNetworkPolicy: true,
    hostAddress: undefined,
    auditLog: undefined,
    reused,
  };
}

function kubeconfigOf(state: string): string {
  return join(state, 'kubeconfig');
}

/** Says that this project created the cluster. */
function ownerFile(state: string): string {
  return join(state, 'kind', 'owner');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}
