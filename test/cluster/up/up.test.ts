import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRun } from '../../../infra/delivery/process.ts';
import { eventually } from '../cluster-project.ts';
import { createUpProject, environments, isInOrder, services, succeeded, type Up, type UpProject, type Version } from './up-project.ts';

let project: UpProject;
let first: Up;

beforeAll(() => {
  project = createUpProject();
  first = project.up();
});
afterAll(() => project?.remove());

const version = async (environment: string, service: string) => JSON.parse(await project.get(environment, service, '/version')) as Version;
const stateFolder = () => join(project.folder, '.fullcycle', 'pulumi');
const tip = () => project.git('ls-remote', first.gitops, 'refs/heads/main').split('\t')[0];

describe('up with a cluster', () => {
  it.each(environments.flatMap((environment) => services.map((service) => [environment, service] as const)))(
    'leaves %s with %s answering, built from the commit that was delivered',
    async (environment, service) => {
      expect((await version(environment, service)).commit).toBe(project.git('rev-parse', 'HEAD').trim());
    },
  );

  it('leaves every Application synced and healthy', async () => {
    for (const environment of environments) {
      for (const unit of ['root', 'namespace', ...services]) await project.application(`${environment}-${unit}`, 60, isInOrder);
    }
  });

  it('changes nothing when nothing has changed', async () => {
    const before = tip();
    const { resources, environments: delivered, images } = project.up();
    expect(Object.values(resources).map((changes) => Object.keys(changes))).toEqual([['unchanged'], ['unchanged'], ['unchanged']]);
    expect(delivered.map(({ commit }) => commit)).toEqual([null, null, null]);
    expect(images.map(({ built }) => built)).toEqual([false, false]);
    expect(tip()).toBe(before);
  });

  it('has a state of fewer than 100 resources besides those of Argo CD', async () => {
    for (const environment of environments) {
      const { deployment } = JSON.parse(succeeded(await project.pulumi('stack', 'export', `--stack=${environment}`)));
      const own = deployment.resources.filter(({ type }: { type: string }) => !type.startsWith('kubernetes:'));
      expect(own.length).toBeLessThan(100);
    }
  });

  it('is previewed as no change', async () => {
    expect(succeeded(await project.pulumi('preview', '--stack=dev', '--expect-no-changes'))).toMatch(/\d+ unchanged/);
  });

  it('writes no secret in clear: not into the state, not into what it keeps of the stack', async () => {
    const webhook = JSON.parse(readFileSync(join(project.folder, '.fullcycle', 'argocd-webhook.json'), 'utf8')) as { secret: string };
    const redis = await project.kubectl('get', 'secret', 'argocd-redis', '--namespace=argocd', '--output=jsonpath={.data.auth}');
    for (const secret of [webhook.secret, redis, Buffer.from(redis, 'base64').toString()]) {
      expect(secret.length).toBeGreaterThan(30);
      const { exitCode, stdout } = await tryRun(['grep', '--recursive', '--fixed-strings', '--file=-', stateFolder()], { input: secret });
      expect([exitCode, stdout]).toEqual([1, '']);
    }
  });

  it('never writes into the stack files of the project', () => {
    expect(project.git('status', '--porcelain')).toBe('');
  });
});

describe('a delivery', () => {
  it('is live soon after its push: the pods answer with the new commit', async () => {
    const commit = project.change('app/goserver/main.go', (text) => `${text}\n// another build\n`);
    const { commit: pushed } = project.json<{ commit: string }>('deliver', '--env', 'dev');
    const started = performance.now();
    await project.application('dev-goserver', 60, ({ status }) => status?.sync?.revision === pushed && isInOrder({ status }));
    console.log(`deliver → Synced and Healthy: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    await eventually('the new version answers', 30, async () => (await version('dev', 'goserver')).commit === commit);
    expect((await version('prod', 'goserver')).commit).not.toBe(commit);
  });
});

describe('destroying a stack', () => {
  it('stops Argo CD and leaves the workloads, and the next up goes on with them', async () => {
    const uid = () => project.kubectl('get', 'deployment', 'goserver', '--namespace=prod', '--output=jsonpath={.metadata.uid}');
    const before = await uid();
    for (const environment of ['prod', 'staging', 'dev']) {
      expect(succeeded(await project.pulumi('destroy', `--stack=${environment}`, '--yes', '--skip-preview'))).toMatch(/\d+ deleted/);
    }
    expect(await project.kubectl('get', 'deployments,statefulsets', '--namespace=argocd', '--output=name')).toBe('');
    expect((await version('prod', 'goserver')).commit).toMatch(/^[0-9a-f]{40}$/);
    project.up();
    await project.application('prod-goserver', 120, isInOrder);
    expect(await uid()).toBe(before);
  });
});
