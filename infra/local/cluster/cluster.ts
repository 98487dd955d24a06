import { startCurrent } from './current.ts';
import { embeddedStatus, startEmbedded, stopEmbedded } from './embedded.ts';
import { kindStatus, startKind, stopKind } from './kind.ts';
import type { ComponentStatus } from './watch.ts';

/**
 * What the local environment deploys to.
 * - `embedded`: a Kubernetes node of its own on this machine; Linux and root
 * - `kind`: a kind cluster, where a Docker daemon runs
 * - `current`: a cluster of the user's
 * - `none`: the registry and the GitOps repo only
 */
export type ClusterKind = 'embedded' | 'kind' | 'current' | 'none';

/** What decides which cluster is used when none is asked for. */
export interface ClusterFacts {
  /** Context of the user's kubeconfig, when one was named. */
  readonly context?: string;
  /** What the project has from an earlier start. */
  readonly existing?: ClusterKind;
  readonly platform: NodeJS.Platform;
  readonly root: boolean;
  /** True when a Docker daemon answers. */
  readonly docker: boolean;
  /** True when that daemon holds kind's node image or can pull it. */
  readonly kindImage: boolean;
}

/** How to start a cluster. */
export interface ClusterOptions {
  /** Absolute folder of the project. */
  readonly projectDir: string;
  /** Ports on which the registry and the GitOps server listen. */
  readonly registryPort: number;
  readonly gitopsPort: number;
  /** Context of the user's kubeconfig; needed by `current`. */
  readonly context?: string;
  /** Called with a line at a time. @default nothing is said */
  readonly onProgress?: (line: string) => void;
}

/** A cluster that runs. */
export interface RunningCluster {
  readonly kind: Exclude<ClusterKind, 'none'>;
  /** Absolute path. */
  readonly kubeconfig: string;
  readonly context: string;
  /** False when NetworkPolicies are stored and nothing more; undefined when it isn't known. */
  readonly enforcesNetworkPolicy: boolean | undefined;
  /** Address by which nodes and pods reach this machine: the registry and the GitOps server must listen there too. Undefined when it isn't known. */
  readonly hostAddress: string | undefined;
  /** Absolute path of the API server's audit log, one JSON object a line: every write by name, user and time. */
  readonly auditLog: string | undefined;
  /** True when it ran before. */
  readonly reused: boolean;
}

/** How a cluster fares. */
export interface ClusterStatus extends RunningCluster {
  readonly running: boolean;
  /** True when it runs and all of it is ready. */
  readonly ready: boolean;
  /** Parts of the embedded cluster; empty for the others. */
  readonly components: readonly ComponentStatus[];
}

/** The cluster to use, and why that one. */
export function chooseCluster(requested: 'auto' | ClusterKind, facts: ClusterFacts): { readonly kind: ClusterKind; readonly why: string } {
  if (requested !== 'auto') return { kind: requested, why: 'asked for' };
  if (facts.context) return { kind: 'current', why: `context ${facts.context} is given` };
  if (facts.existing) return { kind: facts.existing, why: 'the project has one' };
  if (facts.docker && facts.kindImage) return { kind: 'kind', why: 'a Docker daemon runs' };
  const noKind = facts.docker ? "kind's node image can't be had" : 'no Docker daemon runs';
  if (facts.platform !== 'linux') return { kind: 'none', why: `${noKind}, and the embedded cluster needs Linux, not ${facts.platform}` };
  if (!facts.root) return { kind: 'none', why: `${noKind}, and the embedded cluster needs root` };
  return { kind: 'embedded', why: `${noKind}; this is Linux and root` };
}

/** Starts a cluster and waits until its nodes are ready; one that runs is used. @returns undefined for `none` @throws Failure */
export async function startCluster(kind: ClusterKind, options: ClusterOptions): Promise<RunningCluster | undefined> {
  switch (kind) {
    case 'embedded':
      return startEmbedded(options);
    case 'kind':
      return startKind(options);
    case 'current':
      return startCurrent(options);
    case 'none':
      return undefined;
  }
}

/** Stops the project's embedded or kind cluster; nothing to stop is fine. @param options.purge removes all that it keeps. @throws Failure */
export async function stopCluster(projectDir: string, options: { readonly purge?: boolean } = {}): Promise<void> {
  await stopEmbedded(projectDir, options);
  await stopKind(projectDir, options);
}

/** The project's embedded or kind cluster; undefined when it has none. */
export async function clusterStatus(projectDir: string): Promise<ClusterStatus | undefined> {
  return (await embeddedStatus(projectDir)) ?? (await kindStatus(projectDir));
}
