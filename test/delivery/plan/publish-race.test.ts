import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realTiming } from '../../../infra/delivery/git/timing.ts';
import { blobId } from '../../../infra/delivery/plan/ledger.ts';
import { publish } from '../../../infra/delivery/plan/publish.ts';
import { formatRelease, releasePath } from '../../../infra/delivery/release/release.ts';
import { type Desired, wanted } from '../desired.ts';
import { PlayedTiming, Remote } from '../gitops.ts';
import { HttpRemote } from '../http-remote.ts';
import type { WriterLine, WriterOptions } from '../process/writer.ts';

/** True runs the rounds behind the figures in the documentation: 32 writers × 10 commits, 50 rounds of 8, 250 kills. Takes half an hour. */
const isHeavy = process.env.FULLCYCLE_HEAVY === '1';

const program = fileURLToPath(new URL('../process/writer.ts', import.meta.url));
/** Compiled once for all writers: they start twice as fast. */
const compiled = mkdtempSync(join(tmpdir(), 'fullcycle-compiled-'));
const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
afterAll(() => rmSync(compiled, { recursive: true, force: true }));
const environments = ['dev', 'staging', 'prod'];

let remote: Remote;
const children: ChildProcess[] = [];
beforeEach(() => {
  remote = new Remote();
  remote.commit({ 'README.md': 'the GitOps repo' });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  remote.remove();
});

function start(options: Partial<WriterOptions> & Pick<WriterOptions, 'environment' | 'versions'>): ChildProcess {
  const complete: WriterOptions = {
    url: remote.bare,
    cacheDir: join(remote.folder, 'cache'),
    report: join(remote.folder, 'report'),
    ...options,
  };
  const child = spawn(process.execPath, [program, JSON.stringify(complete)], { stdio: ['ignore', 'ignore', 'inherit'], env });
  children.push(child);
  return child;
}

/** Starts all at the same moment, each with a cache of its own as on a machine of its own, and waits for the end of all. */
async function race(
  writers: readonly Pick<WriterOptions, 'environment' | 'versions'>[],
  share: Partial<WriterOptions> = {},
): Promise<WriterLine[]> {
  const barrier = join(remote.folder, 'go');
  const all = writers.map((writer, index) => start({ cacheDir: join(remote.folder, `cache-${index}`), barrier, ...writer, ...share }));
  await setTimeout(all.length * 60);
  writeFileSync(barrier, '');
  const codes = await Promise.all(all.map(async (child) => (await once(child, 'exit'))[0] as number));
  expect(codes).toEqual(writers.map(() => 0));
  return readReport();
}

function readReport(): WriterLine[] {
  const report = join(remote.folder, 'report');
  return existsSync(report)
    ? readFileSync(report, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as WriterLine)
    : [];
}

const desired = (environment: string, version: string): Desired => ({ environment, services: { goserver: version, nodeserver: version } });

/** Every commit holds, for every environment, exactly the render of one version: nothing lost, nothing mixed. */
function expectPureRenders(lines: readonly Pick<WriterLine, 'environment' | 'version'>[]): void {
  const renders = new Map(
    lines.map(({ environment, version }) => {
      const { files, release } = wanted(desired(environment, version));
      const ids = files.map(({ path, text }) => `${blobId(text)} ${path}`);
      const record = blobId(formatRelease(release));
      return [`${record} ${releasePath(environment)}`, [...ids, `${record} ${releasePath(environment)}`].sort()];
    }),
  );
  for (const commit of remote.commits()) {
    const entries = remote.git('ls-tree', '-r', '--format=%(objectname) %(path)', commit).split('\n');
    for (const environment of environments) {
      const own = entries.filter((entry) => new RegExp(` (environments/${environment}/|argocd/\\w+/${environment}-)`).test(entry)).sort();
      const record = own.find((entry) => entry.endsWith(releasePath(environment)));
      expect(own).toEqual(record === undefined ? [] : renders.get(record));
    }
  }
}

/** One commit per version, in one line of history. */
function expectAllOnce(lines: readonly WriterLine[], versions: number): void {
  remote.expectSound();
  const commits = remote.commits().slice(1);
  expect(lines.length).toBe(versions);
  expect([...lines.map(({ commit }) => commit)].sort()).toEqual([...commits].sort());
  expectPureRenders(lines);
}

const writers = (count: number, commits: number, of: (index: number) => string = (index) => environments[index % 3] ?? '') =>
  Array.from({ length: count }, (_none, index) => ({
    environment: of(index),
    versions: Array.from({ length: commits }, (_none, commit) => `writer ${index} version ${commit}`),
  }));

function tell(name: string, lines: readonly WriterLine[]): void {
  const sorted = (numbers: number[]) => numbers.sort((a, b) => a - b);
  const retried = sorted(lines.filter(({ retries }) => retries > 0).map(({ retries, milliseconds }) => milliseconds / (retries + 1)));
  const times = sorted(lines.map(({ milliseconds }) => milliseconds));
  const at = (numbers: number[], part: number) => Math.round(numbers[Math.floor(numbers.length * part)] ?? 0);
  const retries = sorted(lines.map(({ retries }) => retries));
  console.log(
    `${name}: ${lines.length} commits, retries median ${at(retries, 0.5)} max ${retries.at(-1)}, one try with its pause: median ${at(retried, 0.5)} ms, a commit: median ${at(times, 0.5)} ms, 95 % ${at(times, 0.95)} ms`,
  );
}

describe('writers in processes of their own', () => {
  const rounds: readonly (readonly [writers: number, commits: number, rounds: number])[] = isHeavy
    ? [
        [2, 10, 5],
        [8, 3, 50],
        [32, 10, 1],
      ]
    : [
        [2, 3, 1],
        [8, 1, 1],
        [32, 1, 1],
      ];

  it.each(rounds)('all land: %i writers of 3 environments, %i commits each', { timeout: 1_800_000 }, async (count, commits, times) => {
    for (let round = 0; round < times; round += 1) {
      if (round > 0) {
        remote.remove();
        remote = new Remote();
        remote.commit({ 'README.md': 'the GitOps repo' });
      }
      const lines = await race(writers(count, commits));
      expectAllOnce(lines, count * commits);
      tell(`${count} writers × ${commits}`, lines);
    }
  });

  it('of one environment land in some order, and never mix', { timeout: 300_000 }, async () => {
    const lines = await race(writers(4, 2, () => 'prod'));
    expectAllOnce(lines, 8);
  });

  it('over HTTP land as well', { timeout: 300_000 }, async () => {
    const http = new HttpRemote(remote.bare);
    const url = await http.listen();
    const lines = await race(isHeavy ? writers(32, 10) : writers(3, 2), { url });
    await http.close();
    expectAllOnce(lines, isHeavy ? 320 : 6);
    tell('over HTTP', lines);
  });

  it('with the same result make one commit, and the others have nothing to do', { timeout: 300_000 }, async () => {
    const same = Array.from({ length: 4 }, () => ({ environment: 'dev', versions: ['v1'] }));
    const lines = await race(same);
    remote.expectSound();
    const [, commit, ...more] = remote.commits();
    expect(more).toEqual([]);
    expect(lines.length).toBe(4);
    expect(lines.filter(({ commit: own }) => own !== null && own !== commit)).toEqual([]);
    expect(lines.filter(({ commit: own }) => own === commit).length).toBeGreaterThan(0);
  });

  it('on one machine wait for each other and land', { timeout: 300_000 }, async () => {
    const lines = await race(writers(3, 2), { cacheDir: join(remote.folder, 'cache') });
    expectAllOnce(lines, 6);
    expect(lines.map(({ retries }) => retries)).toEqual(lines.map(() => 0));
  });
});

describe('a writer that is killed', () => {
  let http: HttpRemote;
  let url: string;
  beforeEach(async () => {
    http = new HttpRemote(remote.bare);
    url = await http.listen();
  });
  afterEach(() => http.close());

  /** What an undisturbed run of the same delivery does after the killed one. */
  async function rerun(version: string): Promise<void> {
    const repository = remote.repository({ url });
    const { commit } = await publish(remote.request(desired('dev', version), { repository, timing: realTiming() }));
    const commits = remote.commits();
    expect([undefined, commits.at(-1)]).toContain(commit);
  }

  /** 0 or 1 new commit after the kill, exactly 1 after the rerun, each valid, none twice. */
  function expectOneMore(before: number, afterKill: number): void {
    expect(afterKill - before).toBeLessThanOrEqual(1);
    expect(remote.commits().length).toBe(before + 1);
  }

  /** A process and all below it, as they are now. */
  function familyOf(pid: number): number[] {
    const all = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    const children = all.map((line) => line.trim().split(/\s+/).map(Number)).filter(([, parent]) => parent === pid);
    return [pid, ...children.flatMap(([child]) => familyOf(child ?? 0))];
  }

  function kill(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended since
    }
  }

  const steps = ['fetch', 'plan', 'commit', 'push', 'landed'];
  const each = isHeavy ? 20 : 2;

  it.each(steps)(`before "%s", ${each} times, leaves nothing to repair`, { timeout: 600_000 }, async (step) => {
    const versions: string[] = [];
    for (let time = 0; time < each; time += 1) {
      const version = `${step} ${time}`;
      versions.push(version);
      const before = remote.commits().length;
      const child = start({ url, environment: 'dev', versions: [version], killAt: [step, 1] });
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      const afterKill = remote.commits().length;
      expect(afterKill - before).toBe(step === 'landed' ? 1 : 0);
      await rerun(version);
      expectOneMore(before, afterKill);
    }
    remote.expectSound();
    expectPureRenders(versions.map((version) => ({ environment: 'dev', version })));
  });

  const random = isHeavy ? 150 : 15;

  it(`at ${random} random moments, with its git or without, leaves nothing to repair`, { timeout: 1_200_000 }, async () => {
    const versions: string[] = [];
    let landed = 0;
    let usual = 0;
    for (let time = -1; time < random; time += 1) {
      const version = `random ${time}`;
      versions.push(version);
      const before = remote.commits().length;
      const barrier = join(remote.folder, `go-${time}`);
      const child = start({ url, environment: 'dev', versions: [version], barrier });
      const ended = once(child, 'exit');
      await setTimeout(300);
      const begun = performance.now();
      writeFileSync(barrier, '');
      if (time < 0) {
        await ended;
        usual = performance.now() - begun;
        continue;
      }
      // Spread over the time that the undisturbed run took.
      await setTimeout(((time * 7) % random) * (usual / random));
      const isWithGit = time % 2 === 0;
      for (const pid of isWithGit ? familyOf(child.pid ?? 0) : [child.pid ?? 0]) kill(pid);
      await ended;
      const afterKill = remote.commits().length;
      landed += afterKill - before;
      await rerun(version);
      expectOneMore(before, afterKill);
    }
    remote.expectSound();
    expectPureRenders(versions.map((version) => ({ environment: 'dev', version })));
    console.log(`${random} kills at random: ${landed} had landed`);
  });
});

describe('any sequence of writers', () => {
  it('keeps history linear, and every commit equal to its render', { timeout: 120_000 }, async () => {
    const step = fc.record({
      environment: fc.constantFrom(...environments),
      version: fc.constantFrom('v1', 'v2', 'v3'),
      machine: fc.constantFrom('a', 'b'),
      /** What another writer does between this one's plan and push. */
      meanwhile: fc.option(fc.record({ environment: fc.constantFrom(...environments), version: fc.constantFrom('v1', 'v2', 'v3') })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (all) => {
        remote.remove();
        remote = new Remote();
        remote.commit({ 'README.md': 'x' });
        const last = new Map<string, string>();
        const versions: { environment: string; version: string }[] = [];
        const timing = new PlayedTiming();
        const write = async (
          machine: string,
          { environment, version }: { environment: string; version: string },
          onPush?: () => Promise<void>,
        ) => {
          timing.time += 1000;
          let isDone = false;
          const repository = remote.repository({ cacheDir: join(remote.folder, machine) });
          const onStep = async (name: string) => {
            if (name !== 'push' || isDone) return;
            isDone = true;
            await onPush?.();
          };
          await publish(remote.request(desired(environment, version), { repository, timing, onStep }));
          last.set(environment, version);
          versions.push({ environment, version });
        };
        for (const { machine, meanwhile, ...own } of all) await write(machine, own, meanwhile ? () => write('c', meanwhile) : undefined);
        remote.expectSound();
        expectPureRenders(versions);
        for (const [environment, version] of last) {
          const record = blobId(formatRelease(wanted(desired(environment, version)).release));
          expect(remote.git('rev-parse', `main:${releasePath(environment)}`)).toBe(record);
        }
        expect(new Set(remote.commits()).size).toBe(remote.commits().length);
      }),
      { numRuns: isHeavy ? 200 : 5 },
    );
  });
});
