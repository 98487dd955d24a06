import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { namesSecret, secretIn } from '../validate/secret.ts';
import { type Rule, violation } from './rule.ts';

const fix = 'keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown';

/**
 * Git holds no secret: no Secret with data, no credential, key or random value in any text, and no literal under a name like `DB_PASSWORD`.
 * Values are never shown.
 * kube-linter env-var-secret · checkov CKV_K8S_35, CKV_SECRET_* · gitleaks
 */
export const noSecrets: Rule = (tree) =>
  [...tree.objects, ...tree.kustomizations].flatMap((file) => [...checkSecret(file), ...checkNode(file, file.object, '')]);

function secret(file: ManifestFile, field: string, kind: string): Problem {
  return violation('no-secrets', file, field, undefined, `this looks like ${kind}`, fix, 'E_SECRET_IN_RENDER');
}

function checkSecret(file: ManifestFile): Problem[] {
  const { kind, data, stringData } = file.object;
  if (kind !== 'Secret' || (data === undefined && stringData === undefined)) return [];
  return [secret(file, data === undefined ? 'stringData' : 'data', 'the content of a Secret')];
}

function checkNode(file: ManifestFile, node: unknown, field: string): Problem[] {
  if (typeof node === 'string') {
    const kind = isPublic(field) ? undefined : secretIn(node);
    return kind ? [secret(file, field, kind)] : [];
  }
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap((item, index) => checkNode(file, item, `${field}[${index}]`));
  return [
    ...checkVariable(file, node as Record<string, unknown>, field),
    ...Object.entries(node).flatMap(([key, value]) => checkEntry(file, key, value, field)),
  ];
}

function checkEntry(file: ManifestFile, key: string, value: unknown, field: string): Problem[] {
  const path = field === '' ? key : `${field}.${key}`;
  const isConfig = file.object.kind === 'ConfigMap' && field === 'data';
  if (isConfig && namesSecret(key) && isFilled(value)) return [secret(file, path, 'a secret by its name')];
  return checkNode(file, value, path);
}

/** `{name: DB_PASSWORD, value: …}`, as in `env`. */
function checkVariable(file: ManifestFile, { name, value }: Record<string, unknown>, field: string): Problem[] {
  if (typeof name !== 'string' || !isFilled(value) || !namesSecret(name)) return [];
  return secretIn(value) ? [] : [secret(file, `${field}.value`, 'a secret by its name')];
}

/** False for switches too: whether something about secrets is on is none. */
function isFilled(value: unknown): value is string {
  return typeof value === 'string' && !/^(true|false)?$/.test(value);
}

/** Digests and checksums are random and no secret. */
function isPublic(field: string): boolean {
  return /\.image$|\.digest$|annotations\.checksum\/config$/.test(field);
}
