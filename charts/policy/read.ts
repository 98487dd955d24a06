/** Reads values of unknown shape: files may have been edited by hand, so rules assume nothing and never throw. */

/** The value at a dotted path, or undefined. */
export function read(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** The sequence at a dotted path; empty when there is none. */
export function items(value: unknown, path: string): readonly unknown[] {
  const found = read(value, path);
  return Array.isArray(found) ? found : [];
}

/** The string at a dotted path, or undefined. */
export function text(value: unknown, path: string): string | undefined {
  const found = read(value, path);
  return typeof found === 'string' ? found : undefined;
}

/** The mapping at a dotted path, its entries that are strings; empty when there is none. */
export function strings(value: unknown, path: string): Readonly<Record<string, string>> {
  const found = read(value, path);
  if (typeof found !== 'object' || found === null) return {};
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** True when both have the same JSON, whatever the order of keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/** The wave that Argo CD applies an object in; 0 unless annotated. */
export function waveOf(object: unknown): number {
  return Number(strings(object, 'metadata.annotations')['argocd.argoproj.io/sync-wave'] ?? 0);
}
