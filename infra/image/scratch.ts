import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../delivery/errors.ts';

/** Milliseconds after which a folder that nobody removed belongs to a build that was killed. */
const leftover = 24 * 3600 * 1000;

/**
 * Does some work in a new folder and removes it, whatever happens.
 * @throws Failure E_NO_SPACE or E_IO when the disk is why the work failed
 */
export async function withScratch<T>(cacheDirectory: string, name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(cacheDirectory, 'work');
  try {
    await mkdir(parent, { recursive: true });
    await removeLeftovers(parent);
    const folder = await mkdtemp(join(parent, `${name}-`));
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw explainDisk(error, parent);
  }
}

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > leftover) await rm(folder, { recursive: true, force: true });
  }
}

/** Programs tell of a full disk in words, Node in codes. */
function explainDisk(error: unknown, folder: string): unknown {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  const rule = 'images are built there';
  if (/ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i.test(`${code} ${message}`)) {
    return new Failure([{ code: 'E_NO_SPACE', field: folder, rule, fix: 'free some space, then rerun' }], { cause: error });
  }
  if (!(error instanceof Failure) && /^(?:EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EMFILE)$/.test(code)) {
    return new Failure([{ code: 'E_IO', field: folder, value: code, rule, fix: 'make it a folder that can be written, then rerun' }], {
      cause: error,
    });
  }
  return error;
}
