import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../infra/delivery/errors.ts';
import { withLock } from '../../../infra/delivery/git/lock.ts';
import { realTiming } from '../../../infra/delivery/git/timing.ts';

const program = fileURLToPath(new URL('../process/lock-holder.ts', import.meta.url));
let folder = '';
let lock = '';
let log = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-lock-'));
  lock = join(folder, 'lock');
  log = join(folder, 'log');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function holder(times: number, hold: number): ChildProcess {
  const child = spawn(process.execPath, [program, lock, log, String(times), String(hold)], { stdio: 'inherit' });
  children.push(child);
  return child;
}

function lines(): string[] {
  try {
    return readFileSync(log, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

async function untilHeld(count = 1): Promise<void> {
  while (lines().filter((line) => line.startsWith('in')).length < count) await setTimeout(20);
}

const take = (patience: number, onWait?: (holder: string) => void) =>
  withLock(lock, 'main', { timing: realTiming(), patience, onWait }, async () => 'done');

describe('the lock of a private clone', () => {
  it('lets one process in at a time, every one in the end', async () => {
    const all = Array.from({ length: 4 }, () => holder(10, 2));
    await Promise.all(all.map((child) => once(child, 'exit')));
    const log = lines();
    expect(log.length).toBe(80);
    for (let at = 0; at < log.length; at += 2) expect(log[at + 1]).toBe(log[at]?.replace('in', 'out'));
  });

  it('names its living holder when patience ends, and is not taken from it', async () => {
    const child = holder(1, 60_000);
    await untilHeld();
    const told: string[] = [];
    const error = await take(200, (holder) => told.push(holder)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(Failure);
    expect(String(error)).toMatch(
      new RegExp(
        `^Failure: error\\[E_LOCKED\\] main: by pid ${child.pid} since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z - one writer at a time on one machine - wait for it to end, then rerun$`,
      ),
    );
    expect((error as Failure).exitCode).toBe(3);
    expect(told.length).toBe(1);
    expect(lines()).toEqual([`in ${child.pid}`]);
  });

  it('is free the moment its holder is killed', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const child = holder(1, 60_000);
      await untilHeld(round);
      const waiting = take(20_000);
      child.kill('SIGKILL');
      expect(await waiting).toBe('done');
    }
  });

  it('is let go of when the work fails', async () => {
    const failing = withLock(lock, 'main', { timing: realTiming(), patience: 0 }, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await take(0)).toBe('done');
  });

  it('holds between two pieces of work of one process too', async () => {
    const first = withLock(lock, 'main', { timing: realTiming(), patience: 0 }, () => setTimeout(200, 'first'));
    await expect(take(0)).rejects.toThrow('E_LOCKED');
    expect(await first).toBe('first');
  });
});
