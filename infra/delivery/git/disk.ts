import { dirname } from 'node:path';
import type { Problem } from '../../../charts/problem.ts';
import { Failure } from '../errors.ts';
import { CommandError } from '../process.ts';

const fullDisk = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|database or disk is full/i;
const closedDisk =
  /EACCES|EPERM|EROFS|ENOTDIR|EMFILE|permission denied|read-only file system|not a directory|too many open files|unable to open database file|readonly database/i;

/** `E_NO_SPACE` or `E_IO` when this machine's words say that the clone can't be written; a remote may say the same of its own disk. */
export function diskProblem(words: string, clone: string): Problem | undefined {
  const ours = words.replace(/^remote:.*$/gm, '');
  const problem = { field: dirname(clone), rule: 'the private clone of the GitOps repo is kept there' };
  const then = 'then rerun: nothing was pushed';
  if (fullDisk.test(ours)) return { ...problem, code: 'E_NO_SPACE', value: 'the disk is full', fix: `free some space, ${then}` };
  if (closedDisk.test(ours)) return { ...problem, code: 'E_IO', value: 'can not be written', fix: `make it writable, ${then}` };
  return undefined;
}

/** The same for an error; one that is not about the clone's disk comes back as it is. */
export function explainDisk(error: unknown, clone: string): unknown {
  if (!isAbout(error, clone)) return error;
  const words = error instanceof CommandError ? error.result.stderr : String((error as Error).message);
  const problem = diskProblem(words, clone);
  return problem ? new Failure([problem], { cause: error }) : error;
}

/** Whether an error is one of git on the clone, of its lock, or of a file beside it; a render may fail for reasons of its own. */
export function isAbout(error: unknown, clone: string): boolean {
  if (error instanceof CommandError) return error.result.argv.includes(`--git-dir=${clone}`);
  const { code, path } = error as NodeJS.ErrnoException;
  return code === 'ERR_SQLITE_ERROR' || (path !== undefined && (path.startsWith(clone) || path === dirname(clone)));
}
