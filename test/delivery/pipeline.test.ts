import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../infra/delivery/errors.ts';
import { belongsTo } from '../../infra/delivery/plan/ledger.ts';
import { activeHolds, holdPath, isHeld, parseHolds } from '../../infra/delivery/release/hold.ts';
import { parseRelease, type ReleaseRecord, releasePath } from '../../infra/delivery/release/release.ts';
import type { Tree } from './desired.ts';
import { Pipeline, releaseOf } from './pipeline.ts';

/** True tries 200 histories of 40 steps: most of an hour. */
const isHeavy = process.env.FULLCYCLE_HEAVY === '1';
const rounds = isHeavy ? 200 : 5;
const steps = isHeavy ? 40 : 12;
/** Milliseconds after which no further round begins; one is always played. */
const timeLimit = isHeavy ? Number.POSITIVE_INFINITY : 30_000;

const environments = ['dev', 'staging', 'prod'] as const;
type Name = (typeof environments)[number];
const names = fc.constantFrom<Name>(...environments);
const targets = fc.constantFrom<Name>('staging', 'prod');
const versions = fc.constantFrom('v1', 'v2', 'v3', 'v4');

/** One thing that somebody does; what is refused changes nothing. */
type Step = readonly [what: string, act: (pipeline: Pipeline) => Promise<unknown>];

const deliver = fc
  .tuple(names, versions, versions)
  .map(([name, go, node]): Step => [`deliver ${go} ${node} to ${name}`, (all) => all.deliver(name, releaseOf(go, node))]);
const promote = targets.map((to): Step => [`promote to ${to}`, (all) => all.promote(to)]);
/** A whole way up, so that prod sees releases within few steps. */
const bringUp = (go: string, node: string): Step => [
  `bring ${go} ${node} up`,
  async (all) => {
    await all.deliver('dev', releaseOf(go, node));
    await all.attest('dev');
    all.pass(1);
    await all.promote('staging');
    await all.attest('staging');
    all.pass(25);
    await all.promote('prod');
  },
];
const ascend = fc.tuple(versions, versions).map(([go, node]) => bringUp(go, node));
const rollback = fc.tuple(names, fc.option(fc.integer({ min: 1, max: 48 }))).map(
  ([name, hours]): Step => [
    `roll ${name} back`,
    (all) => {
      const until = hours === null ? {} : { until: new Date(all.timing.time + hours * 3_600_000).toISOString() };
      return all.rollback(name, until);
    },
  ],
);
const rollbackTo = fc.tuple(names, fc.nat(30)).map(
  ([name, back]): Step => [
    `roll ${name} back to ${back} commits ago`,
    async (all) => {
      const to = all.remote.commits().at(-1 - back);
      if (to !== undefined) await all.rollback(name, { to });
    },
  ],
);
const unhold = names.map((name): Step => [`unhold ${name}`, (all) => all.unhold(name)]);
const attest = names.map((name): Step => [`attest ${name}`, (all) => all.attest(name)]);
const settings = fc
  .tuple(names, fc.integer({ min: 2, max: 3 }))
  .map(([name, replicas]): Step => [`set ${replicas} replicas in ${name}`, async (all) => all.setReplicas(name, replicas)]);
const pass = fc.constantFrom(0, 1, 25).map((hours): Step => [`wait ${hours} h`, async (all) => all.pass(hours)]);
const handEdit = names.map(
  (name): Step => [
    `edit ${name} by hand, and put it back`,
    async (all) => {
      const path = `environments/${name}/goserver/service-goserver.yaml`;
      const text = all.remote.has('main') ? all.remote.tree().get(path) : undefined;
      if (text === undefined) return;
      all.remote.commit({ [path]: `${text}# mine\n` });
      const refused = await all.deliver(name, releaseOf('v1')).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Failure);
      all.remote.commit({ [path]: text });
    },
  ],
);
/** Writers on machines of their own at the same moment; each may lose to what the others changed. */
const race = fc.tuple(versions, versions).map(
  ([first, second]): Step => [
    `deliver ${first} and ${second} while others promote and roll back`,
    async (all) => {
      const at = (machine: string) => ({ repository: all.repository(machine) });
      const ended = await Promise.allSettled([
        all.deliver('dev', releaseOf(first), all.repository('one')),
        all.deliver('dev', releaseOf(second), all.repository('two')),
        all.promote('staging', at('three')),
        all.rollback('prod', at('four')),
      ]);
      for (const one of ended) if (one.status === 'rejected' && !(one.reason instanceof Failure)) throw one.reason;
    },
  ],
);

const step = fc.oneof(
  { weight: 4, arbitrary: ascend },
  { weight: 3, arbitrary: deliver },
  { weight: 3, arbitrary: promote },
  { weight: 3, arbitrary: rollback },
  { weight: 2, arbitrary: rollbackTo },
  { weight: 1, arbitrary: unhold },
  { weight: 1, arbitrary: attest },
  { weight: 2, arbitrary: settings },
  { weight: 2, arbitrary: pass },
  { weight: 1, arbitrary: handEdit },
  { weight: isHeavy ? 2 : 1, arbitrary: race },
);

/** A commit, and what every environment was afterwards. */
interface Moment {
  readonly commit: string;
  readonly time: number;
  readonly isOurs: boolean;
  readonly tree: Tree;
  readonly releases: Readonly<Partial<Record<Name, ReleaseRecord>>>;
}

async function readHistory({ remote }: Pipeline): Promise<Moment[]> {
  const repository = remote.repository({ cacheDir: `${remote.folder}/reader` });
  const fetched = await repository.fetch(remote.git('rev-parse', 'main'));
  const commits = remote.git('log', '--reverse', '--format=%H %ct %an', 'main').split('\n');
  const trees = await Promise.all(commits.map((line) => repository.tree(line.split(' ')[0] ?? '', ['environments', 'argocd'])));
  const texts = await repository.blobs([...new Set(trees.flat().map(({ id }) => id))]);
  expect(fetched).toHaveProperty('tip');
  return commits.map((line, index) => {
    const [commit = '', time, author] = line.split(' ');
    const tree = new Map(trees[index]?.map(({ path, id }) => [path, texts.get(id) ?? '']));
    const releases = environments.flatMap((name) => {
      const text = tree.get(releasePath(name));
      return text === undefined ? [] : [[name, parseRelease(name, text)] as const];
    });
    return { commit, time: Number(time) * 1000, isOurs: author === 'fullcycle', tree, releases: Object.fromEntries(releases) };
  });
}

/** Every digest of prod was in staging before, and every one of staging in dev. */
function expectProven(history: readonly Moment[]): void {
  const seen = new Set<string>();
  for (const { releases } of history) {
    for (const [name, before] of [
      ['dev', undefined],
      ['staging', 'dev'],
      ['prod', 'staging'],
    ] as const)
      for (const [service, { digest }] of Object.entries(releases[name]?.images ?? {})) {
        if (before) expect(seen, `${name} ${service} ${digest}`).toContain(`${before} ${service} ${digest}`);
        seen.add(`${name} ${service} ${digest}`);
      }
  }
}

/** Nobody brings back what is held, as long as it is held. */
function expectHoldsHold(history: readonly Moment[]): void {
  history.slice(1).forEach(({ time, tree, releases, commit }, index) => {
    const before = history[index]?.releases ?? {};
    for (const name of environments) {
      const text = tree.get(holdPath(name));
      const images = Object.entries(releases[name]?.images ?? {});
      const changed = images.filter(([service, image]) => before[name]?.images[service]?.digest !== image.digest);
      const holds = text === undefined ? [] : activeHolds(parseHolds(name, text).holds, time);
      expect([commit, name, isHeld(holds, Object.fromEntries(changed))]).toEqual([commit, name, false]);
    }
  });
}

/** After each of our commits every environment that nobody else edits is the render of its record, with the settings of then. */
function expectRenders(pipeline: Pipeline, history: readonly Moment[]): void {
  const renders = new Map<string, [string, string][]>();
  const renderOf = (name: Name, release: ReleaseRecord) => {
    if (!renders.has(`${name} ${release.inputs}`))
      for (const replicas of [2, 3]) {
        const { inputs, files } = pipeline.expected(name, replicas, release);
        renders.set(`${name} ${inputs}`, files);
      }
    return renders.get(`${name} ${release.inputs}`);
  };
  for (const { tree, releases, commit } of history.filter(({ isOurs }) => isOurs)) {
    for (const name of environments) {
      const release = releases[name];
      const manifests = [...tree].filter(([path]) => belongsTo(name, path) && path.endsWith('.yaml')).sort();
      expect([commit, name, manifests]).toEqual([commit, name, release ? renderOf(name, release) : []]);
    }
  }
}

/** Plays a history on a pipeline of its own, and looks at every commit of it. @returns how often something was refused */
async function play(all: readonly Step[]): Promise<number> {
  const pipeline = await Pipeline.open();
  let refused = 0;
  try {
    for (const [, act] of [bringUp('v0', 'v0'), ...all]) {
      pipeline.pass(0.001);
      await act(pipeline).catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
        refused += 1;
      });
    }
    const history = await readHistory(pipeline);
    expect(history.filter(({ releases }) => releases.prod).length).toBeGreaterThan(0);
    pipeline.remote.expectSound();
    expectProven(history);
    expectHoldsHold(history);
    expectRenders(pipeline, history);
    return refused;
  } finally {
    pipeline.remove();
  }
}

describe('whatever people do to three environments', () => {
  it('no image skips an environment, none comes back while it is held, every commit is a render, and history is one line', {
    timeout: isHeavy ? 7_200_000 : 300_000,
  }, async () => {
    const start = performance.now();
    const refused: number[] = [];
    const property = fc.asyncProperty(fc.array(step, { minLength: Math.floor(steps / 2), maxLength: steps }), async (all) => {
      if (refused.length > 0 && performance.now() - start > timeLimit) return;
      refused.push(await play(all));
    });
    await fc.assert(property, { numRuns: rounds, endOnFailure: true });
    expect(refused.length).toBeGreaterThan(0);
  });
});
