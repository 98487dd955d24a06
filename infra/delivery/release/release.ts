import { z } from 'zod';
import type { Release } from '../../../charts/environment.ts';
import { formatJson, parseJson } from '../plan/json.ts';

/** What one environment runs and what it was made from: `environments/<env>/release.json`. Promotion and rollback read it. */
export interface ReleaseRecord extends Release {
  readonly schema: 1;
  /** Name of the environment; equals the folder the file is in. */
  readonly environment: string;
  /** Version by tool that made it (`fullcycle`, `ko`, …). */
  readonly tools: Readonly<Record<string, string>>;
  /** `sha256:` hash of everything the render was made from. */
  readonly inputs: string;
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 hex digits');
const recordSchema = z.strictObject({
  schema: z.literal(1),
  environment: z.string(),
  source: z.strictObject({
    commit: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'is a full commit id of 40 or 64 hex digits'),
    dirty: z.boolean(),
  }),
  images: z.record(z.string(), z.strictObject({ name: z.string().min(1), tag: z.string().min(1), digest, inputs: digest })),
  tools: z.record(z.string(), z.string()),
  inputs: digest,
});

/** Path of an environment's release record in the GitOps repo. */
export function releasePath(environment: string): string {
  return `environments/${environment}/release.json`;
}

/** The bytes of a release record. */
export function formatRelease(record: ReleaseRecord): string {
  return formatJson(record);
}

/** @throws Failure with every problem as `E_STATE` when the text is not a release record of this environment */
export function parseRelease(environment: string, text: string): ReleaseRecord {
  const schema = recordSchema.extend({ environment: z.literal(environment) });
  return parseJson(releasePath(environment), text, schema);
}
