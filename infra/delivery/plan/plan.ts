import { isDeepStrictEqual } from 'node:util';
import type { ManifestFile } from '../../../charts/environment.ts';
import type { Problem } from '../../../charts/problem.ts';
import { activeHolds, heldProblems, holdPath, parseHolds } from '../release/hold.ts';
import { parseRelease, type ReleaseRecord, releasePath } from '../release/release.ts';
import { inspectTree, type TreeEntry } from './drift.ts';
import { belongsTo, blobId, formatLedger, type Ledger, ledgerPath, type ObjectFormat, objectKey, withOwned } from './ledger.ts';
import { checkReason, commitMessage } from './message.ts';
import { deletions, type Guard } from './prune-guard.ts';
import { ownedFiles, recordPaths, recordTexts, withRecords } from './records.ts';

/** What is at the tip of the GitOps repo, read before anything is decided. */
export interface Current {
  /** Everything at and under `environments`, `argocd` and `.fullcycle`. */
  readonly entries: readonly TreeEntry[];
  readonly ledger: Ledger;
  /** Text of the environment's release.json; undefined when it is not there. */
  readonly release?: string;
  /** Text of its hold.json; undefined when nothing is held. */
  readonly hold?: string;
  /** Text of its attestation.json; undefined when it is not there. */
  readonly attestation?: string;
  /** @default sha1 */
  readonly format?: ObjectFormat;
}

/** What an environment shall be. */
export interface Wanted {
  readonly files: readonly ManifestFile[];
  readonly release: ReleaseRecord;
  /** Text of `hold.json`; null removes it. @default what is there stays */
  readonly hold?: string | null;
  /** Text of `attestation.json`. @default what is there stays */
  readonly attestation?: string;
  /** First word of the commit's subject. @default deliver */
  readonly verb?: string;
  /** Why, in the user's words: one line, at most 500 characters. */
  readonly reason?: string;
  /** More trailers of the commit: where a release came from. */
  readonly trailers?: Readonly<Record<string, string>>;
  /** Why the environment must not become this, found out by whoever proposes it. */
  readonly problems?: readonly Problem[];
}

/** A file to write, or to remove when `text` is null. */
export interface FileWrite {
  readonly path: string;
  readonly text: string | null;
}

/** What would be done, decided before anything is done. All lists are sorted. */
export interface Plan {
  readonly environment: string;
  /** Manifests by what happens to them; our own records and the ledger are not listed. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Keys of the objects that the cluster will lose. */
  readonly deleted: readonly string[];
  /** Owned files that were edited or removed by hand. */
  readonly drifted: readonly string[];
  /** The whole change, our own records included; empty when there is nothing to do. */
  readonly writes: readonly FileWrite[];
  /** Commit message; empty when there is nothing to do. */
  readonly message: string;
  /** True when manifests and images are already what is wanted: a new source commit alone writes nothing. */
  readonly nothingToDo: boolean;
  /** Why this plan must not be executed. */
  readonly problems: readonly Problem[];
}

/**
 * Decides what to write so that the environment becomes what is wanted. Pure: equal input gives an equal plan, and planning again on
 * the result finds nothing to do. Only owned files are ever replaced or removed, and what is held does not come back.
 * @param now milliseconds since 1970, to judge until when a hold holds. @default every hold holds
 * @throws Failure `E_STATE` when the tip's release.json is as this program wrote it and yet can't be read
 */
export function plan(current: Current, wanted: Wanted, guard: Guard, now = 0): Plan {
  const { environment } = wanted.release;
  const format = current.format ?? 'sha1';
  const texts = new Map(wanted.files.map(({ path, text }) => [path, text]));
  const ids = new Map(wanted.files.map(({ path, text }) => [path, blobId(text, format)]));
  const findings = inspectTree(current.entries, current.ledger, environment, withRecords(current, wanted, ids), guard.overwrite);
  const manifests = compareManifests(current, environment, ids);

  const before = recordAtTip(current, environment, findings.drifted);
  const services = changedServices(before, wanted.release);
  const isSame = before !== undefined && services.length === 0 && Object.values(manifests).every((paths) => paths.length === 0);
  const records = recordTexts(current, wanted, isSame);
  const objects = [...new Set(wanted.files.flatMap(({ object }) => objectKey(object) ?? []))].sort();
  const loss = deletions(environment, current.ledger.environments[environment]?.objects ?? [], objects, guard);

  const ledger = withOwned(current.ledger, environment, { files: ownedFiles(current, ids, records, environment), objects });
  const writes = [
    ...[...manifests.added, ...manifests.changed].map((path) => ({ path, text: texts.get(path) ?? null })),
    ...manifests.removed.map((path) => ({ path, text: null })),
    ...[...records].map(([path, text]) => ({ path, text })),
    ...(isDeepStrictEqual(ledger, current.ledger) ? [] : [{ path: ledgerPath, text: formatLedger(ledger) }]),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const { verb = 'deliver', release, reason, trailers } = wanted;
  const onlyRecord = !isSame ? undefined : wanted.attestation === undefined ? 'hold' : 'health';
  const facts = { verb, release, reason, services, deletes: loss.names, onlyRecord, trailers } as const;
  const isTold = guard.overwrite || !findings.drifted.includes(holdPath(environment));
  const held = isTold ? heldAt(current, wanted, services, now) : [];
  return {
    environment,
    ...manifests,
    deleted: loss.keys,
    drifted: findings.drifted,
    writes,
    message: writes.length === 0 ? '' : commitMessage(facts),
    nothingToDo: writes.length === 0,
    problems: [...checkWanted(wanted), ...held, ...(wanted.problems ?? []), ...findings.problems, ...loss.problems],
  };
}

function compareManifests(current: Current, environment: string, wanted: ReadonlyMap<string, string>) {
  const tip = new Map(current.entries.map((entry) => [entry.path, entry]));
  const isSame = (path: string) => tip.get(path)?.id === wanted.get(path) && tip.get(path)?.mode === '100644';
  const owned = Object.keys(current.ledger.environments[environment]?.files ?? {});
  const records = recordPaths(environment);
  return {
    added: [...wanted.keys()].filter((path) => !tip.has(path)).sort(),
    changed: [...wanted.keys()].filter((path) => tip.has(path) && !isSame(path)).sort(),
    removed: owned.filter((path) => tip.has(path) && !wanted.has(path) && !records.includes(path)).sort(),
  };
}

/** What is held of the images that would change. */
function heldAt(current: Current, { release, hold }: Wanted, services: readonly string[], now: number): Problem[] {
  const text = hold === undefined ? current.hold : hold;
  if (text === undefined || text === null || services.length === 0) return [];
  const images = Object.fromEntries(Object.entries(release.images).filter(([service]) => services.includes(service)));
  return heldProblems(release.environment, activeHolds(parseHolds(release.environment, text).holds, now), images);
}

/** A record that was edited by hand is not believed: either the plan is blocked, or `overwrite` writes it anew. */
function recordAtTip(current: Current, environment: string, drifted: readonly string[]): ReleaseRecord | undefined {
  const isOurs = releasePath(environment) in (current.ledger.environments[environment]?.files ?? {});
  if (current.release === undefined || !isOurs || drifted.includes(releasePath(environment))) return undefined;
  return parseRelease(environment, current.release);
}

function changedServices(before: ReleaseRecord | undefined, after: ReleaseRecord): string[] {
  const names = new Set([...Object.keys(before?.images ?? {}), ...Object.keys(after.images)]);
  return [...names].filter((name) => !isDeepStrictEqual(before?.images[name], after.images[name])).sort();
}

/** Rules of paths and texts that a render keeps by construction; broken here, they would reach other people's files. */
function checkWanted(wanted: Wanted): Problem[] {
  const { environment } = wanted.release;
  const seen = new Set<string>();
  const problems = wanted.reason === undefined ? [] : checkReason('reason', wanted.reason);
  for (const { path, text } of wanted.files) {
    const bad = (code: 'E_PATH' | 'E_ENCODING', rule: string) =>
      problems.push({ code, field: path, rule, fix: 'this is a fault of the render: please report it' });
    if (!belongsTo(environment, path) || !/^[A-Za-z0-9._/-]+$/.test(path)) bad('E_PATH', `is no path of ${environment} in the GitOps repo`);
    if (recordPaths(environment).includes(path)) bad('E_PATH', 'is the path of a record, not of a manifest');
    if (seen.has(path.toLowerCase())) bad('E_PATH', 'is rendered twice, upper and lower case being alike');
    if (!text.isWellFormed()) bad('E_ENCODING', 'a manifest is well-formed Unicode');
    seen.add(path.toLowerCase());
  }
  return problems;
}
