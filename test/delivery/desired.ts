import { createHash } from 'node:crypto';
import type { KubernetesObject, ManifestFile } from '../../charts/environment.ts';
import type { TreeEntry } from '../../infra/delivery/plan/drift.ts';
import { blobId, emptyLedger, ledgerPath, type ObjectFormat, parseLedger } from '../../infra/delivery/plan/ledger.ts';
import type { Current, Plan, Wanted } from '../../infra/delivery/plan/plan.ts';
import type { Guard } from '../../infra/delivery/plan/prune-guard.ts';
import { attestationPath } from '../../infra/delivery/release/attestation.ts';
import { holdPath } from '../../infra/delivery/release/hold.ts';
import { type ReleaseRecord, releasePath } from '../../infra/delivery/release/release.ts';

/** What an environment shall be, in the few words a test cares about. */
export interface Desired {
  readonly environment: string;
  /** Version by service: whatever changes the image. */
  readonly services: Readonly<Record<string, string>>;
  /** A setting that is no image. @default 1 */
  readonly replicas?: number;
  /** @default the first commit */
  readonly commit?: string;
}

/** A full commit id that begins with the word's hash. */
export const commitId = (word: string): string => createHash('sha1').update(word).digest('hex');
export const digest = (word: string): string => `sha256:${createHash('sha256').update(word).digest('hex')}`;

/** Nothing may be deleted, nothing overwritten. */
export const strict: Guard = { deletionBudget: 0, allowDelete: [], overwrite: false };

/** Deployment, Service and Application of each service, and the Namespace. */
export function wanted(desired: Desired): Wanted {
  const { environment, services, replicas = 1 } = desired;
  const files = Object.entries(services).flatMap(([service, version]) => [
    manifest(
      `environments/${environment}/${service}/deployment-${service}.yaml`,
      'apps/v1',
      'Deployment',
      service,
      environment,
      `${version} × ${replicas}`,
    ),
    manifest(`environments/${environment}/${service}/service-${service}.yaml`, 'v1', 'Service', service, environment),
    manifest(
      `argocd/applications/${environment}-${service}.yaml`,
      'argoproj.io/v1alpha1',
      'Application',
      `${environment}-${service}`,
      'argocd',
    ),
  ]);
  const namespace = manifest(`environments/${environment}/namespace/namespace-${environment}.yaml`, 'v1', 'Namespace', environment);
  return { files: [...files, namespace], release: release(desired) };
}

export function manifest(path: string, apiVersion: string, kind: string, name: string, namespace?: string, spec?: string): ManifestFile {
  const metadata: KubernetesObject['metadata'] = namespace === undefined ? { name } : { name, namespace };
  const object: KubernetesObject = { apiVersion, kind, metadata, ...(spec === undefined ? {} : { spec }) };
  return { path, text: `# do not edit\n${JSON.stringify(object, null, 2)}\n`, object };
}

export function release({ environment, services, commit = commitId('first') }: Desired): ReleaseRecord {
  const images = Object.entries(services).map(([service, version]) => [
    service,
    { name: `registry.example.com/${service}`, tag: commitId(version), digest: digest(version), inputs: digest(`inputs of ${version}`) },
  ]);
  return {
    schema: 1,
    environment,
    source: { commit, dirty: false },
    images: Object.fromEntries(images),
    tools: { fullcycle: '0.1.0' },
    inputs: digest(`inputs ${JSON.stringify(services)}`),
  };
}

/** A GitOps repo as a value: text by path. */
export type Tree = ReadonlyMap<string, string>;

/** What `readCurrent` would read of the tree. */
export function current(tree: Tree, environment: string, format: ObjectFormat = 'sha1'): Current {
  const ledger = tree.get(ledgerPath);
  const entries: TreeEntry[] = [...tree].map(([path, text]) => ({ path, mode: '100644', id: blobId(text, format) }));
  return {
    entries,
    ledger: ledger === undefined ? emptyLedger : parseLedger(ledger),
    release: tree.get(releasePath(environment)),
    hold: tree.get(holdPath(environment)),
    attestation: tree.get(attestationPath(environment)),
    format,
  };
}

/** The tree after the plan. */
export function apply(tree: Tree, { writes }: Plan): Tree {
  const next = new Map(tree);
  for (const { path, text } of writes)
    if (text === null) next.delete(path);
    else next.set(path, text);
  return next;
}
