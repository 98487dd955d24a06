import { isDeepStrictEqual } from 'node:util';
import { mergeKeysOf } from './merge-keys.ts';

/** A field that differs, before anything is said about its risk. */
export interface FieldDifference {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

type Mapping = Readonly<Record<string, unknown>>;

/** The fields in which two values differ, in the order of their names. What is wholly new or gone is one field. */
export function compareFields(before: unknown, after: unknown, path = ''): FieldDifference[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isMapping(before) && isMapping(after)) return compareMappings(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path);
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

/** A difference and, when a whole value is new, each part of it as a difference of its own. */
export function partsOf(difference: FieldDifference): FieldDifference[] {
  const { path, before, after } = difference;
  if (before !== undefined || typeof after !== 'object' || after === null) return [difference];
  const parts = Array.isArray(after)
    ? after.map((item, index) => ({ path: `${path}[${index}]`, after: item as unknown }))
    : Object.entries(after).map(([key, value]) => ({ path: field(path, key), after: value as unknown }));
  return [difference, ...parts.flatMap(partsOf)];
}

function compareMappings(before: Mapping, after: Mapping, path: string): FieldDifference[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => compareFields(own(before, key), own(after, key), field(path, key)));
}

function compareLists(before: readonly unknown[], after: readonly unknown[], path: string): FieldDifference[] {
  const name = mergeKeysOf(path, before, after);
  return name ? compareNamed(before, after, path, name) : compareUnnamed(before, after, path);
}

/** Items are found again by their name; what only changed its place is told as one difference of the order. */
function compareNamed(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  name: (item: unknown) => string,
): FieldDifference[] {
  const old = new Map(before.map((item) => [name(item), item]));
  const now = new Map(after.map((item) => [name(item), item]));
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const differences = names.flatMap((key) => compareFields(old.get(key), now.get(key), `${path}[${key}]`));
  const kept = (keys: Iterable<string>) => [...keys].filter((key) => old.has(key) && now.has(key));
  const [order, newOrder] = [kept(old.keys()), kept(now.keys())];
  return isDeepStrictEqual(order, newOrder) ? differences : [...differences, { path, before: order, after: newOrder }];
}

/** Equal items are matched whatever their place; the rest is compared pairwise when it pairs up, else told item by item. */
function compareUnnamed(before: readonly unknown[], after: readonly unknown[], path: string): FieldDifference[] {
  const added = [...after];
  const removed = before.filter((item) => {
    const index = added.findIndex((other) => isDeepStrictEqual(item, other));
    if (index >= 0) added.splice(index, 1);
    return index < 0;
  });
  if (removed.length === 0 && added.length === 0) return [{ path, before, after }];
  if (removed.length === added.length && removed.every(isMapping)) {
    return removed.flatMap((item, index) => compareFields(item, added[index], `${path}[${before.indexOf(item)}]`));
  }
  return [...removed.map((item) => ({ path: `${path}[]`, before: item })), ...added.map((item) => ({ path: `${path}[]`, after: item }))];
}

/** `spec.replicas`; a key that is no plain word stands in quotes: `metadata.labels["app.kubernetes.io/name"]`. */
function field(path: string, key: string): string {
  if (!/^[A-Za-z_$][A-Za-z0-9_$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function own(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
