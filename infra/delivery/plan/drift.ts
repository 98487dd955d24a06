import type { Problem } from '../../../charts/problem.ts';
import { belongsTo, type Ledger, ledgerPath } from './ledger.ts';

/** A file of a Git tree. */
export interface TreeEntry {
  readonly path: string;
  /** `100644` is a plain file, `100755` an executable, `120000` a symlink, `160000` a submodule. */
  readonly mode: string;
  readonly id: string;
  /** Where a symlink points to. */
  readonly target?: string;
}

/** Who last touched a file. */
export interface Edit {
  readonly commit: string;
  readonly author: string;
  /** ISO 8601. */
  readonly date: string;
}

/** What other hands did to an environment's part of the GitOps repo. */
export interface TreeFindings {
  readonly problems: readonly Problem[];
  /** Owned files that were edited or removed by hand. */
  readonly drifted: readonly string[];
}

/**
 * Compares an environment's part of the tree with the ledger. A file edited by hand that already is what is wanted is no drift, nor
 * is an unowned one: taking them over changes nothing.
 */
export function inspectTree(
  entries: readonly TreeEntry[],
  ledger: Ledger,
  environment: string,
  wanted: ReadonlyMap<string, string>,
  overwrite: boolean,
): TreeFindings {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const owned = ledger.environments[environment]?.files ?? {};
  const foreign = new Set(
    Object.entries(ledger.environments).flatMap(([name, { files }]) => (name === environment ? [] : Object.keys(files))),
  );
  const folders = new Set([...wanted.keys()].flatMap(foldersOf));
  const links = entries.filter((entry) => isLink(entry) && concerns(environment, entry.path));
  const unowned = entries.filter(
    ({ path, mode, id }) =>
      !isLink({ mode }) &&
      !(path in owned) &&
      !foreign.has(path) &&
      id !== wanted.get(path) &&
      (belongsTo(environment, path) || folders.has(path)),
  );
  const drifted = Object.keys(owned)
    .filter((path) => isDrifted(byPath.get(path), owned[path], wanted.get(path), links))
    .sort();
  const missing = isMissing(environment, entries, Object.keys(owned));
  const drift = drifted.filter((path) => !missing || byPath.has(path)).map((path) => driftProblem(path, byPath.has(path)));
  return {
    drifted,
    problems: [
      ...links.map(linkProblem),
      ...unowned.map(({ path }) => unownedProblem(environment, path)),
      ...(overwrite ? [] : [...(missing ? [missingProblem(environment, Object.keys(owned))] : []), ...drift]),
    ],
  };
}

/** `E_DRIFT` for one file; `edit` says who did it, where that is known. */
export function driftProblem(path: string, isThere: boolean, edit?: Edit): Problem {
  const what = isThere ? 'edited' : 'removed';
  return {
    code: 'E_DRIFT',
    field: path,
    value: edit ? `${what} in ${edit.commit.slice(0, 10)} by ${edit.author} on ${edit.date}` : `${what} by hand`,
    rule: 'only fullcycle writes this file',
    fix: 'move the change into the settings or revert it, or deliver with --overwrite',
  };
}

function isLink({ mode }: Pick<TreeEntry, 'mode'>): boolean {
  return mode === '120000' || mode === '160000';
}

/** An environment's files, and the folders on the way to them. */
function concerns(environment: string, path: string): boolean {
  const folders = ['environments', `environments/${environment}`, 'argocd', 'argocd/projects', 'argocd/applications', '.fullcycle'];
  return folders.includes(path) || path === ledgerPath || belongsTo(environment, path);
}

/** `a` and `a/b` of `a/b/c`: where a file stood, a wanted one could not be. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** Removing by hand what is to be removed anyway is no drift; a link is told as such. */
function isDrifted(
  entry: TreeEntry | undefined,
  ownedId: string | undefined,
  wantedId: string | undefined,
  links: readonly TreeEntry[],
): boolean {
  if (!entry) return wantedId !== undefined;
  if (links.includes(entry)) return false;
  return entry.mode !== '100644' || (entry.id !== ownedId && entry.id !== wantedId);
}

function isMissing(environment: string, entries: readonly TreeEntry[], owned: readonly string[]): boolean {
  const folder = `environments/${environment}`;
  const isInside = (path: string) => path === folder || path.startsWith(`${folder}/`);
  return owned.some(isInside) && !entries.some(({ path }) => isInside(path));
}

function linkProblem({ path, mode, target }: TreeEntry): Problem {
  return {
    code: 'E_SYMLINK',
    field: path,
    value: mode === '160000' ? 'is a submodule' : `-> ${target ?? '?'}`,
    rule: 'what Argo CD applies is plain files',
    fix: 'replace it by a file or remove it, in a commit of its own',
  };
}

function unownedProblem(environment: string, path: string): Problem {
  return {
    code: 'E_UNOWNED',
    field: path,
    value: 'not written by fullcycle',
    rule: `Argo CD applies every file of ${environment}, so only delivered ones may be there`,
    fix: 'move or remove it in a commit of its own',
  };
}

function missingProblem(environment: string, owned: readonly string[]): Problem {
  return {
    code: 'E_ENV_MISSING',
    field: environment,
    value: `environments/${environment} is gone`,
    rule: `${ledgerPath} lists ${owned.length} files of it`,
    fix: 'restore it with git revert, or deliver with --overwrite to write it anew',
  };
}
