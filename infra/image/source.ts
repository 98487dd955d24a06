import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, readlink, stat, symlink, utimes } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Problem } from '../../charts/problem.ts';
import { fail, failIfAny } from '../delivery/errors.ts';
import { createIgnore } from './ignore-file.ts';

/** One file of the source that can reach the image. */
export interface SourceFile {
  /** Relative to the context, `/` separated. */
  readonly path: string;
  /** Only the executable bit counts: what umask left of the others says nothing about the source. */
  readonly kind: 'file' | 'executable' | 'link';
  /** SHA-256 of the content in hex; of a link, its target. */
  readonly content: string;
}

/**
 * Files under a folder that can reach the image, sorted by path.
 * @param ignored patterns in the notation of `.dockerignore`, applied after those of the folder's own `.dockerignore`
 * @throws Failure E_BUILD when the folder can't be read; E_SYMLINK for links that leave it
 */
export async function readSource(context: string, ignored: readonly string[]): Promise<readonly SourceFile[]> {
  const lines = await readFile(join(context, '.dockerignore'), 'utf8').catch(() => '');
  const isIgnored = createIgnore([...lines.split('\n'), ...ignored]);
  const isPruned = createIgnore(ignored);
  const paths = await listPaths(context, '', isPruned).catch((error: NodeJS.ErrnoException) =>
    fail('E_BUILD', context, undefined, `the source must be a readable folder: ${error.code}`, 'check the path of the service'),
  );
  const sorted = paths.filter((path) => !isIgnored(path)).sort();
  const files = await Promise.all(sorted.map((path) => readSourceFile(context, path)));
  failIfAny(files.flatMap(checkLink));
  return files;
}

/**
 * Copies the files to a new folder in their normal form: times 1970, modes 644 and 755, nothing else there.
 * @throws Failure E_BUILD when they are no longer what was read
 */
export async function copySource(context: string, files: readonly SourceFile[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const parent of folders(files)) await mkdir(join(folder, parent));
  const copied = await Promise.all(files.map((file) => copySourceFile(context, file, folder))).catch((): SourceFile[] => []);
  for (const parent of ['', ...folders(files)]) await normalise(join(folder, parent), 0o755);
  if (JSON.stringify(copied) !== JSON.stringify(files)) {
    fail('E_BUILD', context, undefined, 'the source must not change while it is built', 'rerun when it is saved');
  }
}

/** One line of the inputs hash. */
export function describeSourceFile({ path, kind, content }: SourceFile): string {
  return `${kind} ${JSON.stringify(path)} ${content}`;
}

async function listPaths(context: string, folder: string, isPruned: (path: string) => boolean): Promise<string[]> {
  const entries = await readdir(join(context, folder), { withFileTypes: true });
  const nested = entries.map(async (entry) => {
    const path = posix.join(folder, entry.name);
    if (isPruned(path)) return [];
    if (entry.isDirectory()) return listPaths(context, path, isPruned);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
  return (await Promise.all(nested)).flat();
}

async function readSourceFile(context: string, path: string): Promise<SourceFile> {
  const file = join(context, path);
  const target = await readlink(file).catch(() => undefined);
  if (target !== undefined) return { path, kind: 'link', content: target };
  const [{ mode }, content] = await Promise.all([stat(file), readFile(file)]);
  return { path, kind: mode & 0o100 ? 'executable' : 'file', content: createHash('sha256').update(content).digest('hex') };
}

/** A link must lead to something inside the context: anywhere else, the image would hold what this machine happens to have. */
function checkLink({ path, kind, content }: SourceFile): Problem[] {
  if (kind !== 'link') return [];
  const target = posix.join(dirname(path), content);
  if (!posix.isAbsolute(content) && target !== '..' && !target.startsWith('../')) return [];
  const rule = 'a link in the source must stay inside the folder of the service';
  return [{ code: 'E_SYMLINK', field: path, value: `-> ${content}`, rule, fix: 'copy the file, or ignore the link in .dockerignore' }];
}

async function copySourceFile(context: string, { path, kind, content }: SourceFile, folder: string): Promise<SourceFile> {
  const copy = join(folder, path);
  if (kind === 'link') {
    await symlink(content, copy);
  } else {
    await copyFile(join(context, path), copy);
    await normalise(copy, kind === 'executable' ? 0o755 : 0o644);
  }
  return readSourceFile(folder, path);
}

async function normalise(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
  await utimes(path, 0, 0);
}

/** Folders of the files, parents first. */
function folders(files: readonly SourceFile[]): string[] {
  const found = new Set<string>();
  for (const { path } of files) {
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) found.add(folder);
  }
  return [...found].sort();
}
