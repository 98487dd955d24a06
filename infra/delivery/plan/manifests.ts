import type { ManifestFile } from '../../../charts/environment.ts';
import { parse } from '../../../charts/manifest.ts';
import type { Problem } from '../../../charts/problem.ts';
import { fail, failIfAny } from '../errors.ts';
import type { Repository } from '../git/repository.ts';
import { parseRelease, type ReleaseRecord } from '../release/release.ts';
import { readCurrent } from './current.ts';
import type { TreeEntry } from './drift.ts';
import { belongsTo } from './ledger.ts';
import type { Current } from './plan.ts';
import { recordPaths } from './records.ts';

/** The manifests of an environment as a commit of the GitOps repo holds them. @throws Failure E_YAML for files that are none */
export async function manifestsAt(repository: Repository, commit: string, environment: string): Promise<ManifestFile[]> {
  return await readManifests(repository, await repository.tree(commit, ['environments', 'argocd']), environment);
}

/** An environment as a commit of the GitOps repo holds it: what was delivered and nothing else. */
export interface Delivered {
  readonly current: Current;
  readonly release: ReleaseRecord;
  /** Byte for byte as in Git. */
  readonly files: readonly ManifestFile[];
}

/**
 * Reads back what was delivered, to be kept or to be delivered once more.
 * @throws Failure E_ENV_MISSING when nothing was; E_DRIFT for every file that is not as it was delivered; E_STATE, E_YAML
 */
export async function deliveredAt(repository: Repository, environment: string, commit: string | undefined): Promise<Delivered> {
  const current = await readCurrent(repository, environment, commit);
  if (current.release === undefined || commit === undefined) neverDelivered(environment, commit);
  failIfAny(handEdited(current, environment).map((path) => editProblem(path, commit)));
  const files = await readManifests(repository, current.entries, environment);
  return { current, release: parseRelease(environment, current.release), files };
}

/** @throws Failure E_ENV_MISSING always */
export function neverDelivered(environment: string, commit?: string): never {
  const rule = 'has no release.json in the GitOps repo';
  fail('E_ENV_MISSING', environment, commit?.slice(0, 10), rule, `deliver it first: fullcycle deliver --env ${environment}`);
}

/** Paths of an environment that are not as they were delivered: edited, removed or added by other hands. */
export function handEdited({ entries, ledger }: Current, environment: string): string[] {
  const owned = ledger.environments[environment]?.files ?? {};
  const there = new Map(entries.filter(({ path }) => belongsTo(environment, path)).map((entry) => [entry.path, entry]));
  const paths = [...new Set([...Object.keys(owned), ...there.keys()])].sort();
  return paths.filter((path) => there.get(path)?.id !== owned[path] || there.get(path)?.mode !== '100644');
}

function editProblem(field: string, commit: string): Problem {
  const rule = 'only what was delivered is kept or brought back';
  const fix = `see git log -- ${field}; revert it, or deliver with --overwrite`;
  return { code: 'E_DRIFT', field, value: `changed by hand as of ${commit.slice(0, 10)}`, rule, fix };
}

async function readManifests(repository: Repository, entries: readonly TreeEntry[], environment: string): Promise<ManifestFile[]> {
  const records = recordPaths(environment);
  const manifests = entries.filter(
    ({ path, mode }) => mode === '100644' && path.endsWith('.yaml') && belongsTo(environment, path) && !records.includes(path),
  );
  const texts = await repository.blobs(manifests.map(({ id }) => id));
  const parsed = manifests.map(({ path, id }) => parse(path, texts.get(id) ?? ''));
  failIfAny(parsed.flatMap(({ problems = [] }) => problems));
  return parsed.flatMap(({ file }) => file ?? []);
}
