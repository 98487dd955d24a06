import { formatPath, isWithin, type PropertyPath, parsePath } from './property-path.ts';
import type { Change, Difference } from './provider.ts';
import { isList, isMap, type PropertyMap, type PropertyValue, reveal, Secret, unknown } from './value.ts';

/** A value that differs between two versions of a resource. */
export interface ValueChange extends Change {
  readonly path: PropertyPath;
}

/** No difference. */
export const same: Difference = { changed: false, changes: new Map() };

/** Every value that differs, as deep down as can be told. A value that is not known yet always differs. */
export function compare(old: PropertyValue | undefined, now: PropertyValue | undefined, path: PropertyPath = []): ValueChange[] {
  if (old instanceof Secret) return compare(old.value, now, path);
  if (now instanceof Secret) return compare(old, now.value, path);
  if (isAbsent(old) && isAbsent(now)) return [];
  if (isAbsent(old)) return [{ path, kind: 'add' }];
  if (isAbsent(now)) return [{ path, kind: 'delete' }];
  if (isMap(old) && isMap(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
    return keys.flatMap((key) => compare(ownValue(old, key), ownValue(now, key), [...path, key]));
  }
  if (isList(old) && isList(now)) {
    const positions = Array.from({ length: Math.max(old.length, now.length) }, (_, index) => index);
    return positions.flatMap((index) => compare(old[index], now[index], [...path, index]));
  }
  return now === unknown || !Object.is(old, now) ? [{ path, kind: 'update' }] : [];
}

/** The difference that the changes make, without those that are ignored. */
export function difference(changes: readonly ValueChange[], ignored: readonly string[] = []): Difference {
  const patterns = ignored.map(parsePath);
  const counted = changes.filter(({ path }) => !patterns.some((pattern) => isWithin(path, pattern)));
  return { changed: counted.length > 0, changes: new Map(counted.map(({ path, ...change }) => [formatPath(path), change])) };
}

/** True when both hold the same plain values. */
export function isSame(a: PropertyMap, b: PropertyMap): boolean {
  return compare(reveal(a), reveal(b)).length === 0;
}

function isAbsent(value: PropertyValue | undefined): value is undefined | null {
  return value === undefined || value === null;
}

function ownValue(map: PropertyMap, key: string): PropertyValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
