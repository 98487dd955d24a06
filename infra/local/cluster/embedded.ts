import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail } from '../../delivery/errors.ts';
import { withLock } from '../../delivery/git/lock.ts';
import { realTiming } from '../../delivery/git/timing.ts';
import { type DaemonSpec, findDaemon, startDaemon, stopDaemon } from '../daemon.ts';
import { stateFolder } from '../local.ts';
import { ensureTools } from '../tools.ts';
import type { ClusterOptions, ClusterStatus, RunningCluster } from './cluster.ts';
import type { NodeSpec } from './component.ts';
import { sandboxImage } from './containerd.ts';
import { removeControlGroups } from './control-groups.ts';
import { auditLog } from './control-plane.ts';
import { provideSandboxImage } from './images.ts';
import { readJson, writeJson } from './json-file.ts';
import { revision } from './node-components.ts';
import { writeKubeconfig, writeNodeFiles } from './node-files.ts';
import { type NodeLayout, nodeLayout, onHost } from './node-layout.ts';
import { removeLink } from './node-namespace.ts';
import { failOnConflict, planNode } from './plan-node.ts';
import { meetRequirements } from './requirements.ts';
import type { NodeStatus } from './supervisor.ts';

/** Programs of the node. */
const nodeTools = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
  'containerd',
  'containerd-shim-runc-v2',
  'coredns',
  'pause',
] as const;

const startMilliseconds = 120_000;
const patience = 600_000;
const stopMilliseconds = 10_000;

/**
 * Starts the project's own Kubernetes node and waits until it is Ready. One that runs already is kept if nothing about it has changed.
 * @throws Failure E_TOOL when the machine lacks something; E_PORT_TAKEN when its address range is in use; E_LOCAL_DOWN when a component doesn't start
 */
export async function startEmbedded(options: ClusterOptions): Promise<RunningCluster> {
  const { onProgress = () => {} } = options;
  await meetRequirements(onProgress);
  const tools = await ensureTools(nodeTools, options);
  const layout = nodeLayout(options.projectDir);
  return locked(layout, async () => {
    const daemon = supervisor(options.projectDir, layout);
    const running = (await findDaemon(daemon.state, daemon.name, daemon.argv)) !== undefined;
    const spec = await locked({ state: dirname(layout.state) }, () => planNode(layout, tools, options, running));
    const wanted = revision(spec);
    const reused = running && readRevision(layout) === wanted;
    if (!reused) {
      await stopSupervisor(options.projectDir, layout);
      await failOnConflict(spec);
      onProgress(`starting Kubernetes on ${spec.network.node}`);
      await writeNodeFiles(spec);
      writeJson(join(layout.state, 'node.json'), spec);
      writeJson(join(layout.state, 'revision.json'), wanted);
      rmSync(statusFile(layout), { force: true });
    }
    await provideSandboxImage(sandboxImage, { ...options, registry: `127.0.0.1:${options.registryPort}` });
    try {
      await startDaemon(daemon);
    } catch (error) {
      await stopSupervisor(options.projectDir, layout);
      throw error;
    }
    writeKubeconfig(spec);
    return describe(spec, reused);
  });
}

/**
 * Stops the project's node and removes whatever it left on the machine; its data stays for the next start.
 * @param options.purge removes the data too
 */
export async function stopEmbedded(projectDir: string, options: { readonly purge?: boolean } = {}): Promise<void> {
  const layout = nodeLayout(projectDir);
  if (!existsSync(layout.state)) return;
  await locked(layout, () => stopSupervisor(projectDir, layout));
  if (options.purge) rmSync(layout.state, { recursive: true, force: true, maxRetries: 3 });
}

/** How the project's node fares; undefined when it has none. */
export async function embeddedStatus(projectDir: string): Promise<ClusterStatus | undefined> {
  const layout = nodeLayout(projectDir);
  const spec = readJson<NodeSpec>(join(layout.state, 'node.json'));
  if (!spec) return undefined;
  const daemon = supervisor(projectDir, layout);
  const running = (await findDaemon(daemon.state, daemon.name, daemon.argv)) !== undefined;
  const status = running ? readJson<NodeStatus>(statusFile(layout)) : undefined;
  const ready = status?.components.every(({ state }) => state === 'ready' || state === 'done') ?? false;
  return { ...describe(spec, true), running, ready, components: status?.components ?? [] };
}

function describe(spec: NodeSpec, reused: boolean): RunningCluster {
  return {
    kind: 'embedded',
    kubeconfig: spec.layout.kubeconfig,
    context: spec.layout.name,
    enforcesNetworkPolicy: false,
    hostAddress: spec.network.host,
    auditLog: onHost(spec.layout, auditLog),
    reused,
  };
}

function supervisor(projectDir: string, layout: NodeLayout): DaemonSpec {
  return {
    name: 'cluster',
    state: stateFolder(projectDir),
    argv: [process.execPath, fileURLToPath(new URL('supervisor-process.ts', import.meta.url)), layout.state],
    ready: async () => readJson<NodeStatus>(statusFile(layout))?.started ?? false,
    timeout: startMilliseconds,
  };
}

/** A supervisor takes its node down itself; if it was killed the node has ended with it, and this removes the rest. */
async function stopSupervisor(projectDir: string, layout: NodeLayout): Promise<void> {
  const { state, name, argv } = supervisor(projectDir, layout);
  await stopDaemon(state, name, { argv, timeout: stopMilliseconds });
  await removeLink(layout.interface);
  const left = await removeControlGroups(layout.name);
  if (left.length > 0)
    fail(
      'E_LOCAL_DOWN',
      'cluster',
      left.join(', '),
      'control groups must be empty once the node has ended',
      'end the processes in their cgroup.procs',
    );
}

function locked<T>({ state }: Pick<NodeLayout, 'state'>, work: () => Promise<T>): Promise<T> {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  return withLock(join(state, 'lock'), 'cluster', { timing: realTiming(), patience }, work);
}

function statusFile({ state }: NodeLayout): string {
  return join(state, 'status.json');
}

function readRevision({ state }: NodeLayout): string | undefined {
  return readJson<string>(join(state, 'revision.json'));
}
