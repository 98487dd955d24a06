import { Failure } from './errors.ts';
import { CommandError } from './process.ts';

const fullDisk = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|database or disk is full/i;
const closedDisk =
  /EACCES|EPERM|EROFS|ENOTDIR|EMFILE|permission denied|read-only file system|not a directory|too many open files|unable to open database file|readonly database/i;

/** Turns a failure to write into the folder into `E_NO_SPACE` or `E_IO`; any other error comes back as it is. */
export function explainDisk(error: unknown, folder: string): unknown {
  if (error instanceof Failure && !(error instanceof CommandError)) return error;
  const words = error instanceof CommandError ? error.result.stderr : String((error as Error).message ?? error);
  const problem = { field: folder, rule: 'the private clone of the GitOps repo is kept there', fix: 'then rerun: nothing was pushed' };
  if (fullDisk.test(words))
    return new Failure([{ ...problem, code: 'E_NO_SPACE', value: 'the disk is full', fix: `free some space, ${problem.fix}` }], {
      cause: error,
    });
  if (closedDisk.test(words))
    return new Failure([{ ...problem, code: 'E_IO', value: 'can not be written', fix: `make it writable, ${problem.fix}` }], {
      cause: error,
    });
  return error;
}
