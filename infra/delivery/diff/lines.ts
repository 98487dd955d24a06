import { diffLines } from 'diff';
import { clean } from '../errors.ts';
import type { Change, FieldChange } from './change.ts';
import { replacesPods } from './risk.ts';
import { nameOf } from './summary.ts';
import { inline, inlinePair, isMultiline } from './value.ts';

/** A line of a printed difference: `+` is new, `-` is gone, `~` is both in one line, a blank is around them. */
export interface Line {
  readonly sign: '+' | '-' | '~' | ' ';
  readonly text: string;
  /** Why to look twice; printed behind the text. */
  readonly note?: string;
}

const signs = { added: '+', removed: '-', renamed: '~', changed: '~', moved: '~', reformatted: '~' } as const;

/** The line that names an object and says what happens to it. */
export function headline(change: Change): Line {
  const { action, identity, oldIdentity, risk, reason } = change;
  const old = oldIdentity ? `${nameOf(oldIdentity)} → ` : '';
  const text = clean(`${old}${nameOf(identity)}${remark(change)}`);
  return { sign: signs[action], text, ...(reason === undefined ? {} : { note: `${risk}: ${reason}` }) };
}

function remark(change: Change): string {
  const { action, path, oldPath } = change;
  if (action === 'reformatted') return ' (same object, other text)';
  const moved = oldPath === undefined ? '' : ` (moved from ${oldPath} to ${path})`;
  return replacesPods(change) ? `${moved} (replaces its pods)` : moved;
}

/** The lines of one field: one when both values are short, the changed lines of text that has several. */
export function fieldLines({ path, before, after, risk, reason }: FieldChange): Line[] {
  const note = reason === undefined || risk === 'low' ? {} : { note: `${risk}: ${reason}` };
  if (isMultiline(before) || isMultiline(after)) {
    return [{ sign: '~', text: `${clean(path)}:`, ...note }, ...textLines(String(before ?? ''), String(after ?? ''))];
  }
  if (before === undefined) return [{ sign: '+', text: `${clean(path)}: ${inline(after)}`, ...note }];
  if (after === undefined) return [{ sign: '-', text: `${clean(path)}: ${inline(before)}`, ...note }];
  return [{ sign: '~', text: `${clean(path)}: ${inlinePair(before, after).join(' → ')}`, ...note }];
}

/** Lines around a changed one that are shown with it. */
const context = 2;

function textLines(before: string, after: string): Line[] {
  return diffLines(before, after).flatMap(({ added, removed, value }, index, parts): Line[] => {
    const lines = value.replace(/\n$/, '').split('\n');
    if (added || removed) return lines.map((line) => ({ sign: added ? '+' : '-', text: `  ${clean(line)}` }));
    return around(lines, index > 0, index < parts.length - 1).map((line) => ({ sign: ' ', text: `  ${clean(line)}` }));
  });
}

/** The ends of unchanged lines that touch a change, with a mark for what is left out. */
function around(lines: readonly string[], changeAbove: boolean, changeBelow: boolean): string[] {
  const head = changeAbove ? lines.slice(0, context) : [];
  const tail = changeBelow ? lines.slice(Math.max(head.length, lines.length - context)) : [];
  return head.length + tail.length < lines.length ? [...head, '…', ...tail] : [...lines];
}
