import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Failure } from '../../infra/delivery/errors.ts';
import { defaultIdentity } from '../../infra/delivery/git/identity.ts';
import { Repository, type RepositoryOptions } from '../../infra/delivery/git/repository.ts';
import type { Timing } from '../../infra/delivery/git/timing.ts';
import { ledgerPath, parseLedger } from '../../infra/delivery/plan/ledger.ts';
import { type PublishRequest, publish } from '../../infra/delivery/plan/publish.ts';
import { type Desired, strict, type Tree, wanted } from './desired.ts';

const environment = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: devNull };

/** A real bare repository in a folder of its own, and what a test asks of it. */
export class Remote {
  readonly folder = mkdtempSync(join(tmpdir(), 'fullcycle-gitops-'));
  readonly bare = join(this.folder, 'gitops.git');

  constructor(format: 'sha1' | 'sha256' = 'sha1') {
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, this.bare], {
      env: environment,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  git(...args: string[]): string {
    return execFileSync('git', [`--git-dir=${this.bare}`, ...args], {
      encoding: 'utf8',
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** A commit by somebody else: text by path, null removes; `120000 target` style modes through `mode`. */
  commit(files: Record<string, string | null>, options: { mode?: string; branch?: string; author?: string } = {}): string {
    const { mode = '100644', branch = 'main', author = 'Jane Doe <jane@example.com>' } = options;
    const writes = Object.entries(files).map(([path, text]) =>
      text === null
        ? `D ${path}\n`
        : mode === '160000'
          ? `M 160000 ${text} ${path}\n`
          : `M ${mode} inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    );
    const from = this.has(branch) ? `from refs/heads/${branch}^0\n` : '';
    const stream = `commit refs/heads/${branch}\ncommitter ${author} 1750000000 +0000\ndata 8\nby hand\n\n${from}${writes.join('')}done\n`;
    execFileSync('git', [`--git-dir=${this.bare}`, 'fast-import', '--quiet', '--done'], { input: stream, env: environment });
    return this.git('rev-parse', branch);
  }

  has(branch: string): boolean {
    return this.git('for-each-ref', '--format=%(refname)', `refs/heads/${branch}`) !== '';
  }

  /** Commit ids of the branch, oldest first. */
  commits(branch = 'main'): string[] {
    return this.has(branch) ? this.git('rev-list', '--reverse', branch).split('\n') : [];
  }

  subjects(branch = 'main'): string[] {
    return this.has(branch) ? this.git('log', '--reverse', '--format=%s', branch).split('\n') : [];
  }

  tree(commit = 'main'): Tree {
    const paths = this.git('ls-tree', '-r', '--name-only', '-z', commit).split('\0').filter(Boolean);
    return new Map(
      paths.map((path) => [path, execFileSync('git', [`--git-dir=${this.bare}`, 'show', `${commit}:${path}`], { encoding: 'utf8' })]),
    );
  }

  hook(name: 'pre-receive' | 'update' | 'post-receive', script: string): void {
    const file = join(this.bare, 'hooks', name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  unhook(): void {
    rmSync(join(this.bare, 'hooks'), { recursive: true, force: true });
    execFileSync('mkdir', [join(this.bare, 'hooks')]);
  }

  /** No merges, no broken objects, and the ledger of each of our commits tells the truth about its tree. */
  expectSound(): void {
    expect(this.git('fsck', '--full', '--strict', '--no-dangling', '--no-progress')).toBe('');
    expect(this.git('rev-list', '--min-parents=2', '--all')).toBe('');
    const ours = this.git('log', '--format=%H', '--author=fullcycle', '--all').split('\n').filter(Boolean);
    for (const commit of ours) expectTrueLedger(this.git('ls-tree', '-r', commit), () => this.git('show', `${commit}:${ledgerPath}`));
  }

  repository(options: Partial<RepositoryOptions> = {}): Repository {
    return new Repository({ url: this.bare, branch: 'main', cacheDir: join(this.folder, 'cache'), allowLocal: true, ...options });
  }

  /** A request that is complete but for what the test is about. */
  request(desired: Desired, more: Partial<PublishRequest> = {}): PublishRequest {
    return {
      repository: this.repository(),
      environment: desired.environment,
      propose: () => wanted(desired),
      guard: strict,
      identity: defaultIdentity,
      timing: new PlayedTiming(),
      init: true,
      ...more,
    };
  }
}

function expectTrueLedger(listing: string, readLedger: () => string): void {
  if (!listing.includes(`\t${ledgerPath}`)) return;
  const ids = new Map(listing.split('\n').map((line) => [line.split('\t')[1] ?? '', line.split(/\s/)[2]]));
  for (const { files } of Object.values(parseLedger(readLedger()).environments))
    for (const [path, id] of Object.entries(files)) expect([path, ids.get(path)]).toEqual([path, id]);
}

/** Files of an environment in a tree, without records; equal to a render's files when nothing is mixed up. */
export function manifestsOf(tree: Tree, name: string): [string, string][] {
  return [...tree]
    .filter(([path]) => new RegExp(`^(environments/${name}/|argocd/\\w+/${name}[-.])`).test(path) && !path.endsWith('/release.json'))
    .sort();
}

export function render(desired: Desired): [string, string][] {
  return wanted(desired)
    .files.map(({ path, text }): [string, string] => [path, text])
    .sort();
}

/** A clock that jumps instead of waiting, and the middle of every chance; it keeps what it was asked for. */
export class PlayedTiming implements Timing {
  time = Date.parse('2026-01-01T00:00:00Z');
  readonly slept: number[] = [];
  /** Called at every pause, as the world goes on meanwhile. */
  meanwhile: () => void | Promise<void> = () => {};
  now(): number {
    return this.time;
  }
  random(): number {
    return 0.5;
  }
  async sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds);
    this.time += milliseconds;
    await this.meanwhile();
  }
}

/** Text and exit code of the failure that a request ends in; fails the test when nothing fails. */
export async function failure(request: PublishRequest): Promise<{ text: string; exitCode: number }> {
  const error = await publish(request).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof Failure)) throw new Error(`no Failure: ${error instanceof Error ? error.stack : error}`);
  return { text: error.message, exitCode: error.exitCode };
}
