import type { Scenario } from '../scenario.ts';

/** A row of the conformance table. */
export interface Behaviour {
  /** A sentence about the provider. */
  readonly behaviour: string;
  /** Where the vendor's plugin is known to do something else: what, and why ours differs. */
  readonly unlikeVendor?: string;
  prove(scenario: Scenario): Promise<void>;
}
