import type { Finding, Level } from '../sarif.ts';
import type { Change, Risk } from './change.ts';
import { fieldLines, headline } from './lines.ts';
import { nameOf } from './summary.ts';

const levels: Readonly<Record<Risk, Level>> = { high: 'error', medium: 'warning', low: 'note' };

/** What changes: a finding for every risk, of an object and of its fields; what has none is a note. */
export function findingsOf(changes: readonly Change[]): Finding[] {
  return changes.flatMap((change): Finding[] => {
    const risks = [...objectRisk(change), ...fieldRisks(change)];
    if (risks.length > 0) return risks;
    const { action, path } = change;
    return [
      { rule: `diff/${action}`, about: `an object is ${action}`, level: 'note', message: `${headline(change).text}: ${action}`, path },
    ];
  });
}

function objectRisk(change: Change): Finding[] {
  const { reason, risk, path } = change;
  if (reason === undefined) return [];
  return [{ rule: ruleOf(reason), about: reason, level: levels[risk], message: `${headline(change).text}: ${reason}`, path }];
}

function fieldRisks({ fields, identity, path }: Change): Finding[] {
  return fields.flatMap((field): Finding[] => {
    const { reason, risk } = field;
    if (reason === undefined) return [];
    const lines = fieldLines(field).map(({ text }) => text);
    const message = `${nameOf(identity)}: ${lines.join('\n')}: ${reason}`;
    return [{ rule: ruleOf(reason), about: reason, level: levels[risk], message, path, field: field.path }];
  });
}

/** `security weakened` is the rule `diff/security-weakened`. */
function ruleOf(reason: string): string {
  return `diff/${reason.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
}
