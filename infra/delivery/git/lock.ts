import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fail } from '../errors.ts';
import type { Timing } from './timing.ts';

/** Milliseconds between two looks at a lock that is held. */
const pollInterval = 50;

/** How long to wait for a lock, and by which clock. */
export interface LockOptions {
  readonly timing: Timing;
  /** Milliseconds. */
  readonly patience: number;
  /** Told once, when there is somebody to wait for. */
  readonly onWait?: (holder: string) => void;
}

/**
 * Does the work while holding a lock between processes of this machine. The kernel lets go of it when its holder dies, however it
 * dies, so a dead holder's lock needs no taking over and a live one's can't be taken. SQLite is the portable way to a kernel lock:
 * nothing is ever stored.
 * @throws Failure `E_LOCKED` naming the holder when patience ends
 */
export async function withLock<T>(file: string, field: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const database = new DatabaseSync(file);
  try {
    await waitFor(database, file, field, options);
    writeFileSync(holderFile(file), `by pid ${process.pid} since ${new Date(options.timing.now()).toISOString()}`, { mode: 0o600 });
    return await work();
  } finally {
    database.close();
  }
}

async function waitFor(database: DatabaseSync, file: string, field: string, { timing, patience, onWait }: LockOptions): Promise<void> {
  const start = timing.now();
  let isTold = false;
  while (!tryLock(database)) {
    const holder = readHolder(file);
    if (timing.now() - start >= patience)
      fail('E_LOCKED', field, holder, 'one writer at a time on one machine', 'wait for it to end, then rerun');
    if (!isTold) onWait?.(holder);
    isTold = true;
    await timing.sleep(pollInterval * (1 + timing.random()));
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return false;
    throw error;
  }
}

/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

/** Who holds the lock, for people: only the lock itself decides. */
function holderFile(file: string): string {
  return `${file}.holder`;
}

function readHolder(file: string): string {
  try {
    return readFileSync(holderFile(file), 'utf8');
  } catch {
    return 'by another process';
  }
}
