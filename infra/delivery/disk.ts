import type { Problem } from '../../charts/problem.ts';
import { Failure } from './errors.ts';
import { CommandError } from './process.ts';

const fullDisk = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|database or disk is full/i;
const closedDisk =
  /EACCES|EPERM|EROFS|ENOTDIR|EMFILE|permission denied|read-only file system|not a directory|too many open files|unable to open database file|readonly database/i;

/** `E_NO_SPACE` or `E_IO` when this machine's words say that the folder can't be written; what a remote says of its own disk is no matter. */
export function diskProblem(words: string, folder: string): Problem | undefined {
  const ours = words.replace(/^remote:.*$/gm, '');
  const problem = { field: folder, rule: 'the private clone of the GitOps repo is kept there' };
  const then = 'then rerun: nothing was pushed';
  if (fullDisk.test(ours)) return { ...problem, code: 'E_NO_SPACE', value: 'the disk is full', fix: `free some space, ${then}` };
  if (closedDisk.test(ours)) return { ...problem, code: 'E_IO', value: 'can not be written', fix: `make it writable, ${then}` };
  return undefined;
}

/** The same for an error; one that is not the disk's comes back as it is. */
export function explainDisk(error: unknown, folder: string): unknown {
  if (error instanceof Failure && !(error instanceof CommandError)) return error;
  const words = error instanceof CommandError ? error.result.stderr : String((error as Error).message ?? error);
  const problem = diskProblem(words, folder);
  return problem ? new Failure([problem], { cause: error }) : error;
}
