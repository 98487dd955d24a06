import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunResult, run, tryRun } from '../../infra/delivery/process.ts';
import { type LocalEnvironment, localPorts } from '../../infra/local/addresses.ts';
import { type RunningCluster, startCluster, stopCluster } from '../../infra/local/cluster/cluster.ts';
import { type ClusterImage, provideArgoCdImages } from '../../infra/local/cluster/images.ts';
import { type NodeLayout, nodeLayout } from '../../infra/local/cluster/node-layout.ts';
import { startLocal, stopLocal } from '../../infra/local/local.ts';
import { moduleDirectory, tool } from '../../infra/local/tools.ts';

/** A project folder with a registry, a GitOps server and an embedded cluster, all of which go with it. */
export interface ClusterProject extends AsyncDisposable {
  readonly folder: string;
  readonly layout: NodeLayout;
  /** Starts what doesn't run. */
  start(): Promise<{ readonly cluster: RunningCluster; readonly local: LocalEnvironment }>;
  /** Runs kubectl as the administrator and returns what it prints. */
  kubectl(...args: readonly string[]): Promise<string>;
  tryKubectl(args: readonly string[], input?: string): Promise<RunResult>;
  /** Applies objects. */
  apply(...objects: readonly object[]): Promise<void>;
}

/** @param folder absolute; @default an empty one */
export function createClusterProject(folder = mkdtempSync(join(realpathSync(tmpdir()), 'cluster-'))): ClusterProject {
  const layout = nodeLayout(folder);
  const tryKubectl = async (args: readonly string[], input?: string) =>
    tryRun([await tool('kubectl'), `--kubeconfig=${layout.kubeconfig}`, ...args], { input });
  const kubectl = async (...args: readonly string[]) =>
    (await run([await tool('kubectl'), `--kubeconfig=${layout.kubeconfig}`, ...args])).stdout.trim();
  return {
    folder,
    layout,
    start: () => start(folder),
    kubectl,
    tryKubectl,
    apply: async (...objects) => {
      const { exitCode, stderr } = await tryKubectl(
        ['apply', '--server-side', '--filename=-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      );
      if (exitCode !== 0) throw new Error(stderr);
    },
    [Symbol.asyncDispose]: async () => {
      await stopCluster(folder, { purge: true });
      await stopLocal(folder, { purge: true });
      rmSync(folder, { recursive: true });
    },
  };
}

/** Installs Argo CD by its official manifest, with images made on this machine, and waits until it runs. */
export async function installArgoCd(project: ClusterProject, { registry }: LocalEnvironment): Promise<ClusterImage[]> {
  const images = await provideArgoCdImages({ registry: registry.address });
  const module = await moduleDirectory('cluster', 'github.com/argoproj/argo-cd/v3');
  await project.kubectl('create', 'namespace', 'argocd');
  const manifest = readFileSync(join(module, 'manifests', 'install.yaml'), 'utf8');
  const { exitCode, stderr } = await project.tryKubectl(['apply', '--server-side', '--namespace=argocd', '--filename=-'], manifest);
  if (exitCode !== 0) throw new Error(stderr);
  await project.kubectl('rollout', 'status', '--namespace=argocd', '--timeout=300s', 'deployment,statefulset');
  return images;
}

/** Starts a registry, a GitOps server and an embedded cluster for a project folder, and lets the cluster reach the other two. */
export async function start(projectDir: string): Promise<{ readonly cluster: RunningCluster; readonly local: LocalEnvironment }> {
  const before = await startLocal(projectDir);
  const cluster = await startCluster('embedded', { projectDir, ...localPorts(before) });
  if (!cluster?.hostAddress) throw new Error('the embedded cluster knows the address of its host');
  return { cluster, local: await startLocal(projectDir, { hosts: [cluster.hostAddress] }) };
}

/** Asks again and again until the answer is truthy. @param seconds after which it gives up */
export async function eventually<T>(what: string, seconds: number, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(200);
  }
}
