import type { Problem } from '../problem.ts';
import { namesSecret, secretIn } from './secret.ts';

const variable = /^[A-Za-z_][A-Za-z0-9_]{0,252}$/;
const mostBytes = 32 * 1024;

/** Set by the render, so that no setting can lie about it. */
const reserved: readonly string[] = ['APP_COMMIT'];

/**
 * `checkEnv(field, env): Problem[]` - E_ENVVAR for names that no shell takes, names of our own, values that are no strings, more than
 * 32 KiB altogether, and secrets: a value that looks like one, or any value of a name like `DB_PASSWORD`. Never shows such a value.
 */
export function checkEnv(field: string, env: Readonly<Record<string, unknown>>): Problem[] {
  const problems = Object.entries(env).flatMap(([name, value]) => checkVariable(`${field}.${name}`, name, value));
  const bytes = Buffer.byteLength(JSON.stringify(env));
  if (bytes > mostBytes) {
    problems.push({
      code: 'E_ENVVAR',
      field,
      value: `${bytes} bytes`,
      rule: `at most ${mostBytes} bytes altogether`,
      fix: 'mount a file instead',
    });
  }
  return problems;
}

function checkVariable(field: string, name: string, value: unknown): Problem[] {
  const code = 'E_ENVVAR';
  if (!variable.test(name)) {
    return [{ code, field, value: name, rule: 'a variable name: letters, digits and "_", not starting with a digit', fix: 'rename it' }];
  }
  if (reserved.includes(name)) return [{ code, field, rule: `${name} is set by the render`, fix: 'remove it' }];
  if (typeof value !== 'string') return [{ code, field, value, rule: 'a string', fix: 'quote it' }];
  const kind = secretIn(value) ?? (namesSecret(name) && value !== '' ? 'a secret by its name' : undefined);
  if (!kind) return [];
  return [{ code, field, rule: `no secrets in Git, this looks like ${kind}`, fix: 'keep it in a secret store and refer to it' }];
}
