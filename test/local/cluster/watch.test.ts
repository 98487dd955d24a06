import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ComponentStatus, keepRunning } from '../../../infra/local/cluster/watch.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-'));
  return () => rmSync(folder, { recursive: true });
});

/** Watches a shell script until a status is reported that ends the test. */
async function watch(
  script: string,
  options: { once?: boolean; probe?: () => Promise<boolean>; until: (status: ComponentStatus) => boolean },
) {
  const statuses: ComponentStatus[] = [];
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const watching = new AbortController();
  const running = keepRunning({
    name: 'part',
    argv: ['/bin/sh', '-c', script],
    env: { PATH: '/usr/bin:/bin', FOLDER: folder },
    log: join(folder, 'part.log'),
    once: options.once ?? false,
    mayStart: Promise.resolve(),
    signal: watching.signal,
    probe: options.probe ?? (() => Promise.resolve(true)),
    onChange: (status) => {
      statuses.push(status);
      if (!options.until(status)) return;
      watching.abort();
      end();
    },
  });
  await Promise.race([over, running]);
  await running;
  return statuses;
}

describe('a watched component', () => {
  it('waits, starts, and is ready when its probe says so', async () => {
    let asked = 0;
    const statuses = await watch('exec sleep 0.5', {
      probe: () => {
        asked += 1;
        return Promise.resolve(asked > 2);
      },
      until: ({ state }) => state === 'ready',
    });
    expect(statuses).toEqual([
      { name: 'part', state: 'waiting', restarts: 0 },
      { name: 'part', state: 'starting', restarts: 0, failure: undefined },
      { name: 'part', state: 'ready', restarts: 0, failure: undefined },
    ]);
    expect(asked).toBe(3);
  });

  it('is started again when it ends, and says how it ended and what it wrote last', async () => {
    const script = 'echo first; echo "no such port" >&2; exit 3';
    const statuses = await watch(script, {
      probe: () => Promise.resolve(false),
      until: ({ state, restarts }) => state === 'failed' && restarts === 1,
    });
    const failed = statuses.filter(({ state }) => state === 'failed');
    expect(failed).toEqual([
      { name: 'part', state: 'failed', restarts: 0, failure: 'exit 3: no such port' },
      { name: 'part', state: 'failed', restarts: 1, failure: 'exit 3: no such port' },
    ]);
    expect(readFileSync(join(folder, 'part.log'), 'utf8')).toBe('first\nno such port\n'.repeat(2));
  });

  it('names the signal that ended it, and says that it wrote nothing', async () => {
    const statuses = await watch('kill -KILL $$', { probe: () => Promise.resolve(false), until: ({ state }) => state === 'failed' });
    expect(statuses.at(-1)?.failure).toBe('SIGKILL: it said nothing');
  });

  it('says so when its program is missing', async () => {
    const { promise, resolve } = Promise.withResolvers<ComponentStatus>();
    const watching = new AbortController();
    void keepRunning({
      name: 'part',
      argv: [join(folder, 'missing')],
      env: {},
      log: join(folder, 'part.log'),
      once: true,
      mayStart: Promise.resolve(),
      probe: () => Promise.resolve(false),
      onChange: (status) => status.state === 'failed' && resolve(status),
      signal: watching.signal,
    });
    const { failure } = await promise;
    watching.abort();
    expect(failure).toMatch(/^spawn \S+missing ENOENT: /);
  });

  it('that runs once is tried until it succeeds, and then left alone', async () => {
    const script = 'if test -e $FOLDER/tried; then exit 0; fi; touch $FOLDER/tried; echo "not yet"; exit 1';
    const statuses = await watch(script, { once: true, until: () => false });
    expect(statuses.map(({ state }) => state)).toEqual(['waiting', 'starting', 'failed', 'starting', 'done']);
  });

  it('is never ready once it has ended, however late the probe answers', async () => {
    const late = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 300));
    const statuses = await watch('exit 1', { probe: late, until: ({ state, restarts }) => state === 'failed' && restarts === 1 });
    expect(statuses.map(({ state }) => state)).not.toContain('ready');
  });
});
