import { describe, expect, it } from 'vitest';
import type { Plan } from '../../infra/delivery/plan/plan.ts';
import type { ReleaseRecord } from '../../infra/delivery/release/release.ts';
import { hops } from '../../infra/delivery/status.ts';

const commit = 'c'.repeat(40);
const source = { commit, dirty: false };
const release: ReleaseRecord = {
  schema: 1,
  environment: 'dev',
  source: { commit: 'd'.repeat(40), dirty: false },
  images: {},
  tools: {},
  inputs: `sha256:${'0'.repeat(64)}`,
};
const settled: Plan = {
  environment: 'dev',
  added: [],
  changed: [],
  removed: [],
  deleted: [],
  drifted: [],
  writes: [],
  message: '',
  nothingToDo: true,
  problems: [],
};
const problem = { code: 'E_UNOWNED', field: 'environments/dev/x.yaml', value: 'not written by fullcycle', rule: 'r', fix: 'f' } as const;

describe('status names the hop that lags, and why', () => {
  it.each([
    [
      'everything is current',
      hops(source, release, [], settled, commit),
      ['current', 'current', 'current', 'current'],
      'GitOps commit cccccccccc',
    ],
    [
      'nothing was delivered yet',
      hops(source, undefined, ['goserver'], { ...settled, added: ['a', 'b'] }, undefined),
      ['current', 'behind', 'behind', 'behind'],
      'nothing yet: fullcycle deliver --env dev',
    ],
    [
      'the source of a service changed',
      hops(source, release, ['goserver'], settled, commit),
      ['current', 'behind', 'current', 'current'],
      'goserver: the source has changed since the last delivery',
    ],
    [
      'a setting changed',
      hops(source, release, [], { ...settled, changed: ['a'] }, commit),
      ['current', 'current', 'behind', 'current'],
      '1 file would change: see fullcycle diff --env dev',
    ],
    [
      'somebody added a file by hand',
      hops(source, release, [], { ...settled, problems: [problem] }, commit),
      ['current', 'current', 'current', 'blocked'],
      'environments/dev/x.yaml not written by fullcycle',
    ],
  ])('%s', (_what, all, states, why) => {
    expect(all.map(({ state }) => state)).toEqual(states);
    expect(all.map((hop) => hop.why)).toContain(why);
  });

  it('says that the work tree has changes of its own', () => {
    expect(hops({ commit, dirty: true }, release, [], settled, commit)[0]?.why).toBe('cccccccccc and uncommitted changes');
  });
});
