import type { Problem } from '../../../charts/problem.ts';
import type { Change } from '../diff/change.ts';
import { nameOf } from '../diff/summary.ts';
import { heldProblems } from '../release/hold.ts';
import type { Candidate, Evidence } from './evidence.ts';

/** Fields named in a problem; all of them are in the evidence. */
const mostFields = 5;

/**
 * Whether a release may go to the next environment: every reason why not, none when it may. Pure: the same evidence gives the same
 * verdict on any machine, and the clock comes in by the argument alone.
 * @param now milliseconds since 1970
 */
export function judge(evidence: Evidence, now: number): Problem[] {
  const candidates = evidence.candidates.flatMap((candidate) => judgeCandidate(evidence, candidate, now));
  return [...candidates, ...judgeOrigin(evidence), ...judgeScope(evidence)];
}

function judgeOrigin({ from, candidates }: Evidence): Problem[] {
  if (candidates.length === 0) return [];
  return from.edited.map((field) => ({
    code: 'E_NOT_PROVEN',
    field,
    value: 'changed by hand',
    rule: `what was proved in ${from.environment} is what was delivered there`,
    fix: `revert it, or deliver ${from.environment} with --overwrite`,
  }));
}

function judgeCandidate({ from, to, rules }: Evidence, candidate: Candidate, now: number): Problem[] {
  const { service, image, since, holds, isThere, health } = candidate;
  const field = `${to}/${service}`;
  if (!image || !since) {
    const fix = `deliver it there first: fullcycle deliver --env ${from.environment}`;
    return [{ code: 'E_NOT_PROVEN', field, rule: `${from.environment} does not run this service`, fix }];
  }
  const { digest, name } = image;
  return [
    ...holds.flatMap(({ environment, hold }) => heldProblems(environment, [hold], { [service]: image })),
    ...(isThere ? [] : [gone(`${name}@${digest}`)]),
    ...judgeSoak({ field, digest, time: since.time, where: from.environment, soak: rules.soak, now }),
    ...(rules.requireHealthy && health.state !== 'healthy' ? [notHealthy(from.environment, field, digest, health.words)] : []),
  ];
}

function gone(field: string): Problem {
  return { code: 'E_IMAGE_GONE', field, rule: 'the image must be in its registry', fix: 'build and deliver it again where it came from' };
}

interface Soak {
  readonly field: string;
  readonly digest: string;
  /** Seconds since 1970 at which it came there. */
  readonly time: number;
  readonly where: string;
  /** Seconds it has to be there. */
  readonly soak: number;
  readonly now: number;
}

function judgeSoak({ field, digest, time, where, soak, now }: Soak): Problem[] {
  const seconds = Math.floor(now / 1000) - time;
  if (seconds >= soak) return [];
  const rule = `must be in ${where} for ${duration(soak)}, is there for ${duration(Math.max(0, seconds))}`;
  return [{ code: 'E_NOT_SOAKED', field, value: digest, rule, fix: `promote it from ${isoTime(time + soak)} on` }];
}

function notHealthy(where: string, field: string, value: string, words: string): Problem {
  const fix = `mend it there, or record that it runs: fullcycle attest --env ${where}`;
  return { code: 'E_NOT_PROVEN', field, value, rule: `not Healthy in ${where}: ${words}`, fix };
}

function judgeScope({ to, beyond }: Evidence): Problem[] {
  if (beyond.length === 0) return [];
  const all = fieldsOf(beyond);
  const named = all.slice(0, mostFields).join(', ');
  const rest = all.length > mostFields ? ` and ${all.length - mostFields} more` : '';
  return [
    {
      code: 'E_DIFF_SCOPE',
      field: to,
      value: `${all.length} ${all.length === 1 ? 'field' : 'fields'} beyond the images`,
      rule: `a promotion changes images alone; the settings also change ${named}${rest}`,
      fix: `deliver these first: fullcycle deliver --env ${to} --settings`,
    },
  ];
}

/** `Deployment prod/goserver spec.replicas`, or `Service prod/goserver (added)` where the whole object comes or goes. */
export function fieldsOf(changes: readonly Change[]): string[] {
  return changes.flatMap(({ identity, action, fields }) =>
    fields.length === 0 ? [`${nameOf(identity)} (${action})`] : fields.map(({ path }) => `${nameOf(identity)} ${path}`),
  );
}

/** `2d 3h`, the two largest units. @param seconds 0 or more */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  const parts = units.flatMap(([size, unit], index) => {
    const count = Math.floor((index === 0 ? seconds : seconds % (units[index - 1]?.[0] ?? 1)) / size);
    return count > 0 ? [`${count}${unit}`] : [];
  });
  return parts.slice(0, 2).join(' ') || '0s';
}

/** ISO 8601 in UTC, to the second. @param seconds since 1970 */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
