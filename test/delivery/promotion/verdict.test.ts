import { describe, expect, it } from 'vitest';
import type { Change } from '../../../infra/delivery/diff/change.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { describeVerdict } from '../../../infra/delivery/promotion/describe.ts';
import type { Candidate, Evidence, HealthEvidence } from '../../../infra/delivery/promotion/evidence.ts';
import { duration, judge } from '../../../infra/delivery/promotion/verdict.ts';
import { commitId, digest, release } from '../desired.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const hours = (count: number) => now / 1000 - count * 3600;
const image = { name: 'registry.example.com/goserver', tag: commitId('v1'), digest: digest('v1'), inputs: digest('inputs') };
const healthy: HealthEvidence = { state: 'healthy', source: 'argocd', words: 'Healthy and Synced' };
const proven: Candidate = {
  service: 'goserver',
  image,
  replaces: undefined,
  since: { commit: commitId('delivered'), time: hours(30) },
  holds: [],
  isThere: true,
  health: healthy,
};
const replicas: Change = {
  environment: 'prod',
  action: 'changed',
  identity: { group: 'apps', kind: 'Deployment', namespace: 'prod', name: 'goserver' },
  path: 'environments/prod/goserver/deployment-goserver.yaml',
  fields: [{ path: 'spec.replicas', before: 3, after: 4, risk: 'low' }],
  risk: 'low',
};
const added: Change = {
  ...replicas,
  action: 'added',
  identity: { group: '', kind: 'Service', namespace: 'prod', name: 'new' },
  fields: [],
};

function evidence(candidate: Partial<Candidate> = {}, more: Partial<Evidence> = {}): Evidence {
  const from = {
    environment: 'staging',
    commit: commitId('delivered'),
    release: release({ environment: 'staging', services: {} }),
    edited: [],
  };
  return {
    from,
    to: 'prod',
    rules: { soak: 24 * 3600, requireHealthy: true },
    candidates: [{ ...proven, ...candidate }],
    beyond: [],
    ...more,
  };
}
const told = (given: Evidence, at = now): string[] => judge(given, at).map(formatProblem);

describe('a release that was in the environment before long enough, Healthy, not held and still in the registry', () => {
  it('may be promoted', () => {
    expect(told(evidence())).toEqual([]);
  });

  it('gets the same verdict whatever the machine’s time zone', () => {
    const zone = process.env.TZ;
    const all = ['UTC', 'Asia/Kathmandu', 'America/St_Johns'].map((name) => {
      process.env.TZ = name;
      return [told(evidence({ since: { commit: '', time: hours(1) } })), describeVerdict(evidence(), [], now)];
    });
    process.env.TZ = zone;
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
  });
});

describe('what speaks against a promotion', () => {
  const goserver = `prod/goserver: ${digest('v1')}`;
  const hold = { digests: [{ service: 'goserver', digest: digest('v1') }], who: 'Ada', why: 'too slow', since: '2026-01-01T00:00:00Z' };
  it.each<[string, Evidence, string]>([
    [
      'it is there for too short a time',
      evidence({ since: { commit: commitId('delivered'), time: hours(3.5) } }),
      `error[E_NOT_SOAKED] ${goserver} - must be in staging for 1d, is there for 3h 30m - promote it from 2026-01-02T20:30:00Z on`,
    ],
    [
      'it came there in the future, by a clock that is wrong',
      evidence({ since: { commit: commitId('delivered'), time: hours(-1) } }),
      `error[E_NOT_SOAKED] ${goserver} - must be in staging for 1d, is there for 0s - promote it from 2026-01-03T01:00:00Z on`,
    ],
    [
      'Argo CD calls it unhealthy',
      evidence({ health: { state: 'unhealthy', source: 'argocd', words: 'Degraded' } }),
      `error[E_NOT_PROVEN] ${goserver} - not Healthy in staging: Degraded - mend it there, or record that it runs: fullcycle attest --env staging`,
    ],
    [
      'nobody knows how it fares',
      evidence({ health: { state: 'unknown', source: 'none', words: 'nobody has looked' } }),
      `error[E_NOT_PROVEN] ${goserver} - not Healthy in staging: nobody has looked - mend it there, or record that it runs: fullcycle attest --env staging`,
    ],
    [
      'the environment before does not run the service',
      evidence({ image: undefined, since: undefined, isThere: false }),
      'error[E_NOT_PROVEN] prod/goserver: - staging does not run this service - deliver it there first: fullcycle deliver --env staging',
    ],
    [
      'its image is gone',
      evidence({ isThere: false }),
      `error[E_IMAGE_GONE] registry.example.com/goserver@${digest('v1')}: - the image must be in its registry - build and deliver it again where it came from`,
    ],
    [
      'the target holds it',
      evidence({ holds: [{ environment: 'prod', hold }] }),
      `error[E_HELD] ${goserver} - held since 2026-01-01T00:00:00Z by Ada: too slow - deliver another build, or release it: fullcycle unhold --env prod --service goserver`,
    ],
    [
      'the environment before holds it',
      evidence({ holds: [{ environment: 'staging', hold: { ...hold, until: '2026-02-01T00:00:00Z' } }] }),
      `error[E_HELD] staging/goserver: ${digest('v1')} - held since 2026-01-01T00:00:00Z until 2026-02-01T00:00:00Z by Ada: too slow - deliver another build, or release it: fullcycle unhold --env staging --service goserver`,
    ],
    [
      'other hands changed the environment before',
      evidence({}, { from: { ...evidence().from, edited: ['environments/staging/goserver/service-goserver.yaml'] } }),
      'error[E_NOT_PROVEN] environments/staging/goserver/service-goserver.yaml: changed by hand - what was proved in staging is what was delivered there - revert it, or deliver staging with --overwrite',
    ],
    [
      'the settings would change more than the images',
      evidence({}, { beyond: [replicas, added] }),
      'error[E_DIFF_SCOPE] prod: 2 fields beyond the images - a promotion changes images alone; the settings also change Deployment prod/goserver spec.replicas, Service prod/new (added) - deliver these first: fullcycle deliver --env prod --settings',
    ],
    [
      'the settings would change very much more',
      evidence({}, { beyond: Array.from({ length: 7 }, () => replicas) }),
      `error[E_DIFF_SCOPE] prod: 7 fields beyond the images - a promotion changes images alone; the settings also change ${Array.from({ length: 5 }, () => 'Deployment prod/goserver spec.replicas').join(', ')} and 2 more - deliver these first: fullcycle deliver --env prod --settings`,
    ],
  ])('%s', (_what, given, problem) => {
    expect(told(given)).toEqual([problem]);
  });

  it('is told all at once', () => {
    const all = evidence(
      {
        since: { commit: '', time: hours(1) },
        health: { ...healthy, state: 'unhealthy' },
        isThere: false,
        holds: [{ environment: 'prod', hold }],
      },
      { beyond: [replicas] },
    );
    expect(judge(all, now).map(({ code }) => code)).toEqual(['E_HELD', 'E_IMAGE_GONE', 'E_NOT_SOAKED', 'E_NOT_PROVEN', 'E_DIFF_SCOPE']);
  });

  it('ends to the second', () => {
    const given = evidence();
    const end = now - 6 * 3_600_000;
    expect(judge(given, end - 1).map(({ code }) => code)).toEqual(['E_NOT_SOAKED']);
    expect(judge(given, end)).toEqual([]);
  });

  it('is no health where the settings don’t ask for it', () => {
    const given = evidence({ health: { ...healthy, state: 'unhealthy' } }, { rules: { soak: 0, requireHealthy: false } });
    expect(told(given)).toEqual([]);
  });
});

describe('a verdict in words', () => {
  it('names the evidence, a line an image', () => {
    expect(describeVerdict(evidence({}, { beyond: [replicas] }), judge(evidence({}, { beyond: [replicas] }), now), now)).toBe(
      `staging → prod: must not be promoted, for 1 reason
  release of ${commitId('delivered').slice(0, 10)}, needs 1d in staging, Healthy there
  goserver  ${digest('v1').slice(0, 19)}…  there since 2025-12-31T18:00:00Z (1d 6h) · healthy: Healthy and Synced · in the registry · not held
  the settings alone also change
    Deployment prod/goserver spec.replicas`,
    );
  });

  it('says that there is nothing to promote', () => {
    expect(describeVerdict(evidence({}, { candidates: [] }), [], now)).toBe(
      'staging → prod: nothing to promote, prod runs what staging runs',
    );
  });
});

describe('a duration', () => {
  it.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [3661, '1h 1m'],
    [86_400, '1d'],
    [90_000, '1d 1h'],
    [31_536_000, '365d'],
  ])('of %i s is %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});
