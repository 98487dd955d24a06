import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { startDaemon, stopDaemon } from '../../infra/local/daemon.ts';
import { logFile } from '../../infra/local/daemon-record.ts';
import { ensureGitopsRepository, gitDaemon } from '../../infra/local/git-daemon.ts';
import type { PushEvent } from '../../infra/local/push-event.ts';
import { removeWebhook, writeWebhook } from '../../infra/local/webhook.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { git, tryGit } from './project.ts';

const secret = 'the secret of the webhook';
let folder: string;
let state: string;
let clone: string;
let url: string;
let api: ApiServer;

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'announcer-'));
  [state, clone] = [join(folder, '.fullcycle'), join(folder, 'clone')];
  mkdirSync(state);
  await ensureGitopsRepository(state);
  const listen = `127.0.0.1:${await freePort()}`;
  await startDaemon(gitDaemon(state, [listen]));
  url = `http://${listen}/gitops.git`;
  await git(folder, 'clone', '--quiet', url, clone);
  api = await startApiServer(join(folder, 'api'));
});
afterAll(async () => {
  if (state) await stopDaemon(state, 'git-server');
  await api?.[Symbol.asyncDispose]();
  if (folder) rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  api.asked.length = 0;
  api.manner = { status: 200, text: '' };
  announceTo(api);
});

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as { port: number };
    probe.close(() => resolve(port));
  });
  return promise;
}

function announceTo({ kubeconfig }: Pick<ApiServer, 'kubeconfig'>): void {
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, kubeconfig);
  writeWebhook(state, { kubeconfig: file, context: 'test', namespace: 'argocd', secret });
}

/** Commits: a text is written, null removes the file. */
async function commit(files: Readonly<Record<string, string | null>>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    if (content === null) rmSync(join(clone, path));
    else writeFileSync(join(clone, path), content);
  }
  await git(clone, 'add', '--all');
  await git(clone, 'commit', '--quiet', '--allow-empty', '--message=change');
  return git(clone, 'rev-parse', 'HEAD');
}

/** Pushes; returns what git tells the pusher. */
async function push(...refs: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await tryGit(clone, 'push', 'origin', ...refs);
  if (exitCode !== 0) throw new Error(stderr);
  return stderr;
}

const log = () => readFileSync(logFile(state, 'git-server'), 'utf8');

/** Waits for the line that tells of this commit. */
async function logged(id: string): Promise<string> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
    const line = log()
      .split('\n')
      .find((text) => text.includes(`..${id.slice(0, 7)}`));
    if (line) return line;
  }
  throw new Error(`nothing was logged of ${id}: ${log()}`);
}

const events = () => api.asked.map(({ body }) => JSON.parse(body) as PushEvent);

describe('an accepted push', () => {
  it('is announced to Argo CD through the API server, signed', async () => {
    const id = await commit({ 'environments/dev/a.yaml': '1', 'ünï/b "c".yaml': '2' });
    const said = await push('HEAD:main');
    expect(await logged(id)).toMatch(/^told Argo CD of refs\/heads\/main 0000000\.\.[0-9a-f]{7} in \d+ ms$/);
    expect(said).not.toContain('remote:');
    const [{ method, path, user, headers, body } = expect.fail('nobody asked')] = api.asked;
    expect({ method, path, user }).toEqual({
      method: 'POST',
      path: '/api/v1/namespaces/argocd/services/https:argocd-server:https/proxy/api/webhook',
      user: 'announcer',
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    });
    expect(events()).toMatchObject([
      {
        ref: 'refs/heads/main',
        before: '0'.repeat(40),
        after: id,
        created: true,
        commits: [{ id, added: ['environments/dev/a.yaml', 'ünï/b "c".yaml'], modified: [], removed: [] }],
      },
    ]);
  });

  it('is one event, however many commits it has, with what they change together', async () => {
    await commit({ 'two/x': '1', 'two/y': '1', 'two/z': '1' });
    const before = await commit({ 'two/w': '1' });
    await push('HEAD:main');
    await logged(before);
    api.asked.length = 0;
    await commit({ 'two/new': '1', 'two/back': '1', 'two/x': '2' });
    await commit({ 'two/back': null, 'two/y': null });
    const after = await commit({ 'two/moved': '1', 'two/z': null });
    await push('HEAD:main');
    await logged(after);
    const files = { added: ['two/moved', 'two/new'], modified: ['two/x'], removed: ['two/y', 'two/z'] };
    expect(events()).toMatchObject([{ before, after, created: false, commits: [{ id: after, ...files }] }]);
  });

  it('is one event for each branch and tag', async () => {
    const id = await commit({ file: 'tagged' });
    await git(clone, 'tag', 'v1');
    await push('HEAD:refs/heads/one', 'HEAD:refs/heads/two', 'v1', 'HEAD:refs/notes/none');
    await expect
      .poll(
        () =>
          events()
            .map(({ ref }) => ref)
            .sort(),
        { timeout: 20_000 },
      )
      .toEqual(['refs/heads/one', 'refs/heads/two', 'refs/tags/v1']);
    expect(events().every(({ after, created }) => after === id && created)).toBe(true);
  });

  it('lets no more be heard of than one that was refused', async () => {
    await commit({ file: 'kept' });
    await push('HEAD:refs/heads/kept');
    await git(clone, 'reset', '--quiet', '--hard', 'HEAD~1');
    const lost = await commit({ file: 'lost' });
    const seen = await commit({ file: 'seen' });
    api.asked.length = 0;
    const { exitCode } = await tryGit(clone, 'push', '--force', 'origin', `${lost}:refs/heads/kept`, `${seen}:refs/heads/seen`);
    expect(exitCode).toBe(1);
    await logged(seen);
    expect(events().map(({ ref }) => ref)).toEqual(['refs/heads/seen']);
  });
});

describe('a push that can’t be announced is accepted all the same', () => {
  const pushed = async () => {
    const id = await commit({});
    const said = await push('HEAD:refs/heads/failing');
    expect(said).not.toContain('remote:');
    const early = log().includes(`..${id.slice(0, 7)}`);
    return { line: (await logged(id)).replace(/[0-9a-f]{7}\.\.[0-9a-f]{7}/, '…'), early };
  };
  const could = 'could not tell Argo CD of refs/heads/failing …: ';

  it('when Argo CD doesn’t answer, which nobody waits for', async () => {
    api.manner = 'silent';
    expect(await pushed()).toEqual({ line: `${could}no answer within 2 s`, early: false });
  });

  it.each([
    [401, 'Unauthorized'],
    [400, 'Webhook processing failed'],
    [403, 'services "https:argocd-server:https" is forbidden'],
  ])('when it is answered %i', async (status, text) => {
    api.manner = { status, text };
    expect((await pushed()).line).toBe(could + text);
  });

  it('when Argo CD starts just now, until that takes too long', async () => {
    api.manner = { status: 503, text: 'no endpoints available for service' };
    expect((await pushed()).line).toMatch(/: (no endpoints available for service|no answer within 2 s)$/);
    expect(api.asked.length).toBeGreaterThan(1);
  });

  it('when the cluster is down', async () => {
    const other = await startApiServer(join(folder, 'down'));
    await other[Symbol.asyncDispose]();
    announceTo(other);
    expect((await pushed()).line).toMatch(/: (connect ECONNREFUSED 127\.0\.0\.1:\d+|no answer within 2 s)$/);
  });

  it('when a program that logs in takes its time, for which no other request waits', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', 'sleep 4; exit 1'],
      interactiveMode: 'Never',
    };
    const config = parse(api.kubeconfig);
    announceTo({ kubeconfig: stringify({ ...config, users: [{ name: 'test', user: { exec } }] }) });
    const id = await commit({});
    await push('HEAD:refs/heads/failing');
    expect(await git(clone, 'ls-remote', url, 'refs/heads/failing')).toContain(id);
    expect(log()).not.toContain(`..${id.slice(0, 7)}`);
    expect(await logged(id)).toMatch(/^could not tell Argo CD of refs\/heads\/failing/);
    expect(api.asked).toEqual([]);
  });

  it('when the kubeconfig is gone', async () => {
    rmSync(join(folder, 'kubeconfig'));
    expect((await pushed()).line).toBe(`${could}ENOENT: no such file or directory, open '${folder}/kubeconfig'`);
  });

  it('when the kubeconfig has no such context', async () => {
    writeWebhook(state, { kubeconfig: join(folder, 'kubeconfig'), context: 'other', namespace: 'argocd', secret });
    expect((await pushed()).line).toBe(`${could}error[E_CLUSTER] context: other - not in the kubeconfig: it has test - name one of them`);
  });

  it.each([
    ['{', 'kubeconfig, context, namespace, secret'],
    [JSON.stringify({ kubeconfig: 'x', context: 'x', secret }), 'namespace'],
  ])('when the file about it is %s', async (text, lacking) => {
    writeFileSync(join(state, 'argocd-webhook.json'), text);
    expect((await pushed()).line).toBe(`${could}${state}/argocd-webhook.json lacks ${lacking}`);
  });

  it('and the next one is announced again, to a cluster that was made anew too', async () => {
    expect((await pushed()).line).toMatch(/^told Argo CD of refs\/heads\/failing/);
    await using other = await startApiServer(join(folder, 'anew'));
    announceTo(other);
    expect((await pushed()).line).toMatch(/^told Argo CD of refs\/heads\/failing/);
    expect([api.asked.length, other.asked.length]).toEqual([1, 1]);
  });
});

describe('the file about it', () => {
  it('can be read by its owner only', () => {
    expect(statSync(join(state, 'argocd-webhook.json')).mode & 0o777).toBe(0o600);
  });

  it('has nothing announced when it is gone', async () => {
    removeWebhook(state);
    removeWebhook(state);
    const before = log();
    await commit({});
    const said = await push('HEAD:refs/heads/quiet');
    await sleep(500);
    expect({ asked: api.asked, log: log(), told: said.includes('remote:') }).toEqual({ asked: [], log: before, told: false });
  });

  it('keeps its secret to itself', () => {
    expect(log()).not.toContain(secret);
  });
});

describe('the repository', () => {
  it('takes pushes that come by another way than its server', async () => {
    const id = await commit({});
    const { exitCode, stderr } = await tryGit(clone, 'push', join(state, 'gitops.git'), 'HEAD:refs/heads/direct');
    expect({ exitCode, told: stderr.includes('remote:') }).toEqual({ exitCode: 0, told: false });
    expect(await git(clone, 'ls-remote', url, 'refs/heads/direct')).toBe(`${id}\trefs/heads/direct`);
  });

  it('keeps a hook of the user’s', async () => {
    const file = join(state, 'gitops.git', 'hooks', 'post-receive');
    const ours = readFileSync(file, 'utf8');
    writeFileSync(file, '#!/bin/sh\necho mine\n');
    await ensureGitopsRepository(state);
    expect(readFileSync(file, 'utf8')).toBe('#!/bin/sh\necho mine\n');
    rmSync(file);
    await ensureGitopsRepository(state);
    expect(readFileSync(file, 'utf8')).toBe(ours);
    expect(statSync(file).mode & 0o777).toBe(0o700);
  });
});

describe('the server', () => {
  it('ends at once, whatever it keeps open', async () => {
    const id = await commit({});
    await push('HEAD:refs/heads/last');
    await logged(id);
    const start = performance.now();
    expect(await stopDaemon(state, 'git-server', { timeout: 10_000 })).toBe(true);
    expect(performance.now() - start).toBeLessThan(6_000);
  });
});
