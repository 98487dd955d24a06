import { z } from 'zod';
import type { ReleasedImage } from '../../../charts/environment.ts';
import type { Problem } from '../../../charts/problem.ts';
import { formatJson, parseJson } from '../plan/json.ts';

/** An image that must not come back, by service. */
export interface HeldImage {
  readonly service: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** What one rollback holds back. */
export interface Hold {
  readonly digests: readonly HeldImage[];
  /** Who rolled back. */
  readonly who: string;
  /** Why, in that person's words. */
  readonly why: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** ISO 8601; from this moment on it holds no more. @default until `unhold` */
  readonly until?: string;
}

/** All holds of one environment, the oldest first: `environments/<env>/hold.json`. */
export interface HoldRecord {
  readonly schema: 1;
  readonly environment: string;
  readonly holds: readonly Hold[];
}

const time = z.iso.datetime({ offset: true, error: 'is a time like 2026-01-31T12:00:00Z' });
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 hex digits');
const holdSchema = z.strictObject({
  digests: z.array(z.strictObject({ service: z.string().min(1), digest })).min(1),
  who: z.string().min(1),
  why: z.string().min(1),
  since: time,
  until: time.optional(),
});

/** Path of an environment's holds in the GitOps repo; there only while a rollback holds. */
export function holdPath(environment: string): string {
  return `environments/${environment}/hold.json`;
}

/** @throws Failure with every problem as `E_STATE` when the text is not a record of this environment's holds */
export function parseHolds(environment: string, text: string): HoldRecord {
  const schema = z.strictObject({ schema: z.literal(1), environment: z.literal(environment), holds: z.array(holdSchema).min(1) });
  return parseJson(holdPath(environment), text, schema);
}

/** The bytes of the record; null, which removes it, when nothing is held. */
export function formatHolds(environment: string, holds: readonly Hold[]): string | null {
  return holds.length === 0 ? null : formatJson({ schema: 1, environment, holds } satisfies HoldRecord);
}

/** The holds that still hold. @param now milliseconds since 1970 */
export function activeHolds(holds: readonly Hold[], now: number): Hold[] {
  return holds.filter(({ until }) => until === undefined || Date.parse(until) > now);
}

/** The holds without those of one service, or of none at all. @param service @default every service is released */
export function released(holds: readonly Hold[], service?: string): Hold[] {
  if (service === undefined) return [];
  return holds.flatMap((hold) => {
    const digests = hold.digests.filter((held) => held.service !== service);
    return digests.length === 0 ? [] : [{ ...hold, digests }];
  });
}

/** Whether a release would bring back something held. @param holds only those that hold now */
export function isHeld(holds: readonly Hold[], images: Readonly<Record<string, Pick<ReleasedImage, 'digest'>>>): boolean {
  return heldImages(holds, images).length > 0;
}

/** `E_HELD` for each image that is held. @param holds only those that hold now */
export function heldProblems(
  environment: string,
  holds: readonly Hold[],
  images: Readonly<Record<string, Pick<ReleasedImage, 'digest'>>>,
): Problem[] {
  return heldImages(holds, images).map(({ service, digest: value, hold }) => ({
    code: 'E_HELD',
    field: `${environment}/${service}`,
    value,
    rule: `held since ${hold.since}${hold.until === undefined ? '' : ` until ${hold.until}`} by ${hold.who}: ${hold.why}`,
    fix: `deliver another build, or release it: fullcycle unhold --env ${environment} --service ${service}`,
  }));
}

function heldImages(holds: readonly Hold[], images: Readonly<Record<string, Pick<ReleasedImage, 'digest'>>>) {
  return Object.entries(images).flatMap(([service, image]) => {
    const hold = holds.findLast(({ digests }) => digests.some((held) => held.service === service && held.digest === image.digest));
    return hold === undefined ? [] : [{ service, digest: image.digest, hold }];
  });
}
