import type { Change } from './change.ts';
import { type Summary, summarize } from './summary.ts';

/** What `fullcycle diff --format json` prints. A field may be added within a schema; none changes its meaning or goes away. */
export interface DiffReport {
  readonly schema: 1;
  readonly summary: Summary;
  /** By environment, in each the riskiest first. */
  readonly changes: readonly Change[];
}

/** The changes as data for machines, values in full. */
export function toReport(changes: readonly Change[]): DiffReport {
  return { schema: 1, summary: summarize(changes), changes };
}

/** {@link toReport} as text. */
export function printJson(changes: readonly Change[]): string {
  return `${JSON.stringify(toReport(changes), null, 2)}\n`;
}
