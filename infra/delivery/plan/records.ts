import { attestationPath } from '../release/attestation.ts';
import { holdPath } from '../release/hold.ts';
import { formatRelease, releasePath } from '../release/release.ts';
import { blobId } from './ledger.ts';
import type { Current, Wanted } from './plan.ts';

/** Ids by path that the tree may have: a record that shall stay is wanted as it was written. */
export function withRecords(current: Current, wanted: Wanted, manifests: ReadonlyMap<string, string>): Map<string, string> {
  const { environment } = wanted.release;
  const owned = current.ledger.environments[environment]?.files ?? {};
  const records = keptRecords(wanted).flatMap(([path, text]): [string, string][] => {
    const id = text === undefined ? owned[path] : text === null ? undefined : blobId(text, current.format);
    return id === undefined ? [] : [[path, id]];
  });
  const release = blobId(formatRelease(wanted.release), current.format);
  return new Map([...manifests, [releasePath(environment), release], ...records]);
}

/** Records that stay unless they are written, with what is written; null removes. */
function keptRecords({ release: { environment }, hold, attestation }: Wanted): [path: string, text: string | null | undefined][] {
  return [
    [holdPath(environment), hold],
    [attestationPath(environment), attestation],
  ];
}

/** Paths of the records of an environment. */
export function recordPaths(environment: string): string[] {
  return [releasePath(environment), holdPath(environment), attestationPath(environment)];
}

/** The records where they change, by path; null removes. */
export function recordTexts(current: Current, wanted: Wanted, isSame: boolean): Map<string, string | null> {
  const { environment } = wanted.release;
  const format = current.format ?? 'sha1';
  const tip = new Map(current.entries.map(({ path, id }) => [path, id]));
  const records: [path: string, text: string | null | undefined][] = [
    [releasePath(environment), isSame ? undefined : formatRelease(wanted.release)],
    ...keptRecords(wanted),
  ];
  const changes = records.flatMap(([path, text]): [string, string | null][] => {
    if (text === undefined || (text === null && !tip.has(path))) return [];
    return text !== null && tip.get(path) === blobId(text, format) ? [] : [[path, text]];
  });
  return new Map(changes);
}

/** The environment's files after the plan: all manifests, and the records that are written or stay. */
export function ownedFiles(
  current: Current,
  manifests: ReadonlyMap<string, string>,
  written: ReadonlyMap<string, string | null>,
  environment: string,
): Record<string, string> {
  const kept = current.entries.filter(({ path }) => recordPaths(environment).includes(path));
  const files = new Map([...manifests, ...kept.map(({ path, id }) => [path, id] as const)]);
  for (const [path, text] of written)
    if (text === null) files.delete(path);
    else files.set(path, blobId(text, current.format));
  return Object.fromEntries(files);
}
