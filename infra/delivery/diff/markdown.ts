import type { Change } from './change.ts';
import { fieldLines, headline, type Line } from './lines.ts';
import { byEnvironment, highlights, nameOf, summaryLine } from './summary.ts';

/** First line of a comment, by which the next run finds it again. */
export const commentMark = '<!-- fullcycle diff -->';

/** Longest comment, in characters; GitHub takes 65,536. */
const longest = 60_000;
/** Most risks listed on top; all of them stand at their objects. */
const mostRisks = 20;
/** Signs of a `diff` block: a changed line is marked with `!`, which viewers colour too. */
const signs = { '+': '+', '-': '-', '~': '!', ' ': ' ' } as const;

/** A comment for a pull request: what is risky first, then each environment to unfold. */
export function printMarkdown(changes: readonly Change[]): string {
  const head = [commentMark, `### Rendered manifests: ${summaryLine(changes)}`, ...risks(changes)];
  const environments = byEnvironment(changes).map(([environment, group]) => section(environment, group));
  const whole = [...head, ...environments].join('\n\n');
  if (whole.length <= longest) return `${whole}\n`;
  const kept = environments.filter((_, index) => [...head, ...environments.slice(0, index + 1)].join('\n\n').length <= longest - 200);
  const left = environments.length - kept.length;
  return `${[...head, ...kept, `${left} of ${environments.length} environments are left out: too long for a comment. Run \`fullcycle diff\`.`].join('\n\n').slice(0, longest)}\n`;
}

function risks(changes: readonly Change[]): string[] {
  const lines = highlights(changes).map(({ change, field, reason }) => {
    const where = field ? `: ${code(field.path)}` : '';
    return `- **${escapeMarkdown(reason)}** in ${escapeMarkdown(change.environment)}, ${code(nameOf(change.identity))}${where}`;
  });
  const rest = lines.length > mostRisks ? [`- and ${lines.length - mostRisks} more`] : [];
  return lines.length === 0 ? [] : [['**High risk**', '', ...lines.slice(0, mostRisks), ...rest].join('\n')];
}

function section(environment: string, changes: readonly Change[]): string {
  const body = changes
    .flatMap((change) => [headline(change), ...change.fields.flatMap(fieldLines).map((line) => ({ ...line, text: `    ${line.text}` }))])
    .map(print)
    .join('\n');
  const fence = '`'.repeat(Math.max(3, ...[...body.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  const isOpen = changes.some(({ risk }) => risk === 'high') ? ' open' : '';
  return `<details${isOpen}><summary><b>${escapeMarkdown(environment)}</b>: ${summaryLine(changes)}</summary>\n\n${fence}diff\n${body}\n${fence}\n\n</details>`;
}

function print({ sign, text, note }: Line): string {
  return `${signs[sign]} ${text}${note === undefined ? '' : `  # ${note}`}`.trimEnd();
}

/** A word of code that can't end its own marks. */
function code(text: string): string {
  const marks = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return marks.length === 1 ? `\`${text}\`` : `${marks} ${text} ${marks}`;
}

function escapeMarkdown(text: string): string {
  return text.replace(/[&<>*_`[\]@#|\\]/g, (character) => `&#${character.charCodeAt(0)};`);
}
