import type { Problem } from './problem.ts';

/** Largest text read, in bytes. An object in etcd is at most 1.5 MiB. */
export const mostBytes = 1024 * 1024;

/** Control, format (zero-width, bidirectional), surrogate and line-separator characters, except line feed and tab. */
export const invisible = /[^\P{C}\n\t\p{Co}\p{Cn}]|[\u2028\u2029]/u;

/** Text, or why it is not one. */
export type Decoded = { readonly text: string; readonly problems?: undefined } | { readonly problems: Problem[] };

/**
 * Strict UTF-8: what a person sees in an editor is what every program reads. No byte order mark, no carriage returns, no invisible
 * characters (source of the rule: "Trojan Source", CVE-2021-42574), at most {@link mostBytes}.
 */
export function decode(file: string, content: string | Uint8Array): Decoded {
  const size = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
  if (size > mostBytes) return { problems: [tooLarge(file, size)] };
  const text = typeof content === 'string' ? content : utf8(content);
  const bad = (field: string, value: unknown, rule: string, fix: string): Decoded => ({
    problems: [{ code: 'E_ENCODING', field, value, rule, fix }],
  });
  if (text === undefined || !text.isWellFormed()) return bad(file, undefined, 'valid UTF-8', 'save it as UTF-8');
  if (text.startsWith('\ufeff')) return bad(`${file}:1:1`, 'U+FEFF', 'no byte order mark', 'save it as UTF-8 without BOM');
  const found = text.search(invisible);
  if (found < 0) return { text };
  const character = text.codePointAt(found) ?? 0;
  const field = `${file}:${position(text, found)}`;
  if (character === 0x0d) return bad(field, 'U+000D', 'lines end in LF', 'save the file with LF line ends');
  return bad(
    field,
    codePoint(character),
    'no control, invisible or bidi characters',
    'remove it, or write it as an escape in double quotes',
  );
}

/** `E_YAML` for a text over {@link mostBytes}, told before it is read. */
export function tooLarge(file: string, size: number): Problem {
  return { code: 'E_YAML', field: file, value: `${size} bytes`, rule: `at most ${mostBytes} bytes`, fix: 'split the file' };
}

/** `U+200B`, as the Unicode tables name a character. */
export function codePoint(character: number): string {
  return `U+${character.toString(16).toUpperCase().padStart(4, '0')}`;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `line:column` of an offset, both from 1. */
export function position(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return `${text.slice(0, offset).split('\n').length}:${offset - lineStart + 1}`;
}
