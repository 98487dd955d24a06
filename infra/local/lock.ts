import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

const pollMilliseconds = 100;
let taken = 0;

/**
 * Does the work while holding the lock file, after waiting for whoever holds it; a holder that no longer runs is passed over.
 * Two that pass over the same dead holder at the same instant may both go on: work under the lock must stay correct then, at worst be done twice.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait: (holder: number) => void = () => {}): Promise<T> {
  taken += 1;
  const own = await claim(file);
  try {
    let told: number | undefined;
    for (;;) {
      if (tryLink(own, file)) break;
      const holder = readHolder(file);
      if (holder && (await isRunning(holder))) {
        if (told !== holder.pid) onWait(holder.pid);
        told = holder.pid;
        await sleep(pollMilliseconds);
        continue;
      }
      rmSync(file, { force: true });
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** The lock's text in a file of its own: linking it into place can't leave a half-written lock. */
async function claim(file: string): Promise<string> {
  taken += 1;
  const own = `${file}.${process.pid}.${taken}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(own, JSON.stringify(await identify(process.pid)), { mode: 0o600 });
  return own;
}

function tryLink(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
