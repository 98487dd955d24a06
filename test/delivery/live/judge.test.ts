import { describe, expect, it } from 'vitest';
import { tell, verdicts } from '../../../infra/delivery/live/finding.ts';
import { judge, type Observation, unaware, unknownRevisions } from '../../../infra/delivery/live/judge.ts';
import { commitId } from '../desired.ts';
import { application, commit, deployment, files, settled, source, wantedOf } from './objects.ts';

const wanted = wantedOf();
const earlier = commitId('earlier');
const short = (id: string) => id.slice(0, 10);

/** What is said of what lags. */
const lagging = (seen: Observation) =>
  judge(wanted, seen)
    .filter(({ isDone }) => !isDone)
    .map((finding) => `${finding.hop} ${finding.subject}: ${tell(finding)}`);

/** All Applications as they should be, but one. */
const but = (name: string, ...rest: Parameters<typeof application> extends [string, ...infer Rest] ? Rest : never) => ({
  applications: settled().applications.map((each) =>
    (each.metadata as { name: string }).name === name ? application(name, ...rest) : each,
  ),
});

describe('what a cluster shall become', () => {
  it('is read from the tip: the Applications, and the image of each service', () => {
    expect(wanted.applications.map(({ name }) => name)).toEqual(['dev-root', 'dev-goserver', 'dev-namespace']);
    expect(wanted.services).toEqual([
      { name: 'goserver', application: 'dev-goserver', commit: source, digest: expect.stringMatching(/^sha256:/) },
    ]);
  });

  it('is nothing before the first delivery', () => {
    expect(() => wantedOf({ release: undefined })).toThrow('a release is wanted');
  });
});

describe('a cluster', () => {
  it('that has it all has nothing that lags', () => {
    expect(lagging(settled())).toEqual([]);
  });

  it.each<[string, Partial<Observation>, string[]]>([
    [
      'no Argo CD',
      { applications: [] },
      [
        'synced dev-root: missing: pulumi up makes it',
        'live dev-root: Unknown',
        'synced dev-goserver: missing: dev-root makes it',
        'live dev-goserver: Unknown',
        'synced dev-namespace: missing: dev-root makes it',
        'live dev-namespace: Unknown',
      ],
    ],
    [
      'an Application that is out of sync',
      but('dev-goserver', {
        sync: { status: 'OutOfSync' },
        resources: [
          { kind: 'Deployment', name: 'goserver', status: 'OutOfSync' },
          { kind: 'Service', name: 'goserver', status: 'Synced' },
        ],
      }),
      ['synced dev-goserver: OutOfSync: Deployment goserver'],
    ],
    [
      'many objects out of sync',
      but('dev-goserver', {
        sync: { status: 'OutOfSync' },
        resources: ['a', 'b', 'c', 'd'].map((name) => ({ kind: 'ConfigMap', name, status: 'OutOfSync' })),
      }),
      ['synced dev-goserver: OutOfSync: ConfigMap a, ConfigMap b, ConfigMap c and more'],
    ],
    [
      'an operation that runs',
      but('dev-goserver', { operationState: { phase: 'Running', message: 'waiting for healthy state of hooks' } }),
      ['synced dev-goserver: syncing: waiting for healthy state of hooks'],
    ],
    [
      'objects that can’t be applied',
      but('dev-goserver', {
        sync: { status: 'OutOfSync' },
        operationState: {
          phase: 'Failed',
          message: 'one or more objects failed to apply',
          syncResult: {
            resources: [
              { kind: 'Service', name: 'goserver', status: 'Synced' },
              { kind: 'Deployment', name: 'goserver', status: 'SyncFailed', message: 'field is immutable' },
            ],
          },
        },
      }),
      ['synced dev-goserver: OutOfSync: Deployment goserver: field is immutable'],
    ],
    [
      'a sync that fails as a whole',
      but('dev-goserver', {
        sync: { status: 'OutOfSync' },
        operationState: { phase: 'Error', message: 'namespace dev is not permitted in project dev' },
      }),
      ['synced dev-goserver: OutOfSync: namespace dev is not permitted in project dev'],
    ],
    [
      'a comparison that fails',
      but('dev-goserver', {
        sync: { status: 'Unknown' },
        conditions: [
          { type: 'OrphanedResourceWarning', message: 'x' },
          { type: 'ComparisonError', message: 'app path does not exist' },
        ],
      }),
      ['synced dev-goserver: Unknown: app path does not exist'],
    ],
    [
      'a status from before the spec was changed',
      but('dev-goserver', { sync: { comparedTo: { source: { path: 'other' } } } }),
      ['synced dev-goserver: not compared yet'],
    ],
    [
      'an Application on its way out',
      but('dev-goserver', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ['synced dev-goserver: being deleted'],
    ],
    [
      'an Application that Argo CD has not looked at',
      but('dev-goserver', { sync: { revision: '', status: 'Unknown' } }),
      ['synced dev-goserver: Unknown'],
    ],
    [
      'something unhealthy',
      but('dev-namespace', { health: { status: 'Degraded', message: 'quota exceeded' } }),
      ['live dev-namespace: Degraded: quota exceeded'],
    ],
    [
      'the image from before',
      { deployments: [deployment('registry/goserver:old@sha256:1234567890abcdef')] },
      [`live Deployment dev/goserver: runs sha256:1234567890ab: not yet ${wanted.services[0]?.digest.slice(0, 19)}`],
    ],
    [
      'a placeholder image',
      { deployments: [deployment('goserver')] },
      [`live Deployment dev/goserver: runs goserver: not yet ${wanted.services[0]?.digest.slice(0, 19)}`],
    ],
    ['no Deployment', { deployments: [] }, ['live Deployment dev/goserver: missing']],
    [
      'a Deployment whose controller has not seen it',
      { deployments: [deployment(undefined, { observedGeneration: 1 })] },
      ['live Deployment dev/goserver: its controller has not seen the change yet'],
    ],
    [
      'a Deployment on the way',
      { deployments: [deployment(undefined, { updatedReplicas: 1 })] },
      ['live Deployment dev/goserver: 1 of 2 replicas updated'],
    ],
    [
      'pods of before that still serve',
      { deployments: [deployment(undefined, { replicas: 3 })] },
      ['live Deployment dev/goserver: 1 old replicas still there'],
    ],
    ['a service that was not asked', { answers: {} }, ['live dev/goserver: not asked yet']],
    [
      'a service that does not answer',
      { answers: { goserver: { problem: 'GET /version: no endpoints available' } } },
      ['live dev/goserver: no answer: GET /version: no endpoints available'],
    ],
    [
      'a service that answers from another commit',
      { answers: { goserver: { commit: earlier } } },
      [`live dev/goserver: answers from ${short(earlier)}: not yet ${short(source)}`],
    ],
  ])('with %s lags', (_what, change, said) => {
    expect(lagging(settled(change))).toEqual(said);
  });

  it('tells of a Deployment that lags, and not once more of its Application’s health', () => {
    const seen = settled({
      ...but('dev-goserver', { health: { status: 'Progressing' } }),
      deployments: [deployment(undefined, { availableReplicas: 0 })],
    });
    expect(lagging(seen)).toEqual(['live Deployment dev/goserver: 0 of 2 replicas available']);
  });
});

describe('an Application at another commit', () => {
  const at = (revision: string, words: Readonly<Record<string, string>> | undefined): Observation =>
    settled({
      applications: settled().applications.map((each) => application((each.metadata as { name: string }).name, { sync: { revision } })),
      revisions: new Map([[revision, words && files(words)]]),
    });

  it.each<[string, Readonly<Record<string, string>>, string[]]>([
    ['whose files are the same', {}, []],
    [
      'where another environment differs',
      { 'environments/prod/goserver/deployment-goserver.yaml': 'x', 'argocd/applications/prod-goserver.yaml': 'x' },
      [],
    ],
    ['where a record of ours differs', { 'environments/dev/release.json': 'x' }, []],
    ['where its own files differ', { 'environments/dev/goserver/deployment-goserver.yaml': 'x' }, ['dev-goserver']],
    ['where the namespace differs', { 'environments/dev/namespace/namespace-dev.yaml': 'x' }, ['dev-namespace']],
    ['where an Application differs', { 'argocd/applications/dev-namespace.yaml': 'x' }, ['dev-root']],
    ['where a project differs', { 'argocd/projects/dev.yaml': 'x' }, ['dev-root']],
  ])('%s', (_what, words, names) => {
    const seen = at(earlier, words);
    expect(lagging(seen)).toEqual(names.map((name) => `synced ${name}: behind, at ${short(earlier)}`));
    expect(unaware(wanted, seen)).toEqual(names);
  });

  it('that is not in the history lags', () => {
    expect(unaware(wanted, at(earlier, undefined))).toEqual(['dev-root', 'dev-goserver', 'dev-namespace']);
  });

  it('is looked up once', () => {
    const seen = at(earlier, {});
    expect(unknownRevisions(wanted, seen.applications, new Map())).toEqual([earlier]);
    expect(unknownRevisions(wanted, seen.applications, seen.revisions)).toEqual([]);
    expect(unknownRevisions(wanted, settled().applications, new Map())).toEqual([]);
    expect(unknownRevisions(wanted, [application('prod-goserver', { sync: { revision: earlier } })], new Map())).toEqual([]);
  });

  it('that is about to look is left alone', () => {
    const annotations = { 'argocd.argoproj.io/refresh': 'normal' };
    const seen = settled({ applications: [application('dev-goserver', { sync: { revision: earlier } }, { annotations })] });
    expect(unaware(wanted, seen)).toEqual([]);
  });
});

describe('the hops', () => {
  const reached = { synced: '3 Applications', live: 'goserver answers' };

  it('are current when nothing lags', () => {
    expect(verdicts(judge(wanted, settled()), reached)).toEqual([
      { hop: 'synced', state: 'current', why: '3 Applications' },
      { hop: 'live', state: 'current', why: 'goserver answers' },
    ]);
  });

  it('name the first object that lags, and how many more', () => {
    expect(verdicts(judge(wanted, settled({ applications: [application('dev-root')], deployments: [] })), reached)).toEqual([
      { hop: 'synced', state: 'behind', why: 'dev-goserver: missing: dev-root makes it; and 1 more' },
      { hop: 'live', state: 'behind', why: 'dev-namespace: Unknown; and 1 more' },
    ]);
  });

  it('know the commit', () => expect(wanted.commit).toBe(commit));
});
