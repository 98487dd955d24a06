import type { Problem } from '../../../charts/problem.ts';
import type { Candidate, Evidence } from './evidence.ts';
import { duration, fieldsOf, isoTime } from './verdict.ts';

/** The verdict and what it rests on, for people: a line an image, then what else would change. @param now milliseconds since 1970 */
export function describeVerdict(evidence: Evidence, problems: readonly Problem[], now: number): string {
  const { from, to, rules, candidates, beyond } = evidence;
  const way = `${from.environment} → ${to}`;
  if (candidates.length === 0 && problems.length === 0) return `${way}: nothing to promote, ${to} runs what ${from.environment} runs`;
  const count = problems.length === 1 ? '1 reason' : `${problems.length} reasons`;
  const needs = [
    ...(rules.soak > 0 ? [`${duration(rules.soak)} in ${from.environment}`] : []),
    ...(rules.requireHealthy ? ['Healthy there'] : []),
  ];
  return [
    `${way}: ${problems.length === 0 ? 'may be promoted' : `must not be promoted, for ${count}`}`,
    `  release of ${from.commit.slice(0, 10)}${needs.length > 0 ? `, needs ${needs.join(', ')}` : ''}`,
    ...candidates.map((candidate) => describeCandidate(candidate, now)),
    ...(beyond.length === 0 ? [] : ['  the settings alone also change', ...fieldsOf(beyond).map((field) => `    ${field}`)]),
  ].join('\n');
}

function describeCandidate({ service, image, since, holds, isThere, health }: Candidate, now: number): string {
  if (!image || !since) return `  ${service}  not there`;
  const facts = [
    `there since ${isoTime(since.time)} (${duration(Math.max(0, Math.floor(now / 1000) - since.time))})`,
    health.state === 'unknown' ? health.words : `${health.state}: ${health.words}`,
    isThere ? 'in the registry' : 'gone from the registry',
    ...(holds.length === 0 ? ['not held'] : holds.map(({ environment }) => `held in ${environment}`)),
  ];
  return `  ${service}  ${image.digest.slice(0, 19)}…  ${facts.join(' · ')}`;
}

/** The same for machines. @param now milliseconds since 1970 */
export function verdictData(evidence: Evidence, problems: readonly Problem[], now: number) {
  const { from, to, rules, candidates, beyond } = evidence;
  return {
    from: { environment: from.environment, commit: from.commit },
    to,
    now: new Date(now).toISOString(),
    allowed: problems.length === 0,
    rules,
    candidates,
    beyond,
    problems,
  };
}
