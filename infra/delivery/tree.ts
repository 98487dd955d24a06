import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestFile } from '../../charts/environment.ts';
import { parse } from '../../charts/manifest.ts';
import type { Problem } from '../../charts/problem.ts';
import { decode, mostBytes, tooLarge } from '../../charts/yaml-encoding.ts';
import { fail } from './errors.ts';

/** A GitOps tree, read. */
export interface Tree {
  /** Manifests, sorted by path. */
  readonly manifests: readonly ManifestFile[];
  /** Texts of the program's own records (`release.json`, `hold.json`, `owned.json`), by path. */
  readonly records: ReadonlyMap<string, string>;
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

/** Folders of the GitOps repo that this program writes to. */
const roots = ['environments', 'argocd', '.fullcycle'];

/**
 * Reads files of a GitOps tree, strictly: manifests are `.yaml`, records are `.json`, all else is nothing that Argo CD applies. Pure.
 * @param files content by path
 */
export function parseTree(files: Iterable<readonly [path: string, content: string | Uint8Array]>): Tree {
  const manifests: ManifestFile[] = [];
  const records = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const decoded = decode(path, content);
    if (decoded.problems) {
      problems.push(...decoded.problems);
    } else if (path.endsWith('.json')) {
      records.set(path, decoded.text);
    } else {
      const parsed = parse(path, decoded.text);
      if (parsed.problems) problems.push(...parsed.problems);
      else manifests.push(parsed.file);
    }
  }
  return { manifests, records, problems };
}

/**
 * Reads a GitOps tree from a folder, like {@link parseTree}. Follows no symbolic link.
 * @throws Failure E_PATH when there is no such tree
 */
export async function readTree(folder: string): Promise<Tree> {
  const paths = (await Promise.all(roots.map((root) => list(folder, root)))).flat();
  const files = new Map<string, Uint8Array>();
  const problems: Problem[] = [];
  for (const { path, isLink } of paths) {
    const problem = isLink ? await linkProblem(folder, path) : await sizeProblem(folder, path);
    if (problem) problems.push(problem);
    else files.set(path, await readFile(join(folder, path)));
  }
  if (paths.length === 0) fail('E_PATH', 'dir', folder, 'a folder with environments/ and argocd/ in it', 'run fullcycle synth first');
  const tree = parseTree(files);
  return { ...tree, problems: [...problems, ...tree.problems] };
}

async function list(folder: string, root: string): Promise<{ readonly path: string; readonly isLink: boolean }[]> {
  const entries = await readdir(join(folder, root), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isSymbolicLink() || (entry.isFile() && /\.(yaml|json)$/.test(entry.name)))
    .map((entry) => ({ path: join(entry.parentPath, entry.name).slice(join(folder, '/').length), isLink: entry.isSymbolicLink() }));
}

async function linkProblem(folder: string, path: string): Promise<Problem> {
  const target = await readlink(join(folder, path));
  return {
    code: 'E_SYMLINK',
    field: path,
    value: `-> ${target}`,
    rule: 'what Argo CD applies is plain files',
    fix: 'replace it by a file',
  };
}

async function sizeProblem(folder: string, path: string): Promise<Problem | undefined> {
  const { size } = await stat(join(folder, path));
  return size > mostBytes ? tooLarge(path, size) : undefined;
}
