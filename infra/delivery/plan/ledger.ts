import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KubernetesObject } from '../../../charts/environment.ts';
import { groupOf } from '../../../charts/manifest.ts';
import { formatJson, parseJson } from './json.ts';

/** Identity ledger of the GitOps repo: what this program owns, a section per environment. Nothing else is ever replaced or removed. */
export interface Ledger {
  readonly schema: 1;
  /** By environment. */
  readonly environments: Readonly<Record<string, Owned>>;
}

/** What is owned for one environment. */
export interface Owned {
  /** Git blob id by path: what was written, so that an edit by hand shows. */
  readonly files: Readonly<Record<string, string>>;
  /** Keys of the Kubernetes objects in those files, sorted; see {@link objectKey}. */
  readonly objects: readonly string[];
}

/** Hash function of a Git repository's object ids. */
export type ObjectFormat = 'sha1' | 'sha256';

/** Where the ledger is in the GitOps repo. */
export const ledgerPath = '.fullcycle/owned.json';
/** The ledger of a repository that has none yet. */
export const emptyLedger: Ledger = { schema: 1, environments: {} };

const ownedSchema = z.strictObject({
  files: z.record(z.string(), z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'is a git blob id')),
  objects: z.array(z.string().regex(/^[^/]*\/[^/]+\/[^/]*\/[^/]+$/, 'is group/kind/namespace/name')),
});
/** A section that names another environment's file would have it removed one day: such a ledger is broken. */
const ledgerSchema = z.strictObject({ schema: z.literal(1), environments: z.record(z.string(), ownedSchema) }).check((context) => {
  for (const [environment, owned] of Object.entries(context.value.environments))
    for (const path of Object.keys(owned.files))
      if (!belongsTo(environment, path))
        context.issues.push({
          code: 'custom',
          input: path,
          path: ['environments', environment, 'files', path],
          message: `is not a path of ${environment}`,
        });
});

/** The bytes of the ledger. */
export function formatLedger(ledger: Ledger): string {
  return formatJson(ledger);
}

/** @throws Failure with every problem as `E_STATE` */
export function parseLedger(text: string): Ledger {
  return parseJson(ledgerPath, text, ledgerSchema);
}

/** The ledger with one environment's section replaced and every other left as it is. */
export function withOwned(ledger: Ledger, environment: string, owned: Owned): Ledger {
  return { ...ledger, environments: { ...ledger.environments, [environment]: owned } };
}

/**
 * Whether a path is an environment's: its folder, and the files under `argocd/` that carry its name (`argocd/projects/<env>.yaml`,
 * `argocd/applications/<env>-<service>.yaml`). Unambiguous because no environment's name is another's plus `-…`.
 */
export function belongsTo(environment: string, path: string): boolean {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false;
  if (parts[0] === 'environments') return parts[1] === environment && parts.length > 2;
  const [root, , file = ''] = parts;
  return root === 'argocd' && parts.length === 3 && (file.startsWith(`${environment}.`) || file.startsWith(`${environment}-`));
}

/**
 * Identity of an object in a cluster: `group/kind/namespace/name`, group and namespace empty where there is none. The version is
 * left out: it is no part of the identity. Nothing for a kustomization, which is a file for a tool and never an object.
 */
export function objectKey(object: KubernetesObject): string | undefined {
  const group = groupOf(object);
  if (group === 'kustomize.config.k8s.io') return undefined;
  return `${group}/${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Id that git gives to a file of this content. */
export function blobId(text: string, format: ObjectFormat = 'sha1'): string {
  const bytes = Buffer.from(text);
  return createHash(format).update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
