import { clean } from '../errors.ts';

/** Longest value on one line, in characters. */
const longest = 160;

/** A value on one line: mappings and lists in the short form of YAML, ids and digests cut, nothing that a terminal would obey. */
export function inline(value: unknown): string {
  const text = clean(shorten(flow(value)));
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** Two values on one line each, with their ids in full where only the cut parts differ. */
export function inlinePair(before: unknown, after: unknown): readonly [string, string] {
  const [old, now] = [inline(before), inline(after)];
  return old === now ? [clean(flow(before)), clean(flow(after))] : [old, withoutCommonStart(old, now)];
}

/** Cuts what the new value has in common with the old one at its start, up to a sign: the name of an image is said once. */
function withoutCommonStart(old: string, now: string): string {
  let length = 0;
  while (length < now.length && old[length] === now[length]) length += 1;
  const start = now
    .slice(0, length)
    .replace(/[^/:@]*$/, '')
    .replace(/[/:@]$/, '');
  return start.length < 20 ? now : `…${now.slice(start.length)}`;
}

/** True for text of several lines, told line by line. */
export function isMultiline(value: unknown): value is string {
  return typeof value === 'string' && value.trimEnd().includes('\n');
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${flow(item)}`);
    return entries.length === 0 ? '{}' : `{${entries.join(', ')}}`;
  }
  return typeof value === 'string' && needsQuotes(value) ? JSON.stringify(value) : String(value);
}

/** Text that could be taken for something else, or hides where it ends. */
function needsQuotes(text: string): boolean {
  return text === '' || text.trim() !== text || /^(true|false|null|~|-?[0-9][0-9.]*)$/.test(text) || /[\n\t]/.test(text);
}

/** `1a2b3c4d5e6f` for a digest, `1a2b3c4` for a commit. */
function shorten(text: string): string {
  return text
    .replace(/\bsha256:([0-9a-f]{12})[0-9a-f]{52}\b/g, 'sha256:$1…')
    .replace(/\b([0-9a-f]{7})[0-9a-f]{33}(?:[0-9a-f]{24})?\b/g, '$1');
}
