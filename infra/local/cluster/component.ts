import type { NodeLayout } from './node-layout.ts';
import type { NodeNetwork } from './node-network.ts';

/** A node as it was decided when its cluster was started: everything its components need to know. Kept as `node.json`. */
export interface NodeSpec {
  readonly layout: NodeLayout;
  readonly network: NodeNetwork;
  /** Absolute folder of the programs built from the `cluster` tools. */
  readonly programs: string;
  /** Absolute path; used on the host. */
  readonly kubectl: string;
  /** Port on 127.0.0.1 of the host under which the API server is reached. */
  readonly apiPort: number;
  /** Ports of the registry and the GitOps server on the host's end of the link. */
  readonly registryPort: number;
  readonly gitopsPort: number;
  /** `native` where the state folder lies on an overlay filesystem itself. */
  readonly snapshotter: 'overlayfs' | 'native';
  /** False where there is no /dev/net/tun: the node then reaches the host and nothing else. */
  readonly egress: boolean;
  /** False where the machine doesn't permit lowering oom_score_adj. */
  readonly oomScoreAdjustment: boolean;
}

/** A process of the node that the supervisor starts, watches and restarts. */
export interface Component {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Where it runs: in the node's namespaces, or on the host. @default node */
  readonly where?: 'node' | 'host';
  /** Components that must be ready before it starts. */
  readonly needs: readonly string[];
  /** When it counts as ready; at once when left out. */
  readonly ready?: Readiness;
  /** Environment besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What tells that a component serves.
 * - `socket`: a Unix socket inside the node takes connections
 * - `ended`: it is done, with exit code 0, and not started again
 * - `api`: the API server answers
 * - `node`: the node is Ready
 * - `dns`: the name resolves
 * - `link`: the node has a network interface of this name
 */
export type Readiness =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'ended' | 'api' | 'node' }
  | { readonly kind: 'link'; readonly name: string }
  | { readonly kind: 'dns'; readonly name: string };

/** A file that a component reads. */
export interface ConfigurationFile {
  /** Relative to the node's configuration folder. */
  readonly path: string;
  readonly text: string;
}
