import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localNames } from '../../infra/local/addresses.ts';
import { startLocal } from '../../infra/local/local.ts';
import { createProject, git, listeningAddresses, type Project, send, tryGit } from './project.ts';

let project: Project;
let url: string;
let address: string;

beforeAll(async () => {
  project = createProject();
  const { gitops } = await startLocal(project.folder);
  expect(gitops.url).toBe(localNames.gitops);
  url = gitops.cloneUrl;
  address = new URL(url).host;
}, 1_200_000);
afterAll(() => project[Symbol.asyncDispose]());

let clones = 0;
async function clone(...options: readonly string[]): Promise<string> {
  clones += 1;
  const folder = join(project.folder, `clone-${clones}`);
  await git(project.folder, 'clone', '--quiet', ...options, url, folder);
  return folder;
}

async function commit(folder: string, file: string, content: string | Uint8Array = file): Promise<string> {
  writeFileSync(join(folder, file), content);
  await git(folder, 'add', file);
  await git(folder, 'commit', '--quiet', '-m', file);
  return git(folder, 'rev-parse', 'HEAD');
}

/** A clone on a new branch that starts where main is. */
async function branch(name: string): Promise<string> {
  const folder = await clone();
  await git(folder, 'switch', '--quiet', '-c', name);
  return folder;
}

describe('the GitOps repository', () => {
  it('begins empty with main as its branch, and takes the first commit', async () => {
    const folder = await clone();
    expect(await git(folder, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
    const first = await commit(folder, 'first');
    await git(folder, 'push', '--quiet', 'origin', 'main');
    expect(await git(folder, 'ls-remote', url)).toBe(`${first}\tHEAD\n${first}\trefs/heads/main`);
  });

  it('takes eight pushes to different branches at once', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `parallel-${index}`);
    const folders = await Promise.all(names.map(branch));
    const commits = await Promise.all(folders.map((folder, index) => commit(folder, `file-${index}`)));
    await Promise.all(folders.map((folder, index) => git(folder, 'push', '--quiet', 'origin', names[index] ?? '')));
    const refs = await git(project.folder, 'ls-remote', url, 'refs/heads/parallel-*');
    expect(refs.split('\n').sort()).toEqual(commits.map((id, index) => `${id}\trefs/heads/parallel-${index}`).sort());
    expect((await tryGit(join(project.state, 'gitops.git'), 'fsck', '--full', '--strict')).exitCode).toBe(0);
  });

  it('takes one of eight pushes to one branch from the same base, and refuses seven', async () => {
    const folders = await Promise.all(Array.from({ length: 8 }, (_, index) => branch(`racer-${index}`)));
    await git(folders[0] as string, 'push', '--quiet', 'origin', 'racer-0:race');
    const commits = await Promise.all(folders.map((folder, index) => commit(folder, `racer-${index}`)));
    const results = await Promise.all(folders.map((folder) => tryGit(folder, 'push', 'origin', 'HEAD:race')));
    const winners = commits.filter((_, index) => results[index]?.exitCode === 0);
    expect(winners).toHaveLength(1);
    expect(await git(project.folder, 'ls-remote', url, 'refs/heads/race')).toBe(`${winners[0]}\trefs/heads/race`);
  });

  it.each([
    [
      'rewritten history',
      ['push', '--force', 'origin', 'HEAD:refs/heads/kept'],
      'denying non-fast-forward refs/heads/kept (you should pull first)',
    ],
    ['a deleted branch', ['push', 'origin', ':refs/heads/kept'], 'denying ref deletion for refs/heads/kept'],
  ])('refuses %s', async (_what, push, words) => {
    const folder = await branch('kept');
    if ((await git(folder, 'ls-remote', url, 'refs/heads/kept')) === '') {
      await commit(folder, 'kept');
      await git(folder, 'push', '--quiet', 'origin', 'HEAD:refs/heads/kept');
    }
    const before = await git(folder, 'ls-remote', url, 'refs/heads/kept');
    await git(folder, 'reset', '--quiet', '--hard', 'origin/main');
    await commit(folder, 'other');
    const { exitCode, stderr } = await tryGit(folder, ...push);
    expect({ exitCode, told: stderr.includes(words) }).toEqual({ exitCode: 1, told: true });
    expect(await git(folder, 'ls-remote', url, 'refs/heads/kept')).toBe(before);
  });

  it('refuses a broken object', async () => {
    const folder = await branch('broken');
    const tree = await git(folder, 'rev-parse', 'HEAD^{tree}');
    const raw = join(folder, 'commit');
    writeFileSync(raw, `tree ${tree}\nauthor nobody\ncommitter nobody\n\nbroken\n`);
    const id = await git(folder, 'hash-object', '-t', 'commit', '-w', '--literally', raw);
    const { exitCode, stderr } = await tryGit(folder, 'push', 'origin', `${id}:refs/heads/broken`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('missingEmail');
  });

  it('takes a push larger than what git sends in one piece', async () => {
    const folder = await branch('large');
    const id = await commit(folder, 'large', randomBytes(5_000_000));
    await git(folder, 'push', '--quiet', 'origin', 'large');
    const back = await clone('--branch', 'large');
    expect(await git(back, 'rev-parse', 'HEAD')).toBe(id);
    expect(readFileSync(join(back, 'large')).equals(readFileSync(join(folder, 'large')))).toBe(true);
  });

  it('gives clones without blobs, and single commits that no branch points at', async () => {
    const folder = await branch('partial');
    const first = await commit(folder, 'old');
    await commit(folder, 'new');
    await git(folder, 'push', '--quiet', 'origin', 'partial');
    const partial = await clone('--filter=blob:none', '--no-checkout', '--branch', 'partial');
    const missing = await git(partial, 'rev-list', '--objects', '--missing=print', 'HEAD');
    expect(missing.split('\n').some((line) => line.startsWith('?'))).toBe(true);
    const shallow = join(project.folder, 'shallow');
    mkdirSync(shallow);
    await git(shallow, 'init', '--quiet');
    await git(shallow, 'fetch', '--quiet', '--depth=1', url, first);
    expect(await git(shallow, 'rev-parse', 'FETCH_HEAD')).toBe(first);
  });

  it('obeys its own hooks only', async () => {
    const hooks = join(project.state, 'gitops.git', 'hooks');
    mkdirSync(hooks, { recursive: true });
    writeFileSync(join(hooks, 'update'), '#!/bin/sh\n[ "$1" != refs/heads/guarded ] || { echo "protected branch"; exit 1; }\n', {
      mode: 0o755,
    });
    const folder = await branch('guarded');
    const { exitCode, stderr } = await tryGit(folder, 'push', 'origin', 'guarded');
    expect({ exitCode, told: stderr.includes('remote: protected branch') }).toEqual({ exitCode: 1, told: true });
  });
});

describe('the server', () => {
  const listRefs = Buffer.from('0014command=ls-refs\n0000');
  const protocol = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' };

  it('speaks protocol version 2', async () => {
    const { body } = await send(address, 'GET', '/gitops.git/info/refs?service=git-upload-pack', { headers: protocol });
    expect(body.toString()).toContain('version 2');
  });

  it.each([
    ['plain', {}, listRefs],
    ['compressed', { 'content-encoding': 'gzip' }, gzipSync(listRefs)],
  ])('reads a %s request', async (_what, headers, body) => {
    const answer = await send(address, 'POST', '/gitops.git/git-upload-pack', { headers: { ...protocol, ...headers }, body });
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toContain('refs/heads/main');
  });

  it.each([
    ['GET', '/gitops.git/../local.json', 404],
    ['GET', '/gitops.git/%2e%2e/local.json', 404],
    ['GET', '/../run/registry.json', 404],
    ['GET', '/gitops.git/config', 404],
    ['GET', '/gitops.git/HEAD', 404],
    ['GET', '/gitops.git/objects/info/packs', 404],
    ['GET', '/registry/info/refs?service=git-upload-pack', 404],
    ['GET', '/..%2fgitops.git/info/refs?service=git-upload-pack', 404],
    ['POST', '/gitops.git/info/refs?service=git-upload-pack', 405],
    ['DELETE', '/gitops.git/git-receive-pack', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    const answer = await send(address, method, path);
    expect({ status: answer.status, body: answer.body.toString() }).toEqual({
      status,
      body: status === 404 ? 'not found\n' : 'method not allowed\n',
    });
  });

  it.each([
    ['GET', '/gitops.git/info/refs?service=git-receive-pack'],
    ['POST', '/gitops.git/git-receive-pack'],
  ])('refuses %s %s to who asks for another name', async (method, path) => {
    const answer = await send(address, method, path, { headers: { host: 'gitops.fullcycle-local.svc.cluster.local' } });
    expect({ status: answer.status, body: answer.body.toString() }).toEqual({ status: 403, body: 'pushes are taken over loopback only\n' });
  });

  it('lets anybody read, by whatever name', async () => {
    const headers = { host: 'gitops.fullcycle-local.svc.cluster.local' };
    expect((await send(address, 'GET', '/gitops.git/info/refs?service=git-upload-pack', { headers })).status).toBe(200);
  });

  it('refuses a request that announces too much', async () => {
    const headers = { 'content-length': String(2 ** 40), 'content-type': 'application/x-git-receive-pack-request' };
    const answer = await send(address, 'POST', '/gitops.git/git-receive-pack', { headers });
    expect({ status: answer.status, body: answer.body.toString() }).toEqual({
      status: 413,
      body: 'no request may be larger than 536870912 bytes\n',
    });
  });

  it.each([
    ['garbage', 'application/x-git-receive-pack-request', 'not a pkt-line'],
    ['the wrong type', 'text/plain', '0000'],
  ])('survives %s', async (_what, type, body) => {
    await send(address, 'POST', '/gitops.git/git-receive-pack', { headers: { 'content-type': type }, body: Buffer.from(body) });
    expect((await send(address, 'GET', '/gitops.git/info/refs?service=git-upload-pack')).status).toBe(200);
  });

  it('listens on loopback only', async () => {
    const { git: server } = await project.servers();
    expect(listeningAddresses(server.pid)).toEqual([expect.stringMatching(/^0100007F:/)]);
  });
});
