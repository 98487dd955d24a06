import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { atTip } from '../../../infra/delivery/git/reach.ts';
import { publish } from '../../../infra/delivery/plan/publish.ts';
import { formatRelease, releasePath } from '../../../infra/delivery/release/release.ts';
import { type EnvironmentCommit, environmentHistory } from '../../../infra/delivery/release/release-history.ts';
import { type Desired, digest, release, wanted } from '../desired.ts';
import { PlayedTiming, Remote } from '../gitops.ts';

let remote: Remote;
beforeEach(() => {
  remote = new Remote();
});
afterEach(() => remote.remove());

const dev = (version: string): Desired => ({ environment: 'dev', services: { goserver: version } });

/** Publishes at the same played time as the commits before it, plus some seconds. */
async function deliver(desired: Desired, seconds = 0, more: Partial<ReturnType<typeof wanted>> = {}): Promise<void> {
  const timing = new PlayedTiming();
  timing.time += seconds * 1000;
  await publish(remote.request(desired, { timing, propose: () => ({ ...wanted(desired), ...more }) }));
}

async function history(environment = 'dev', most = Number.POSITIVE_INFINITY): Promise<EnvironmentCommit[]> {
  const repository = remote.repository();
  return await atTip({ repository, timing: new PlayedTiming() }, async (tip) => {
    const all: EnvironmentCommit[] = [];
    for await (const entry of environmentHistory(repository, environment, tip ?? '')) if (all.push(entry) >= most) break;
    return all;
  });
}
const digests = (all: readonly EnvironmentCommit[]) => all.map(({ release: made }) => made?.images.goserver?.digest);

describe('the history of an environment', () => {
  it('tells when, what, who and why, the newest first', async () => {
    await deliver(dev('v1'));
    await deliver({ environment: 'prod', services: { goserver: 'v0' } }, 5);
    await deliver(dev('v2'), 10, { verb: 'promote', reason: 'it is Friday' });
    const all = await history();
    expect(all.map(({ time, who, verb, reason }) => ({ time, who, verb, reason }))).toEqual([
      { time: Date.parse('2026-01-01T00:00:10Z') / 1000, who: 'fullcycle', verb: 'promote', reason: 'it is Friday' },
      { time: Date.parse('2026-01-01T00:00:00Z') / 1000, who: 'fullcycle', verb: 'deliver', reason: undefined },
    ]);
    expect(digests(all)).toEqual([digest('v2'), digest('v1')]);
    expect(all.map(({ commit }) => commit)).toEqual([remote.commits()[2], remote.commits()[0]]);
  });

  it('tells other hands apart, and survives what they break', async () => {
    await deliver(dev('v1'));
    remote.commit({ [releasePath('dev')]: '{', 'environments/dev/notes.md': 'x' });
    remote.commit({ 'environments/dev/notes.md': null });
    remote.commit({ [releasePath('dev')]: null });
    const all = await history();
    expect(all.map(({ verb, who, reason }) => [verb, who, reason])).toEqual([
      ['by hand', 'Jane Doe', 'by hand'],
      ['by hand', 'Jane Doe', 'by hand'],
      ['by hand', 'Jane Doe', 'by hand'],
      ['deliver', 'fullcycle', undefined],
    ]);
    expect(digests(all)).toEqual([undefined, undefined, undefined, digest('v1')]);
  });

  it('takes no message by other hands for ours', async () => {
    await deliver(dev('v1'));
    const tree = remote.git('rev-parse', 'main^{tree}');
    const blob = execFileSync('git', [`--git-dir=${remote.bare}`, 'hash-object', '-w', '--stdin'], { input: 'x', encoding: 'utf8' }).trim();
    expect([tree, blob]).not.toContain('');
    const message = 'promote(prod): goserver\n\ncommit\n:100644 100644\n\nFullcycle-Environment: prod\n';
    const commit = execFileSync('git', [`--git-dir=${remote.bare}`, 'fast-import', '--quiet', '--done'], {
      input: `commit refs/heads/main\nmark :1\ncommitter Eve <eve@example.com> 1767225700 +0000\ndata ${message.length}\n${message}\nfrom refs/heads/main^0\nM 100644 ${blob} environments/dev/commit\nget-mark :1\ndone\n`,
      encoding: 'utf8',
    }).trim();
    expect((await history())[0]).toMatchObject({ commit, who: 'Eve', verb: 'by hand' });
  });

  it('counts a merged branch when and as it came to the branch', async () => {
    await deliver(dev('v1'));
    const base = remote.git('rev-parse', 'main');
    await deliver(dev('v2'), 10);
    const side = remote.git('rev-parse', 'main');
    remote.git('update-ref', 'refs/heads/main', base);
    const env = { ...process.env, GIT_COMMITTER_DATE: '1767225700 +0000', GIT_AUTHOR_DATE: '1767225700 +0000' };
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
    const args = [`--git-dir=${remote.bare}`, ...identity, 'commit-tree', '-p', base, '-p', side, '-m', 'Merge it', `${side}^{tree}`];
    const merge = execFileSync('git', args, { env, encoding: 'utf8' }).trim();
    remote.git('update-ref', 'refs/heads/main', merge);
    const all = await history();
    expect(all.map(({ commit, verb, time }) => [commit, verb, time])).toEqual([
      [merge, 'merge', 1_767_225_700],
      [base, 'deliver', 1_767_225_600],
    ]);
    expect(digests(all)).toEqual([digest('v2'), digest('v1')]);
  });

  it('of an environment that never was is empty', async () => {
    await deliver(dev('v1'));
    expect(await history('prod')).toEqual([]);
  });

  it('of 10,000 commits is read whole, and its beginning at once', { timeout: 120_000 }, async () => {
    const identity = 'fullcycle <fullcycle@fullcycle.invalid>';
    const commits = Array.from({ length: 10_000 }, (_none, index) => {
      const text = formatRelease(release(dev(`v${index}`)));
      const message = `deliver(dev): goserver\n\nSource x\n\nFullcycle-Environment: dev\n`;
      return `commit refs/heads/main\ncommitter ${identity} ${1_700_000_000 + index} +0000\ndata ${message.length}\n${message}\nM 100644 inline ${releasePath('dev')}\ndata ${text.length}\n${text}\n`;
    });
    execFileSync('git', [`--git-dir=${remote.bare}`, 'fast-import', '--quiet', '--done'], { input: `${commits.join('')}done\n` });
    await history('dev', 1);
    const start = performance.now();
    expect(digests(await history('dev', 1))).toEqual([digest('v9999')]);
    const first = performance.now();
    const all = await history();
    const whole = performance.now();
    expect(digests(all)).toEqual(Array.from({ length: 10_000 }, (_none, index) => digest(`v${9999 - index}`)));
    expect({ first: first - start < 5_000, whole: whole - first < 60_000 }).toEqual({ first: true, whole: true });
  });
});
