import type { Problem } from '../../../charts/problem.ts';
import type { ReleaseRecord } from '../release/release.ts';

/** Longest reason a user may give, in characters. */
const longestReason = 500;
/** Where mail-like viewers of Git cut a subject. */
const subjectWidth = 72;

/** What a commit message tells. */
export interface MessageFacts {
  /** What was done: `deliver`, `promote`, `rollback`, … */
  readonly verb: string;
  readonly release: ReleaseRecord;
  /** Services whose image changed, in the order they are listed. */
  readonly services: readonly string[];
  /** Objects that the cluster will lose, as `Kind/name`. */
  readonly deletes: readonly string[];
  /** What the only record that changes is about, when no manifest and no image does. */
  readonly onlyRecord?: 'hold' | 'health';
  /** Why, in the user's words; checked by {@link checkReason}. */
  readonly reason?: string;
  /** More trailers, none of them in a user's words. */
  readonly trailers?: Readonly<Record<string, string>>;
}

/**
 * What is wrong with a reason given by a user (`E_MESSAGE`): it goes into a commit message, where a line of its own could pose
 * as one of our trailers and a control character could hide text from the reader.
 */
export function checkReason(field: string, reason: string): Problem[] {
  const bad = (rule: string): Problem[] => [{ code: 'E_MESSAGE', field, value: reason, rule, fix: 'say why in one plain sentence' }];
  if (reason.trim() === '') return bad('a reason is not empty');
  if (reason.length > longestReason) return bad(`a reason has at most ${longestReason} characters`);
  if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(reason)) return bad('a reason is one line without control characters');
  if (/^\s*[A-Za-z0-9-]+\s*:/.test(reason)) return bad('a reason does not look like a trailer (Word: …)');
  return [];
}

/**
 * Subject `deliver(dev): goserver 1a2b3c4`, a body with source, images, deletions and tools, and our trailers, which alone make up
 * the last paragraph: `git interpret-trailers` and `git log --format=%(trailers)` read them.
 */
export function commitMessage(facts: MessageFacts): string {
  const { release } = facts;
  const source = `${release.source.commit}${release.source.dirty ? ' with uncommitted changes' : ''}`;
  const images = facts.services.flatMap((service) => {
    const image = release.images[service];
    return image ? [`Image ${service} ${image.name}:${image.tag}@${image.digest}`] : [];
  });
  const body = [
    `Source ${source}`,
    ...images,
    ...facts.deletes.map((object) => `Deletes ${object}`),
    `Made by ${Object.entries(release.tools)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([tool, version]) => `${tool} ${version}`)
      .join(', ')}`,
  ];
  const trailers = [
    `Fullcycle-Environment: ${release.environment}`,
    `Fullcycle-Source: ${release.source.commit}`,
    `Fullcycle-Inputs: ${release.inputs}`,
    ...Object.entries(facts.trailers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  const reason = facts.reason === undefined ? [] : [facts.reason];
  return `${[subject(facts), ...reason, body.join('\n'), trailers.join('\n')].join('\n\n')}\n`;
}

function subject({ verb, release, services, onlyRecord }: MessageFacts): string {
  const start = `${verb}(${release.environment}): `;
  if (onlyRecord !== undefined) return `${start}${onlyRecord}`;
  if (services.length === 0) return `${start}settings at ${short(release.source.commit)}`;
  const named = services.map((service) => `${service} ${short(release.images[service]?.tag ?? '')}`.trim());
  for (let count = named.length; count > 1; count -= 1) {
    const rest = named.length - count;
    const text = start + named.slice(0, count).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
    if (text.length <= subjectWidth) return text;
  }
  return start + named[0] + (named.length > 1 ? ` and ${named.length - 1} more` : '');
}

/** `1a2b3c4` of a full commit id, keeping the mark of a dirty tree. */
function short(tag: string): string {
  return tag.replace(/^([0-9a-f]{7})[0-9a-f]{33,57}/, '$1').replace(/-dirty-.*$/, '-dirty');
}
