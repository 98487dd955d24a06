import type { Output } from './output.ts';

/** What every verb gets besides its own options. */
export interface Context {
  /** Absolute folder of the project: where Pulumi.yaml is. */
  readonly project: string;
  readonly output: Output;
  /** Use the local environment's registry, GitOps repo and cluster, whatever the stack file says. */
  readonly local: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}
