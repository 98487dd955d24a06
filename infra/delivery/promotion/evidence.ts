import type { ReleasedImage } from '../../../charts/environment.ts';
import type { PromotionConfig } from '../../config/stack.ts';
import type { Change } from '../diff/change.ts';
import type { Repository } from '../git/repository.ts';
import type { Current } from '../plan/plan.ts';
import type { Hold } from '../release/hold.ts';
import type { ReleaseRecord } from '../release/release.ts';

/** How a service fares in an environment, and who says so. */
export interface HealthEvidence {
  /** `unknown` when nobody has looked. */
  readonly state: 'healthy' | 'unhealthy' | 'unknown';
  /** Where it was read: the cluster, or the GitOps repo. */
  readonly source: 'argocd' | 'attestation' | 'none';
  /** What was seen, in one line. */
  readonly words: string;
}

/** An environment at a commit of the GitOps repo: what a cluster is held against. */
export interface HealthQuestion {
  readonly commit: string;
  readonly current: Current;
  readonly repository: Repository;
}

/**
 * Reads from its cluster how an environment runs what a commit says, by service. Undefined when the cluster can't be asked from here;
 * the attestation in the GitOps repo is believed instead.
 */
export type HealthOf = (question: HealthQuestion) => Promise<Readonly<Record<string, HealthEvidence>> | undefined>;

/** Where and since when a release is in the environment that it comes from. */
export interface Origin {
  readonly environment: string;
  /** GitOps commit that made it what it is now. */
  readonly commit: string;
  readonly release: ReleaseRecord;
  /** Its files that other hands changed: what they make of it was never delivered. */
  readonly edited: readonly string[];
}

/** One image that would go to another environment, and what is known about it. */
export interface Candidate {
  readonly service: string;
  /** Undefined when the environment that it should come from does not run the service. */
  readonly image: ReleasedImage | undefined;
  /** What the target runs now. */
  readonly replaces: ReleasedImage | undefined;
  /** GitOps commit since which its environment has run it without a break; its time in seconds since 1970. */
  readonly since: { readonly commit: string; readonly time: number } | undefined;
  /** Holds that hold it now, by environment. */
  readonly holds: readonly { readonly environment: string; readonly hold: Hold }[];
  /** Whether the registry still has it. */
  readonly isThere: boolean;
  readonly health: HealthEvidence;
}

/** Everything that decides whether a release may go to the next environment. */
export interface Evidence {
  readonly from: Origin;
  readonly to: string;
  readonly rules: Pick<PromotionConfig, 'soak' | 'requireHealthy'>;
  /** The images that would change, by name of their service. */
  readonly candidates: readonly Candidate[];
  /** What the settings alone would change in the target: its current release rendered again, compared with Git. */
  readonly beyond: readonly Change[];
}
