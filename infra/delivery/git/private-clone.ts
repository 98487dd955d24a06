import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors.ts';
import type { ObjectFormat } from '../plan/ledger.ts';
import type { RunResult } from '../process.ts';
import { connectionConfig, type GitConfig, type GitOptions, git, gitPieces, tryGit } from './git.ts';

/** What is read from the private clone is not there or can't be read: the clone is to be thrown away. */
export class BrokenClone extends Failure {
  constructor(folder: string) {
    const rule = 'the private clone is made anew once';
    super([{ code: 'E_STATE', field: folder, value: 'is broken', rule, fix: 'check the disk, then rerun' }]);
  }
}

/**
 * A bare clone that nobody but this program sees: no work tree, no index, no user's checkout. It is a cache, kept from run to run;
 * whatever is wrong with it is cured by throwing it away. One process at a time (`withLock`).
 */
export class PrivateClone {
  readonly folder: string;
  readonly #options: Pick<GitOptions, 'allowLocal' | 'silence' | 'signal'>;
  #config: GitConfig | undefined;

  constructor(folder: string, { allowLocal, silence, signal }: Pick<GitOptions, 'allowLocal' | 'silence' | 'signal'>) {
    this.folder = folder;
    this.#options = { allowLocal, silence, signal };
  }

  /** Makes it where there is none. */
  async open(format: ObjectFormat): Promise<void> {
    if (existsSync(join(this.folder, 'HEAD'))) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--end-of-options', this.folder]);
  }

  /**
   * Whether every object of the clone can be read back, and no git that was killed left a lock behind. Whoever asks is alone here, so
   * a lock has no living owner but perhaps the orphan of a killed run, whom nobody needs any more.
   */
  async isSound(): Promise<boolean> {
    if (!existsSync(this.folder)) return false;
    if ((await readdir(this.folder, { recursive: true })).some((name) => name.endsWith('.lock'))) return false;
    return (await this.tryGit(['fsck', '--full', '--no-dangling', '--no-progress'])).exitCode === 0;
  }

  /** Throws the clone away; the next use makes a new one. */
  async discard(): Promise<void> {
    const trash = `${this.folder}.trash-${process.pid}`;
    await rm(trash, { recursive: true, force: true });
    if (existsSync(this.folder)) await rename(this.folder, trash);
    await rm(trash, { recursive: true, force: true });
  }

  /** Runs git on the clone. @throws CommandError when it exits non-zero */
  async git(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return await git(args, await this.#with(options));
  }

  /** Like `git`, but gives what git writes while it runs, split at NUL. */
  async *pieces(args: readonly string[], options: GitOptions = {}): AsyncGenerator<string> {
    yield* gitPieces(args, await this.#with(options));
  }

  /** Like `git`, but a non-zero exit is returned. `gitDir: undefined` runs it beside the clone. */
  async tryGit(args: readonly string[], options: GitOptions = {}): Promise<RunResult> {
    return await tryGit(args, await this.#with(options));
  }

  async #with(options: GitOptions): Promise<GitOptions> {
    this.#config ??= await connectionConfig();
    return { gitDir: this.folder, config: this.#config, ...this.#options, ...options };
  }
}
