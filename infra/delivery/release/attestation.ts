import { z } from 'zod';
import type { ReleasedImage } from '../../../charts/environment.ts';
import { formatJson, parseJson } from '../plan/json.ts';

/** That an environment ran a release healthily, told by somebody who looked: `environments/<env>/attestation.json`. */
export interface Attestation {
  readonly schema: 1;
  readonly environment: string;
  /** Digest by service that was seen running. */
  readonly digests: Readonly<Record<string, string>>;
  /** GitOps commit that brought this release. */
  readonly release: string;
  /** `argocd` read it from the cluster, `person` said so. */
  readonly source: 'argocd' | 'person';
  readonly who: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What was seen, in one line. */
  readonly words: string;
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 hex digits');

/** Path of an environment's attestation in the GitOps repo. */
export function attestationPath(environment: string): string {
  return `environments/${environment}/attestation.json`;
}

/** @throws Failure with every problem as `E_STATE` when the text is not an attestation of this environment */
export function parseAttestation(environment: string, text: string): Attestation {
  const schema = z.strictObject({
    schema: z.literal(1),
    environment: z.literal(environment),
    digests: z.record(z.string(), digest),
    release: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'is a full commit id'),
    source: z.enum(['argocd', 'person']),
    who: z.string().min(1),
    at: z.iso.datetime({ offset: true, error: 'is a time like 2026-01-31T12:00:00Z' }),
    words: z.string().min(1),
  });
  return parseJson(attestationPath(environment), text, schema);
}

/** The bytes of an attestation. */
export function formatAttestation(attestation: Attestation): string {
  return formatJson(attestation);
}

/** Whether it speaks of this image. */
export function attests(attestation: Attestation, service: string, image: Pick<ReleasedImage, 'digest'>): boolean {
  return attestation.digests[service] === image.digest;
}
