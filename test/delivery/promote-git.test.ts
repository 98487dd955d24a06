import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure, formatProblem } from '../../infra/delivery/errors.ts';
import type { HealthEvidence } from '../../infra/delivery/promotion/evidence.ts';
import { holdPath } from '../../infra/delivery/release/hold.ts';
import { parseRelease, releasePath } from '../../infra/delivery/release/release.ts';
import { digest } from './desired.ts';
import { manifestsOf } from './gitops.ts';
import { image, Pipeline, releaseOf } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await Pipeline.open();
});
afterEach(() => pipeline.remove());

const codes = async (work: Promise<unknown>): Promise<string[]> => {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return error instanceof Failure ? error.problems.map(({ code }) => code) : [`no failure: ${String(error)}`];
};
const records = (name: string) => parseRelease(name, pipeline.remote.tree().get(releasePath(name)) ?? '');
const lastMessage = () => pipeline.remote.git('log', '-1', '--format=%B', 'main');

/** Brings a version to dev, long ago and healthy. */
async function prove(version: string, nodeserver?: string): Promise<void> {
  await pipeline.deliver('dev', releaseOf(version, nodeserver));
  await pipeline.attest('dev');
  pipeline.pass(1);
}

/** Brings a version all the way. */
async function everywhere(version: string): Promise<void> {
  await prove(version);
  await pipeline.promote('staging');
  await pipeline.attest('staging');
  pipeline.pass(25);
  await pipeline.promote('prod');
}

describe('a promotion', () => {
  it('brings the same digests with the target’s settings in one commit that says where they come from', async () => {
    await prove('v1');
    const from = pipeline.remote.commits()[0];
    const { commit } = await pipeline.promote('staging');
    expect(pipeline.remote.git('rev-parse', 'main')).toBe(commit);
    expect(records('staging').images).toEqual(records('dev').images);
    expect(manifestsOf(pipeline.remote.tree(), 'staging')).toEqual(pipeline.expected('staging', 2, releaseOf('v1')).files);
    const message = lastMessage();
    expect(message).toMatch(/^promote\(staging\): goserver [0-9a-f]{7}, nodeserver [0-9a-f]{7}\n/);
    expect(message).toContain(`Fullcycle-Promoted-From: dev\nFullcycle-Promoted-Commit: ${from}`);
    expect((await pipeline.promote('staging')).commit).toBeUndefined();
  });

  it('asks for the time it was there, by the times of commits', async () => {
    await pipeline.deliver('dev', releaseOf('v1'));
    await pipeline.attest('dev');
    pipeline.pass(0.1);
    expect((await pipeline.verdict('staging')).map(({ code, rule }) => [code, rule])).toEqual([
      ['E_NOT_SOAKED', 'must be in dev for 10m, is there for 6m'],
      ['E_NOT_SOAKED', 'must be in dev for 10m, is there for 6m'],
    ]);
    pipeline.pass(0.1);
    expect(await pipeline.verdict('staging')).toEqual([]);
  });

  it('counts the time of each image from when it came, and anew when it came back', async () => {
    await prove('v1');
    await prove('v2', 'v1');
    await pipeline.deliver('dev', releaseOf('v1'));
    await pipeline.attest('dev');
    expect((await pipeline.verdict('staging')).map(({ code, field }) => [code, field])).toEqual([['E_NOT_SOAKED', 'staging/goserver']]);
  });

  it('goes on counting through commits that change no image', async () => {
    await prove('v1');
    pipeline.setReplicas('dev', 3);
    await pipeline.deliver('dev', releaseOf('v1'));
    expect(await pipeline.verdict('staging')).toEqual([]);
  });

  it('takes one service alone', async () => {
    await everywhere('v1');
    await prove('v2');
    await pipeline.promote('staging', { service: 'nodeserver' });
    expect(records('staging').images).toEqual({ goserver: image('goserver', 'v1'), nodeserver: image('nodeserver', 'v2') });
    expect(await codes(pipeline.promote('staging', { service: 'godserver' }))).toEqual(['E_USAGE']);
  });

  it('can’t take one service alone to where nothing is', async () => {
    await prove('v1');
    expect(await codes(pipeline.promote('staging', { service: 'goserver' }))).toEqual(['E_NO_RELEASE']);
  });

  it('needs something to promote', async () => {
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_ENV_MISSING']);
    pipeline.remote.commit({ 'README.md': 'hello' });
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_ENV_MISSING']);
  });
});

describe('health', () => {
  const seen = (state: HealthEvidence['state']): HealthEvidence => ({ state, source: 'argocd', words: state });

  it('is believed of the cluster, whatever was recorded', async () => {
    await prove('v1');
    pipeline.health = async () => ({ goserver: seen('healthy'), nodeserver: seen('unhealthy') });
    expect((await pipeline.verdict('staging')).map(formatProblem)).toEqual([
      `error[E_NOT_PROVEN] staging/nodeserver: ${digest('nodeserver v1')} - not Healthy in dev: unhealthy - mend it there, or record that it runs: fullcycle attest --env dev`,
    ]);
    pipeline.health = async () => ({ goserver: seen('healthy'), nodeserver: seen('healthy') });
    expect(await pipeline.verdict('staging')).toEqual([]);
  });

  it('that is recorded speaks of its own images only', async () => {
    await prove('v1');
    await pipeline.deliver('dev', releaseOf('v1', 'v2'));
    pipeline.pass(1);
    expect((await pipeline.verdict('staging')).map(({ code, field, rule }) => [code, field, rule])).toEqual([
      ['E_NOT_PROVEN', 'staging/nodeserver', 'not Healthy in dev: attested for another image by Ada'],
    ]);
  });

  it('is recorded once, stays with later deliveries, and is not recorded when the cluster denies it', async () => {
    await prove('v1');
    expect((await pipeline.attest('dev')).commit).toBeUndefined();
    expect(lastMessage()).toMatch(/^attest\(dev\): health\n/);
    pipeline.setReplicas('dev', 3);
    await pipeline.deliver('dev', releaseOf('v1'));
    expect(pipeline.remote.tree().has('environments/dev/attestation.json')).toBe(true);
    pipeline.health = async () => ({ goserver: seen('healthy') });
    expect(await codes(pipeline.attest('dev'))).toEqual(['E_NOT_PROVEN']);
    pipeline.remote.expectSound();
  });
});

describe('what stops a promotion', () => {
  it('is an image that the registry lost', async () => {
    await prove('v1');
    pipeline.gone.add(`${image('goserver', 'v1').name}@${image('goserver', 'v1').digest}`);
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_IMAGE_GONE']);
  });

  it('is a rollback in the target, until it is let go', async () => {
    await everywhere('v1');
    await everywhere('v2');
    await pipeline.rollback('prod');
    expect(await codes(pipeline.promote('prod'))).toEqual(['E_HELD', 'E_HELD']);
    await pipeline.unhold('prod', 'goserver');
    expect((await pipeline.verdict('prod', 'goserver')).map(({ code }) => code)).toEqual([]);
    await pipeline.unhold('prod');
    expect((await pipeline.promote('prod')).commit).toBeDefined();
  });

  it('is a change of settings that was not delivered, with the fields and how to deliver them', async () => {
    await everywhere('v1');
    await prove('v2');
    pipeline.setReplicas('staging', 3);
    expect((await pipeline.verdict('staging')).map(formatProblem)).toEqual([
      'error[E_DIFF_SCOPE] staging: 1 field beyond the images - a promotion changes images alone; the settings also change Deployment staging/goserver spec.replicas - deliver these first: fullcycle deliver --env staging --settings',
    ]);
    await pipeline.deliver('staging', releaseOf('v1'));
    expect(await pipeline.verdict('staging')).toEqual([]);
  });

  it('is a change of settings also when there is no new image', async () => {
    await prove('v1');
    await pipeline.promote('staging');
    pipeline.setReplicas('staging', 3);
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_DIFF_SCOPE']);
  });

  it('is another hand in the environment before', async () => {
    await prove('v1');
    pipeline.remote.commit({ 'environments/dev/goserver/service-goserver.yaml': 'kind: Service\n' });
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_NOT_PROVEN']);
  });

  it('is another hand in the target', async () => {
    await prove('v1');
    await pipeline.promote('staging');
    await prove('v2');
    pipeline.remote.commit({ 'environments/staging/goserver/notes.txt': 'mine' });
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_UNOWNED']);
  });

  it('is a broken record, which is never taken for none', async () => {
    await prove('v1');
    pipeline.remote.commit({ [releasePath('dev')]: '' });
    expect(await codes(pipeline.promote('staging'))).toEqual(['E_STATE']);
  });
});

describe('a delivery to an environment that is promoted to', () => {
  it('brings no image that was never in the one before', async () => {
    await everywhere('v1');
    const error = await pipeline.deliver('prod', releaseOf('v2', 'v1')).catch((failure: unknown) => failure);
    expect((error as Failure).message).toBe(
      `error[E_NOT_PROVEN] prod/goserver: ${digest('goserver v2')} - was never in staging, which prod is promoted from - deliver it to staging first; for a change of settings alone: fullcycle deliver --env prod --settings`,
    );
    expect((error as Failure).exitCode).toBe(5);
    await prove('v2', 'v1');
    expect(await codes(pipeline.deliver('prod', releaseOf('v2', 'v1')))).toEqual(['E_NOT_PROVEN']);
    await pipeline.promote('staging');
    expect((await pipeline.deliver('prod', releaseOf('v2', 'v1'))).commit).toBeDefined();
  });

  it('brings settings', async () => {
    await everywhere('v1');
    pipeline.setReplicas('prod', 4);
    expect((await pipeline.deliver('prod', releaseOf('v1'))).commit).toBeDefined();
    expect(pipeline.remote.tree().has(holdPath('prod'))).toBe(false);
  });
});
