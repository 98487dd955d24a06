import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, ManifestFile } from '../../../charts/environment.ts';
import { isKustomization } from '../../../charts/kustomization.ts';
import { groupOf } from '../../../charts/manifest.ts';
import { belongsTo } from '../plan/ledger.ts';
import { byRisk, type Change, highest, type Identity } from './change.ts';
import { compareFields, type FieldDifference } from './fields.ts';
import { fieldRisk, objectRisk } from './risk.ts';

/** A file of one side, with what its object is. */
interface Item {
  readonly file: ManifestFile;
  readonly environment: string;
  readonly identity: Identity;
  /** Equal for the same object on both sides. */
  readonly key: string;
}

/**
 * What changes in the clusters when one tree takes the place of another: by object, not by file, and by field. Pure.
 * @returns by environment, in each the riskiest first
 */
export function compare(before: readonly ManifestFile[], after: readonly ManifestFile[]): Change[] {
  const environments = environmentsOf([...before, ...after]);
  const old = index(before, environments);
  const now = index(after, environments);
  const removed = [...old.values()].filter(({ key }) => !now.has(key));
  const added = [...now.values()].filter(({ key }) => !old.has(key));
  const renamed = pairRenamed(removed, added);
  const goneUnder = new Set(renamed.values());
  const kept = [...now.values()].flatMap((item) => {
    const previous = old.get(item.key);
    return previous ? compareItems(previous, item) : [];
  });
  return [
    ...kept,
    ...added.map((item) => (renamed.has(item) ? toChange('renamed', item, renamed.get(item)) : toChange('added', item))),
    ...removed.filter((item) => !goneUnder.has(item)).map((item) => toChange('removed', item)),
  ].sort((a, b) => order(a.environment, b.environment) || byRisk(a, b) || order(a.path, b.path));
}

function compareItems(previous: Item, item: Item): Change[] {
  if (!isDeepStrictEqual(previous.file.object, item.file.object)) return [toChange('changed', item, previous)];
  if (previous.file.path !== item.file.path) return [toChange('moved', item, previous)];
  return previous.file.text === item.file.text ? [] : [toChange('reformatted', item, previous)];
}

function toChange(action: Change['action'], item: Item, previous?: Item): Change {
  const { environment, identity, file } = item;
  const { risk, reason } = objectRisk(action, file.object);
  const differences = previous ? compareFields(previous.file.object, file.object) : [];
  const fields = differences
    .map((difference) => ({ ...hideSecret(identity, difference), ...fieldRisk(identity, difference) }))
    .sort(byRisk);
  return {
    environment,
    action,
    identity,
    ...(action === 'renamed' && previous ? { oldIdentity: previous.identity } : {}),
    path: file.path,
    ...(previous && previous.file.path !== file.path ? { oldPath: previous.file.path } : {}),
    fields,
    risk: highest([risk, ...fields.map((field) => field.risk)]),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** That a secret changed may be told, its value never. */
function hideSecret({ kind }: Identity, { path, ...values }: FieldDifference): FieldDifference {
  if (kind !== 'Secret' || !/^(data|stringData)\b/.test(path)) return { path, ...values };
  return { path, ...Object.fromEntries(Object.keys(values).map((side) => [side, '(hidden)'])) };
}

/** An object that is gone and a new one in its file, or one that differs by nothing but name and namespace, are one that was renamed. */
function pairRenamed(removed: readonly Item[], added: readonly Item[]): ReadonlyMap<Item, Item> {
  const free = new Map<string, Item[]>();
  for (const item of added) for (const trait of traitsOf(item)) free.set(trait, [...(free.get(trait) ?? []), item]);
  const taken = new Map<Item, Item>();
  for (const previous of removed) {
    const twin = traitsOf(previous).flatMap((trait) => free.get(trait)?.find((item) => !taken.has(item)) ?? [])[0];
    if (twin) taken.set(twin, previous);
  }
  return taken;
}

/** What a renamed object has in common with itself. */
function traitsOf({ environment, file }: Item): string[] {
  return [`${environment} ${file.path}`, `${environment} ${JSON.stringify(nameless(file.object), sortKeys)}`];
}

function nameless({ metadata, ...object }: KubernetesObject): unknown {
  const { name: _, namespace: __, labels: ___, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => order(a, b)));
}

function index(files: readonly ManifestFile[], environments: readonly string[]): Map<string, Item> {
  const items = new Map<string, Item>();
  for (const file of files.toSorted((a, b) => order(a.path, b.path))) {
    const environment = environments.find((name) => belongsTo(name, file.path)) ?? '';
    const identity = identityOf(file.object);
    const place = isKustomization(file.object) ? file.path : Object.values(identity).join('/');
    const key = `${environment}:${place}`;
    items.set(items.has(key) ? `${key}:${file.path}` : key, {
      file,
      environment,
      identity,
      key: items.has(key) ? `${key}:${file.path}` : key,
    });
  }
  return items;
}

function environmentsOf(files: readonly ManifestFile[]): string[] {
  return [...new Set(files.flatMap(({ path }) => /^environments\/([^/]+)\//.exec(path)?.[1] ?? []))].sort();
}

function identityOf(object: KubernetesObject): Identity {
  const { name, namespace = '' } = object.metadata;
  return { group: groupOf(object), kind: object.kind, namespace, name };
}

/** By code unit: independent of the locale. */
function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
