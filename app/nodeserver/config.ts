import { isIP } from 'node:net';
import type { Level } from './log.ts';

/** Everything the environment decides. An empty variable counts as unset. */
export interface Config {
  /** IP address to listen on, from `HOST`. @default all addresses */
  readonly host?: string;
  /** 0–65535, from `PORT`; 0 picks a free one. @default 3000 */
  readonly port: number;
  /** Milliseconds to keep serving after the first signal, 0–15000, from `DRAIN_DELAY`, written like `5s` or `500ms`. @default 5000 */
  readonly drainDelay: number;
  /** Lowest level logged, from `LOG_LEVEL`. @default info */
  readonly logLevel: Level;
  /** Source commit that was delivered, from `APP_COMMIT`. @default unknown */
  readonly commit: string;
  /** Hash of everything that went into the image, from `APP_BUILD`, which the image sets. @default dev */
  readonly build: string;
}

/** The environment can't be used; the message has one line for each bad value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Returns a value, or `undefined` when the text breaks the rule. */
type Reader<T> = (text: string) => T | undefined;

const levels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies Level[];
const commitRule = 'a commit: 1 to 128 letters, digits, dots, dashes and underscores';
const buildRule = 'a hash: 1 to 128 letters, digits, dots, dashes, underscores and colons';

/** Reads the configuration. @throws ConfigError naming every bad value */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  /** `rule` completes the sentence "<value> is not …". */
  const read = <T, U>(name: string, unset: U, rule: string, reader: Reader<T>): T | U => {
    const text = env[name];
    if (!text) return unset;
    const value = reader(text);
    if (value !== undefined) return value;
    problems.push(`nodeserver: ${name}: ${JSON.stringify(text)} is not ${rule}`);
    return unset;
  };
  const config: Config = {
    host: read('HOST', undefined, 'an IP address', (text) => (isIP(text) ? text : undefined)),
    port: read('PORT', 3000, 'a whole number from 0 to 65535', readPort),
    drainDelay: read('DRAIN_DELAY', 5000, 'from 0s to 15s, written like 5s or 500ms', readDelay),
    logLevel: read<Level, Level>('LOG_LEVEL', 'info', 'debug, info, warn or error', readLevel),
    commit: read('APP_COMMIT', 'unknown', commitRule, matching(/^[0-9A-Za-z._-]{1,128}$/)),
    build: read('APP_BUILD', 'dev', buildRule, matching(/^[0-9A-Za-z._:-]{1,128}$/)),
  };
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return config;
}

function readPort(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function readDelay(text: string): number | undefined {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  const delay = Number(amount) * (unit === 's' ? 1000 : 1);
  return delay <= 15_000 ? delay : undefined;
}

function readLevel(text: string): Level | undefined {
  return levels.includes(text) ? (text as Level) : undefined;
}

function matching(form: RegExp): Reader<string> {
  return (text) => (form.test(text) ? text : undefined);
}
