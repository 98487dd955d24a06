import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Failure, formatProblem } from '../../../infra/delivery/errors.ts';
import { archive, sourceState } from '../../../infra/delivery/git/source.ts';

let folder = '';
let commit = '';
const environment = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'u',
  GIT_AUTHOR_EMAIL: 'u@example.com',
  GIT_COMMITTER_NAME: 'u',
  GIT_COMMITTER_EMAIL: 'u@example.com',
};
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', env: environment, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-source-'));
  git('init', '--quiet', '--initial-branch=main');
  mkdirSync(join(folder, 'app/goserver'), { recursive: true });
  mkdirSync(join(folder, 'docs'));
  write('app/goserver/main.go', 'package main\n');
  write('docs/readme.md', 'hello\n');
  write('.gitignore', '*.log\n');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
  commit = git('rev-parse', 'HEAD');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const dirtyHash = async (...paths: string[]): Promise<string | undefined> =>
  (await sourceState(folder, paths.length > 0 ? paths : undefined)).dirtyHash;

describe('the state of a checkout', () => {
  it('is the commit when nothing differs', async () => {
    expect(await sourceState(folder)).toEqual({ commit, dirty: false });
    write('app/goserver/debug.log', 'ignored');
    expect(await sourceState(folder)).toEqual({ commit, dirty: false });
  });

  const stage = (path: string, text: string): void => {
    write(path, text);
    git('add', '.');
  };
  const link = (path: string, target: string): void => {
    rmSync(join(folder, path));
    symlinkSync(target, join(folder, path));
  };
  const changes: readonly (readonly [string, () => void])[] = [
    ['an edited file', () => write('app/goserver/main.go', 'package other\n')],
    ['a staged file', () => stage('app/goserver/main.go', 'package staged\n')],
    ['a new file', () => write('app/goserver/new.go', 'package main\n')],
    ['a file with a name to be quoted', () => write('app/goserver/ä "b"\n.go', 'package main\n')],
    ['a removed file', () => rmSync(join(folder, 'app/goserver/main.go'))],
    ['a file made executable', () => chmodSync(join(folder, 'app/goserver/main.go'), 0o755)],
    ['a file replaced by a link', () => link('app/goserver/main.go', '../../docs/readme.md')],
    ['a new link', () => symlinkSync('nowhere', join(folder, 'app/goserver/link'))],
    ['a repository inside', () => git('init', '--quiet', join(folder, 'app/goserver/inner'))],
  ];

  it.each(changes)('is dirty by %s, with a hash of its own', async (_what, change) => {
    change();
    const state = await sourceState(folder);
    expect(state).toEqual({ commit, dirty: true, dirtyHash: expect.stringMatching(/^[0-9a-f]{12}$/) });
    expect(await sourceState(folder)).toEqual(state);
  });

  it('has another hash for other differences, and the same for the same', async () => {
    const hashes = [];
    for (const text of ['a', 'b', 'a']) {
      write('app/goserver/main.go', text);
      hashes.push(await dirtyHash());
    }
    expect(hashes[0]).toBe(hashes[2]);
    expect(hashes[0]).not.toBe(hashes[1]);
    git('add', '.');
    expect(await dirtyHash()).toBe(hashes[0]);
  });

  it('looks only at the paths that matter', async () => {
    write('docs/readme.md', 'changed\n');
    expect(await sourceState(folder, ['app/goserver'])).toEqual({ commit, dirty: false });
    expect((await sourceState(folder, ['app/goserver', 'docs'])).dirty).toBe(true);
    expect(await sourceState(folder, ['*'])).toEqual({ commit, dirty: false });
    expect(await sourceState(join(folder, 'app'), ['goserver'])).toEqual({ commit, dirty: false });
    write('app/goserver/main.go', 'x');
    expect(await dirtyHash('app/goserver')).toBe((await sourceState(join(folder, 'app'), ['goserver'])).dirtyHash);
  });

  const middles: readonly (readonly [string, () => void])[] = [
    ['a detached HEAD', () => git('checkout', '--quiet', '--detach')],
    ['a rebase that stopped', () => conflict('rebase', 'other')],
    ['a merge with conflicts', () => conflict('merge', 'other')],
    ['a cherry-pick with conflicts', () => conflict('cherry-pick', 'other')],
  ];
  const conflict = (...command: string[]): void => {
    git('checkout', '--quiet', '-b', 'other');
    write('app/goserver/main.go', 'theirs\n');
    git('commit', '--quiet', '-am', 'theirs');
    git('checkout', '--quiet', 'main');
    write('app/goserver/main.go', 'ours\n');
    git('commit', '--quiet', '-am', 'ours');
    expect(() => git(...command)).toThrow();
  };

  it.each(middles)('is read and left alone in the middle of %s', async (_what, prepare) => {
    prepare();
    const before = [git('status', '--porcelain=v2'), readFileSync(join(folder, '.git/index')).toString('hex')];
    const state = await sourceState(folder);
    expect(state.commit).toBe(git('rev-parse', 'HEAD'));
    expect(state.dirty).toBe(git('status', '--porcelain') !== '');
    expect([git('status', '--porcelain=v2'), readFileSync(join(folder, '.git/index')).toString('hex')]).toEqual(before);
  });

  it('is read while another git holds the index, and not written to', async () => {
    write('.git/index.lock', '');
    chmodSync(join(folder, 'app/goserver/main.go'), 0o600);
    const index = lstatSync(join(folder, '.git/index')).mtimeMs;
    expect(await sourceState(folder)).toEqual({ commit, dirty: false });
    expect(lstatSync(join(folder, '.git/index')).mtimeMs).toBe(index);
  });

  it('is not led elsewhere by variables, and runs no program of the checkout', async () => {
    git('config', 'core.fsmonitor', `touch ${folder}/pwned`);
    git('config', 'core.hooksPath', join(folder, 'docs'));
    write('docs/post-index-change', `#!/bin/sh\ntouch ${folder}/pwned\n`);
    chmodSync(join(folder, 'docs/post-index-change'), 0o755);
    for (const name of ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE']) vi.stubEnv(name, join(folder, 'nowhere'));
    expect(await sourceState(folder, ['app'])).toEqual({ commit, dirty: false });
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('is an error where there is no commit', async () => {
    const bare = mkdtempSync(join(tmpdir(), 'fullcycle-source-'));
    const told = async (): Promise<string> => {
      const error = await sourceState(bare).catch((error: unknown) => error);
      return (error as Failure).problems.map(formatProblem).join();
    };
    expect(await told()).toBe(
      `error[E_STATE] ${bare}: - a release records its source commit, and there is none: fatal: not a git repository (or any of the parent directories): .git - run in a Git checkout and commit first`,
    );
    execFileSync('git', ['init', '--quiet', bare], { env: environment });
    expect(await told()).toBe(
      `error[E_STATE] ${bare}: - a release records its source commit, and there is none - run in a Git checkout and commit first`,
    );
    rmSync(bare, { recursive: true });
  });
});

describe('an archive', () => {
  let out = '';
  beforeEach(() => {
    out = mkdtempSync(join(tmpdir(), 'fullcycle-archive-'));
  });
  afterEach(() => rmSync(out, { recursive: true, force: true }));

  it('holds the commit, whatever the checkout looks like now', async () => {
    symlinkSync('readme.md', join(folder, 'docs/link.md'));
    write('app/goserver/run.sh', 'x');
    chmodSync(join(folder, 'app/goserver/run.sh'), 0o755);
    write('.gitattributes', 'docs export-ignore\n');
    git('add', '.');
    git('commit', '--quiet', '-m', 'second');
    const second = git('rev-parse', 'HEAD');
    write('app/goserver/main.go', 'dirty');
    write('untracked', 'x');
    git('add', 'untracked');
    const before = [git('status', '--porcelain=v2'), readFileSync(join(folder, '.git/index')).toString('hex')];
    await archive(folder, second, out);
    expect(readFileSync(join(out, 'app/goserver/main.go'), 'utf8')).toBe('package main\n');
    expect(readlinkSync(join(out, 'docs/link.md'))).toBe('readme.md');
    expect(lstatSync(join(out, 'app/goserver/run.sh')).mode & 0o111).not.toBe(0);
    expect(existsSync(join(out, 'untracked'))).toBe(false);
    expect([git('status', '--porcelain=v2'), readFileSync(join(folder, '.git/index')).toString('hex')]).toEqual(before);
  });

  it('of a project below the root of its repository is the project', async () => {
    await archive(join(folder, 'app'), commit, out);
    expect(readFileSync(join(out, 'goserver/main.go'), 'utf8')).toBe('package main\n');
    expect(existsSync(join(out, 'docs'))).toBe(false);
  });

  it('is whole where the checkout is sparse', async () => {
    git('sparse-checkout', 'set', 'docs');
    await archive(folder, commit, out);
    expect(existsSync(join(out, 'app/goserver/main.go'))).toBe(true);
  });

  it.each(['0'.repeat(40), '--all', 'no-such-branch', 'HEAD:docs'])('of %s is an error', async (name) => {
    await expect(archive(folder, name, out)).rejects.toThrow(
      `error[E_REF] source: ${name} - is no commit that this checkout has - fetch it (a shallow clone: git fetch --unshallow), then rerun`,
    );
  });
});
