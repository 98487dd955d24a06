import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clean, fail } from '../errors.ts';
import { gitInCheckout, tryGitInCheckout } from './git.ts';

/** What a checkout holds, as far as a release is made of it. */
export interface SourceState {
  /** Full id of the commit that is checked out, 40 or 64 hex digits; on a branch or not, in the middle of a rebase or not. */
  readonly commit: string;
  /** True when tracked files differ from the commit or there are untracked ones that are not ignored. */
  readonly dirty: boolean;
  /** 12 hex digits that stand for the differences; only when there are any. */
  readonly dirtyHash?: string;
}

/**
 * Reads the state of a checkout without touching it: not even its index is refreshed.
 * @param paths folders or files that matter, relative to the project. @default all of the project
 * @throws Failure `E_STATE` when the project is in no checkout with a commit
 */
export async function sourceState(project: string, paths: readonly string[] = ['.']): Promise<SourceState> {
  const head = await tryGitInCheckout(project, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  if (head.exitCode !== 0) failWithoutCommit(project, head.stderr);
  const status = ['status', '--porcelain', '-z', '--untracked-files=all', '--ignore-submodules=none', '--no-renames', '--', ...paths];
  const changes = (await gitInCheckout(project, status)).split('\0').filter(Boolean).sort();
  const commit = head.stdout.trim();
  if (changes.length === 0) return { commit, dirty: false };
  const root = await rootOf(project);
  const hash = createHash('sha256');
  for (const change of changes) {
    const path = change.slice('XY '.length);
    hash.update(`${path}\0${await contentOf(join(root, path))}\0`);
  }
  return { commit, dirty: true, dirtyHash: hash.digest('hex').slice(0, 12) };
}

/**
 * Writes the project's files as they are in a commit into an existing empty folder, as a fresh checkout would, through an index of
 * its own.
 * @throws Failure `E_REF` when the checkout does not have the commit
 */
export async function archive(project: string, commit: string, folder: string): Promise<void> {
  const found = await tryGitInCheckout(project, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`]);
  if (found.exitCode !== 0)
    fail('E_REF', 'source', commit, 'is no commit that this checkout has', 'fetch it (a shallow clone: git fetch --unshallow), then rerun');
  const prefix = (await gitInCheckout(project, ['rev-parse', '--show-prefix'])).trim().replace(/\/$/, '');
  const scratch = await mkdtemp(join(tmpdir(), 'fullcycle-index-'));
  const env = { GIT_INDEX_FILE: join(scratch, 'index') };
  try {
    await gitInCheckout(project, ['-c', 'core.sparseCheckout=false', 'read-tree', `${found.stdout.trim()}:${prefix}`], env);
    await gitInCheckout(await rootOf(project), ['checkout-index', '--all', '--quiet', `--prefix=${folder}/`], env);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Top folder of the checkout: elsewhere git leaves out what is not below. */
async function rootOf(project: string): Promise<string> {
  return (await gitInCheckout(project, ['rev-parse', '--show-toplevel'])).replace(/\n$/, '');
}

function failWithoutCommit(project: string, words: string): never {
  const rule = `a release records its source commit, and there is none${words.trim() === '' ? '' : `: ${clean(words).trim()}`}`;
  fail('E_STATE', project, undefined, rule, 'run in a Git checkout and commit first');
}

/** Kind and content of what is at the path; a folder is another repository inside this one, which counts by being there. */
async function contentOf(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return 'gone';
  if (found.isSymbolicLink()) return `link ${await readlink(path)}`;
  if (!found.isFile()) return 'folder';
  const isExecutable = (found.mode & 0o111) !== 0;
  return `${isExecutable ? 'program' : 'file'} ${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}
