import { join } from 'node:path';
import { fail } from '../errors.ts';
import type { Edit, TreeEntry } from '../plan/drift.ts';
import { type CommitRequest, commitStream } from './commit-stream.ts';
import { type LogEntry, logArguments, readLog } from './log.ts';
import { BrokenClone, PrivateClone } from './private-clone.ts';
import { remoteKey } from './remote.ts';

/** Where a GitOps repo is and how this machine talks to it. */
export interface RepositoryOptions {
  /** Address to dial, checked by `checkRemote`. */
  readonly url: string;
  /** Checked by `checkBranch`. */
  readonly branch: string;
  /** Absolute folder of this program's caches; private clones are made in `gitops/` there. */
  readonly cacheDir: string;
  /** Sign commits with the user's `user.signingKey` and `gpg.format`. @default false */
  readonly sign?: boolean;
  /** Local paths and `file://`. @default false */
  readonly allowLocal?: boolean;
  /** Seconds without a byte after which the remote counts as hung. @default 30 */
  readonly silence?: number;
  readonly signal?: AbortSignal;
}

/** What the remote said when asked for the branch. */
export type RemoteTip =
  | { readonly isReached: true; readonly tip: string | undefined }
  | { readonly isReached: false; readonly words: string };

/** How a push ended, as the client saw it: what really happened is asked of the remote afterwards. */
export interface PushResult {
  readonly isAccepted: boolean;
  /** True when the server itself refused the ref; false when the push ended before it said anything. */
  readonly isVerdict: boolean;
  /** True when the ref was not at the parent, as far as the client could see before it pushed. */
  readonly isStale: boolean;
  readonly words: string;
}

/** Ref of the remote's branch, and of the last commit made here, in the private clone. */
const tipRef = 'refs/remotes/origin/tip';
const nextRef = 'refs/fullcycle/next';

/** The GitOps repo, read and written through a private clone. Effects on the remote are `push` alone. */
export class Repository {
  readonly options: RepositoryOptions;
  /** The same for every spelling of the URL. */
  readonly clone: PrivateClone;

  constructor(options: RepositoryOptions) {
    this.options = options;
    this.clone = new PrivateClone(join(options.cacheDir, 'gitops', remoteKey(options.url)), options);
  }

  /** Asks the remote for the branch's commit. Runs outside the clone, so that a broken clone can't be mistaken for a broken remote. */
  async askTip(): Promise<RemoteTip> {
    const { url, branch, silence = 30 } = this.options;
    const asked = await this.clone.tryGit(['ls-remote', '--end-of-options', url, `refs/heads/${branch}`], {
      gitDir: undefined,
      timeout: silence * 1000,
    });
    if (asked.exitCode !== 0) return { isReached: false, words: asked.stderr };
    const line = asked.stdout.split('\n').find((text) => text.endsWith(`\trefs/heads/${branch}`));
    return { isReached: true, tip: line?.split('\t')[0] };
  }

  /**
   * Gets the branch's commit and its history into the clone.
   * @param tip what the remote answered: nothing is transferred when the clone has it already
   * @returns the commit, which may be newer than the one asked for; or why nothing came
   */
  async fetch(tip?: string): Promise<{ readonly tip: string } | { readonly words: string }> {
    if (tip !== undefined) {
      await this.clone.open(tip.length === 64 ? 'sha256' : 'sha1');
      const known = (await this.clone.git(['for-each-ref', '--format=%(objectname) %(refname)', tipRef, nextRef])).split('\n');
      if (known.includes(`${tip} ${nextRef}`)) await this.clone.git(['update-ref', tipRef, tip]);
      if (known.includes(`${tip} ${nextRef}`) || known.includes(`${tip} ${tipRef}`)) return { tip };
    }
    const { url, branch } = this.options;
    const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--recurse-submodules=no', '--refmap='];
    const fetched = await this.clone.tryGit(['fetch', ...quiet, '--end-of-options', url, `+refs/heads/${branch}:${tipRef}`]);
    if (fetched.exitCode !== 0) return { words: fetched.stderr };
    return { tip: (await this.clone.git(['rev-parse', '--verify', '--end-of-options', `${tipRef}^{commit}`])).trim() };
  }

  /** Files at and under the given paths of a commit. */
  async tree(commit: string, paths: readonly string[]): Promise<TreeEntry[]> {
    const listed = await this.clone.git(['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', commit, ...paths]);
    return listed.split('\0').flatMap((line) => {
      const [, mode = '', id = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return path === '' ? [] : [{ path, mode, id }];
    });
  }

  /** Texts of blobs by id, read by one process. @throws BrokenClone when one is missing */
  async blobs(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const output = await this.clone.git(['cat-file', '--batch'], { input: `${ids.join('\n')}\n`, encoding: 'latin1' });
    const texts = new Map<string, string>();
    for (let at = 0; at < output.length; ) {
      const end = output.indexOf('\n', at);
      const [id = '', type, size = ''] = output.slice(at, end).split(' ');
      if (type !== 'blob') throw new BrokenClone(this.clone.folder);
      texts.set(id, Buffer.from(output.slice(end + 1, end + 1 + Number(size)), 'latin1').toString('utf8'));
      at = end + 1 + Number(size) + 1;
    }
    return texts;
  }

  /** The full id of a commit that a user named: an id, or the branch. @throws Failure `E_REF` when it isn't in the branch's history */
  async resolve(name: string): Promise<string> {
    const wanted = name === this.options.branch ? tipRef : name;
    const found = await this.clone.tryGit(['rev-parse', '--verify', '--quiet', '--end-of-options', `${wanted}^{commit}`]);
    const commit = found.stdout.trim();
    const isOurs = found.exitCode === 0 && (await this.clone.tryGit(['merge-base', '--is-ancestor', commit, tipRef])).exitCode === 0;
    if (!isOurs)
      fail('E_REF', this.options.branch, name, 'is no commit of the GitOps repo', `take one from git log ${this.options.branch}`);
    return commit;
  }

  /** How a branch went on from a commit, or from nothing: whether it did, and with which commits. */
  async since(base: string | undefined, tip: string): Promise<{ readonly isContinued: boolean; readonly commits: readonly string[] }> {
    const range = base === undefined ? tip : `${base}...${tip}`;
    const sides = (await this.clone.git(['rev-list', '--left-right', '--end-of-options', range])).split('\n');
    return { isContinued: !sides.some((line) => line.startsWith('<')), commits: sides.map((line) => line.replace('>', '')) };
  }

  /** Who last touched each of the paths, by path. */
  async lastEdits(commit: string, paths: readonly string[]): Promise<Map<string, Edit>> {
    const format = '--format=%x01%H%x02%an%x02%cI';
    const log = await this.clone.git(['log', format, '-z', '--name-only', '--no-renames', '--no-color', commit, '--', ...paths]);
    const edits = new Map<string, Edit>();
    for (const entry of log.split('\x01')) {
      const [facts = '', ...names] = entry.split(/[\0\n]+/);
      const [id = '', author = '', date = ''] = facts.split('\x02');
      for (const path of names) if (paths.includes(path) && !edits.has(path)) edits.set(path, { commit: id, author, date });
    }
    return edits;
  }

  /** The commits that changed one of the paths, as they came to the branch, the newest first, read while git finds them. */
  log(commit: string, paths: readonly string[]): AsyncGenerator<LogEntry> {
    return readLog(this.clone.pieces([...logArguments, commit, '--', ...paths]));
  }

  /** Makes a commit without a work tree or an index, reachable from nowhere but here. @returns its id */
  async commit(request: CommitRequest): Promise<string> {
    await this.clone.open('sha1');
    const said = await this.clone.git(['fast-import', '--quiet', '--force', '--done'], { input: commitStream(nextRef, request) });
    const commit = said.trim();
    return this.options.sign ? await this.#sign(commit, request) : commit;
  }

  /**
   * Moves the branch from the commit's parent to the commit, or not at all. The lease makes the server's ref be the parent at the
   * moment of the update, and the parent is the commit's only one: so this is a fast-forward, never a rewrite. A plain push would
   * also succeed when somebody had moved the branch back, and would undo that.
   */
  async push(commit: string, parent: string | undefined): Promise<PushResult> {
    return await this.#pushTo(this.options.branch, commit, parent);
  }

  /** Makes a branch that is not there yet; one that is there is stale and stays. */
  async pushNew(commit: string, branch: string): Promise<PushResult> {
    return await this.#pushTo(branch, commit, undefined);
  }

  async #pushTo(branch: string, commit: string, parent: string | undefined): Promise<PushResult> {
    const { url } = this.options;
    const ref = `refs/heads/${branch}`;
    const flags = [
      '--porcelain',
      '--no-verify',
      '--no-follow-tags',
      '--recurse-submodules=no',
      `--force-with-lease=${ref}:${parent ?? ''}`,
    ];
    const { exitCode, stdout, stderr } = await this.clone.tryGit(['push', ...flags, '--end-of-options', url, `${commit}:${ref}`]);
    const refused = stdout.split('\n').find((line) => line.startsWith('!\t') && line.includes('[remote rejected]'));
    const isStale = stdout.includes('\t[rejected] ');
    return {
      isAccepted: exitCode === 0,
      isVerdict: refused !== undefined,
      isStale,
      words: [stderr, refused?.split('\t')[2] ?? ''].join('\n'),
    };
  }

  /** fast-import can't sign, so the signed commit repeats the unsigned one. */
  async #sign(commit: string, { parent, message, identity, time }: CommitRequest): Promise<string> {
    const { name, email } = identity;
    const date = `${time} +0000`;
    const env = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date };
    const committer = { GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email, GIT_COMMITTER_DATE: date };
    const parents = parent === undefined ? [] : ['-p', parent];
    const args = ['commit-tree', '-S', ...parents, '-F', '-', `${commit}^{tree}`];
    return (await this.clone.git(args, { input: message, env: { ...env, ...committer } })).trim();
  }
}
