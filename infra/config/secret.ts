import { codePoint, invisible } from '../../charts/yaml-encoding.ts';
import type { ValuePath } from '../../charts/yaml-values.ts';
import type { Finding } from './issue.ts';

/** Secrets that a stack file may hold, encrypted, with what they are. Pulumi would require what Pulumi.yaml declares, so it declares none. */
export const secretKeys = {
  adminPasswordHash: 'bcrypt hash of the password of the user admin, as argocd account bcrypt prints it',
  webhookSecret: 'What the host of the GitOps repo signs its webhooks with',
  repositoryCredentials: 'JSON: credentials by the names in argocd.repositories',
} as const;

/** Ciphertext as Pulumi writes it: by a passphrase, by a key service. */
const ciphertext = /^v1:[A-Za-z0-9+/=]{8,}:[A-Za-z0-9+/=]{8,}$|^AAAB[A-Za-z0-9+/]{28,}={0,2}$/;

/** `E_STACK_CONFIG` unless the value is `{secure: ciphertext}` and nothing else. Never shows it. */
export function checkSecret(path: ValuePath, key: string, value: unknown): Finding[] {
  const isWhole = isEncrypted(value) && typeof value.secure === 'string' && Object.keys(value).length === 1;
  return isWhole ? [] : [refuse(path, key, 'a secret, so it is encrypted', `write it with pulumi config set --secret ${key}`)];
}

/** `E_STACK_CONFIG` for ciphertext anywhere in a value that is declared as no secret, `E_ENCODING` for characters that can't be seen. */
export function checkPlain(path: ValuePath, field: string, value: unknown): Finding[] {
  if (isEncrypted(value)) return [refuse(path, field, 'not declared as a secret, so not encrypted', 'write it as plain text')];
  if (typeof value === 'string') return checkText(path, field, value);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    checkPlain([...path, Array.isArray(value) ? Number(key) : key], `${field}.${key}`, child),
  );
}

function checkText(path: ValuePath, field: string, text: string): Finding[] {
  if (ciphertext.test(text)) return [refuse(path, field, 'plain text; ciphertext stands after secure:', 'write the value itself')];
  const [found] = invisible.exec(text) ?? [];
  if (found === undefined) return [];
  const value = codePoint(found.codePointAt(0) ?? 0);
  return [{ path, problem: { code: 'E_ENCODING', field, value, rule: 'no control, invisible or bidi characters', fix: 'remove it' } }];
}

function refuse(path: ValuePath, field: string, rule: string, fix: string): Finding {
  return { path, problem: { code: 'E_STACK_CONFIG', field, rule, fix } };
}

function isEncrypted(value: unknown): value is { readonly secure: unknown } {
  return typeof value === 'object' && value !== null && 'secure' in value;
}
