import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

/** A daemon on record. */
export interface Daemon extends ProcessIdentity {
  readonly name: string;
  readonly argv: readonly string[];
  /** Absolute path of what it wrote to stdout and stderr since its start. */
  readonly log: string;
}

/** Names of all daemons that were started and not stopped, running or not. */
export function recordedDaemons(state: string): string[] {
  const folder = join(state, 'run');
  return existsSync(folder) ? readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [basename(file, '.json')] : [])) : [];
}

/** Forgets a daemon. */
export function removeRecord(state: string, name: string): void {
  rmSync(recordFile(state, name), { force: true });
}

/** Where a daemon writes its stdout and stderr to. */
export function logFile(state: string, name: string): string {
  return join(state, 'run', `${name}.log`);
}

/** Puts a daemon on record: `<state>/run/<name>.json`, for the user only, complete or not at all. */
export function saveRecord(state: string, daemon: Daemon): Daemon {
  const file = recordFile(state, daemon.name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(daemon, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return daemon;
}

/** The daemon on record, running or not; undefined when there is no record, or none that can be trusted. */
export function readRecord(state: string, name: string): Daemon | undefined {
  try {
    const record = JSON.parse(readFileSync(recordFile(state, name), 'utf8')) as Daemon;
    return Number.isInteger(record.pid) && record.pid > 1 && typeof record.started === 'string' && Array.isArray(record.argv)
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}

function recordFile(state: string, name: string): string {
  return join(state, 'run', `${name}.json`);
}
