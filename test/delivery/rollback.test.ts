import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure, formatProblem } from '../../infra/delivery/errors.ts';
import { ledgerPath, parseLedger } from '../../infra/delivery/plan/ledger.ts';
import { holdPath, parseHolds } from '../../infra/delivery/release/hold.ts';
import { parseRelease, releasePath } from '../../infra/delivery/release/release.ts';
import { digest } from './desired.ts';
import { image, Pipeline, releaseOf } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await Pipeline.open();
});
afterEach(() => pipeline.remove());

const told = async (work: Promise<unknown>): Promise<string[]> => {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return error instanceof Failure ? error.problems.map(formatProblem) : [`no failure: ${String(error)}`];
};
const deliver = async (...versions: string[]) => {
  for (const version of versions) {
    pipeline.pass(1);
    await pipeline.deliver('dev', releaseOf(version));
  }
};
const runs = () => parseRelease('dev', pipeline.remote.tree().get(releasePath('dev')) ?? '').images.goserver?.digest;
const goserver = (version: string) => digest(`goserver ${version}`);
const held = (name = 'dev') => {
  const text = pipeline.remote.tree().get(holdPath(name));
  return text === undefined ? [] : parseHolds(name, text).holds;
};
/** Everything of dev at a commit but what a rollback adds: its bytes, and its part of the ledger. */
function bytes(commit = 'main') {
  const tree = pipeline.remote.tree(commit);
  const ledger = parseLedger(tree.get(ledgerPath) ?? '').environments.dev;
  const { [holdPath('dev')]: _, ...files } = ledger?.files ?? {};
  const own = [...tree].filter(([path]) => /^(environments\/dev\/|argocd\/\w+\/dev[-.])/.test(path) && path !== holdPath('dev'));
  return { own: own.sort(), files, objects: ledger?.objects };
}

describe('a rollback', () => {
  it('brings the release before back, byte for byte, on top of the history', async () => {
    await deliver('v1');
    const before = bytes();
    await deliver('v2');
    pipeline.setReplicas('dev', 3);
    await deliver('v3');
    const middle = bytes('main^');
    await pipeline.rollback('dev');
    expect(bytes()).toEqual(middle);
    await pipeline.rollback('dev');
    expect(bytes()).toEqual(before);
    expect(pipeline.remote.subjects().map((subject) => subject.replace(/:.*/, ''))).toEqual([
      'deliver(dev)',
      'deliver(dev)',
      'deliver(dev)',
      'rollback(dev)',
      'rollback(dev)',
    ]);
    pipeline.remote.expectSound();
  });

  it('says who, why, since when and until when, and names the commit it went back to', async () => {
    await deliver('v1', 'v2');
    const [first] = pipeline.remote.commits();
    await pipeline.rollback('dev', { until: '2026-02-01T00:00:00Z' });
    expect(held()).toEqual([
      {
        digests: [
          { service: 'goserver', digest: goserver('v2') },
          { service: 'nodeserver', digest: digest('nodeserver v2') },
        ],
        who: 'Ada',
        why: 'too slow',
        since: '2026-01-01T02:00:00Z',
        until: '2026-02-01T00:00:00Z',
      },
    ]);
    const message = pipeline.remote.git('log', '-1', '--format=%B');
    expect(message).toMatch(/^rollback\(dev\): goserver [0-9a-f]{7}, nodeserver [0-9a-f]{7}\n\ntoo slow\n\nSource /);
    expect(message).toContain(`\nFullcycle-Rollback-To: ${first}`);
  });

  it('keeps what it left from coming back by delivery, promotion or rollback, until it is let go', async () => {
    await deliver('v1', 'v2');
    const [, second = ''] = pipeline.remote.commits();
    await pipeline.rollback('dev');
    const refusal = (service: string) =>
      `error[E_HELD] dev/${service}: ${digest(`${service} v2`)} - held since 2026-01-01T02:00:00Z by Ada: too slow - deliver another build, or release it: fullcycle unhold --env dev --service ${service}`;
    const both = [refusal('goserver'), refusal('nodeserver')];
    expect(await told(pipeline.deliver('dev', releaseOf('v2')))).toEqual(both);
    expect(await told(pipeline.rollback('dev', { to: second }))).toEqual(both);
    expect(await told(pipeline.deliver('dev', releaseOf('v3', 'v2')))).toEqual([refusal('nodeserver')]);
    await pipeline.unhold('dev', 'nodeserver');
    expect(await told(pipeline.deliver('dev', releaseOf('v2')))).toEqual([refusal('goserver')]);
    await pipeline.deliver('dev', releaseOf('v3', 'v2'));
    expect(held()).toMatchObject([{ digests: [{ service: 'goserver', digest: goserver('v2') }] }]);
    await pipeline.unhold('dev');
    expect(pipeline.remote.tree().has(holdPath('dev'))).toBe(false);
    await pipeline.deliver('dev', releaseOf('v2'));
    expect(runs()).toBe(goserver('v2'));
    expect((await pipeline.unhold('dev')).commit).toBeUndefined();
    pipeline.remote.expectSound();
  });

  it('holds until its time, and no longer', async () => {
    await deliver('v1', 'v2');
    await pipeline.rollback('dev', { until: '2026-01-01T03:00:00Z' });
    pipeline.timing.time = Date.parse('2026-01-01T03:00:00Z') - 1;
    expect((await told(pipeline.deliver('dev', releaseOf('v2')))).length).toBe(2);
    pipeline.timing.time += 1;
    await pipeline.deliver('dev', releaseOf('v2'));
    expect(runs()).toBe(goserver('v2'));
    await deliver('v3');
    await pipeline.rollback('dev');
    expect(held().map(({ digests }) => digests[0]?.digest)).toEqual([goserver('v3')]);
  });

  it('twice goes back twice, past what is held', async () => {
    await deliver('v1', 'v2', 'v3');
    await pipeline.rollback('dev');
    expect(runs()).toBe(goserver('v2'));
    await pipeline.rollback('dev');
    expect(runs()).toBe(goserver('v1'));
    expect(held().map(({ digests }) => digests[0]?.digest)).toEqual([goserver('v3'), goserver('v2')]);
    expect(await told(pipeline.rollback('dev'))).toEqual([
      'error[E_NO_RELEASE] dev: - has no earlier release with other images that is not held - see fullcycle history --env dev, and name one with --to',
    ]);
  });

  it('of a rollback is an unhold and a rollback to where it was', async () => {
    await deliver('v1', 'v2');
    const there = bytes();
    const [, second = ''] = pipeline.remote.commits();
    await pipeline.rollback('dev');
    await pipeline.unhold('dev');
    await pipeline.rollback('dev', { to: second });
    expect(bytes()).toEqual(there);
    expect(held().map(({ digests }) => digests[0]?.digest)).toEqual([goserver('v1')]);
  });

  it('to the first commit, and to a commit of another environment, is the state as of then', async () => {
    await deliver('v1');
    const first = bytes();
    const [start = ''] = pipeline.remote.commits();
    await deliver('v2');
    const second = bytes();
    pipeline.remote.commit({ 'README.md': 'hello' });
    const [, , other = ''] = pipeline.remote.commits();
    await deliver('v3', 'v4');
    await pipeline.rollback('dev', { to: other });
    expect(bytes()).toEqual(second);
    await pipeline.rollback('dev', { to: start });
    expect(bytes()).toEqual(first);
  });

  it('of settings alone holds nothing', async () => {
    await deliver('v1');
    const first = bytes();
    const [start = ''] = pipeline.remote.commits();
    pipeline.setReplicas('dev', 3);
    await deliver('v1');
    await pipeline.rollback('dev', { to: start });
    expect(bytes()).toEqual(first);
    expect(held()).toEqual([]);
  });

  it('to what already is changes nothing', async () => {
    await deliver('v1');
    expect((await pipeline.rollback('dev', { to: 'main' })).commit).toBeUndefined();
  });
});

describe('what stops a rollback', () => {
  const gone = (version: string) => {
    const { name, digest: lost } = image('goserver', version);
    pipeline.gone.add(`${name}@${lost}`);
    return `${name}@${lost}`;
  };

  it('is a lost image; the newest release that has its images is offered', async () => {
    await deliver('v1', 'v2', 'v3', 'v4');
    const [first = '', , third = ''] = pipeline.remote.commits();
    const [lost, alsoLost] = [gone('v3'), gone('v2')];
    const rule = 'an image of that release is no longer in its registry';
    const offer = `the newest that has its images: --to ${first.slice(0, 10)}`;
    const before = pipeline.remote.commits();
    expect(await told(pipeline.rollback('dev'))).toEqual([`error[E_IMAGE_GONE] dev: ${lost} - ${rule} - ${offer}`]);
    expect(await told(pipeline.rollback('dev', { to: third }))).toEqual([`error[E_IMAGE_GONE] dev: ${lost} - ${rule} - ${offer}`]);
    expect(pipeline.remote.commits()).toEqual(before);
    await pipeline.rollback('dev', { to: first.slice(0, 10) });
    expect(runs()).toBe(goserver('v1'));
    expect(alsoLost).not.toBe(lost);
  });

  it('is that every earlier image is lost', async () => {
    await deliver('v1', 'v2');
    const lost = gone('v1');
    expect(await told(pipeline.rollback('dev'))).toEqual([
      `error[E_IMAGE_GONE] dev: ${lost} - an image of that release is no longer in its registry - no earlier release has its images: build one again`,
    ]);
  });

  it('is a commit that is none of this repo', async () => {
    await deliver('v1');
    expect(await told(pipeline.rollback('dev', { to: 'deadbeef' }))).toEqual([
      'error[E_REF] main: deadbeef - is no commit of the GitOps repo - take one from git log main',
    ]);
  });

  it('is a commit before the environment was there', async () => {
    const start = pipeline.remote.commit({ 'README.md': 'hello' });
    expect(await told(pipeline.rollback('dev'))).toEqual([
      `error[E_ENV_MISSING] dev: ${start.slice(0, 10)} - has no release.json in the GitOps repo - deliver it first: fullcycle deliver --env dev`,
    ]);
    await deliver('v1');
    expect(await told(pipeline.rollback('dev', { to: start }))).toEqual([
      `error[E_ENV_MISSING] dev: ${start.slice(0, 10)} - has no release.json in the GitOps repo - deliver it first: fullcycle deliver --env dev`,
    ]);
  });

  it('is that it was the first release', async () => {
    await deliver('v1');
    expect((await told(pipeline.rollback('dev'))).map((line) => line.slice(0, 19))).toEqual(['error[E_NO_RELEASE]']);
  });

  it('is a state that other hands made', async () => {
    await deliver('v1');
    const file = 'environments/dev/goserver/service-goserver.yaml';
    const original = pipeline.remote.tree().get(file) ?? '';
    const edit = pipeline.remote.commit({ [file]: `${original}# mine\n` });
    pipeline.remote.commit({ [file]: original });
    await deliver('v2');
    expect(await told(pipeline.rollback('dev', { to: edit }))).toEqual([
      `error[E_DRIFT] ${file}: changed by hand as of ${edit.slice(0, 10)} - only what was delivered is kept or brought back - see git log -- ${file}; revert it, or deliver with --overwrite`,
    ]);
    await pipeline.rollback('dev');
    expect(pipeline.remote.tree().get(file)).toBe(original);
  });

  it('is somebody who changed the environment meanwhile: what was looked at is what is undone', async () => {
    await deliver('v1', 'v2');
    const other = pipeline.repository('other');
    let isFirst = true;
    const repository = pipeline.repository('mine');
    const push = repository.push.bind(repository);
    repository.push = async (commit, parent) => {
      if (isFirst) {
        isFirst = false;
        await pipeline.deliver('dev', releaseOf('v3'), other);
      }
      return await push(commit, parent);
    };
    expect(await told(pipeline.rollback('dev', { repository }))).toEqual([
      'error[E_STALE_BASE] dev: changed since plan - what is decided by looking is done to what was seen - look again, then rerun',
    ]);
    expect(runs()).toBe(goserver('v3'));
  });
});
