import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { argoCdInstall } from '../../infra/config/argocd-owner.ts';
import { loadStack, type StackConfig } from '../../infra/config.ts';
import { createStack, type StackOutputs, type StackPlan } from '../../infra/stack.ts';
import { manifestFor } from '../charts/argocd/install/manifests.ts';

/** A resource as the program has registered it. */
interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly provider: string | undefined;
}

const project = new URL('../..', import.meta.url).pathname;
const canary = 'kubeconfig-canary';
let registered: Registered[];

/** What the engine would answer: each resource with an id and the outputs that only it can know. */
async function declare(plan: (stack: StackConfig) => Omit<StackPlan, 'stack' | 'cluster'>, environment: string): Promise<StackOutputs> {
  registered = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, provider }) {
        registered.push({ type, name, inputs, provider });
        const digest = `sha256:${'a'.repeat(64)}`;
        const image = { name: `${inputs.repository}/${inputs.service}`, tag: 'commit', digest, inputs: 'sha256:inputs' };
        const outputs: Record<string, object> = {
          'fullcycle:image:Image': image,
          'fullcycle:gitops:Delivery': { commit: 'commit', tree: 'tree' },
          'fullcycle:secret:Password': { value: `password-of-${name}` },
          'docker:index/image:Image': { repoDigest: `ghcr.io/team/goserver@${digest}` },
        };
        return { id: `${name}-id`, state: { ...inputs, ...outputs[type] } };
      },
      call: ({ inputs }) => inputs,
    },
    'fullcycle',
    environment,
    false,
  );
  const stack = await loadStack(project, environment);
  const cluster = { kubeconfig: canary, context: environment, identity: 'uid' };
  const outputs = createStack({ stack, cluster, ...plan(stack) });
  await pulumi.runtime.disconnect();
  return outputs;
}

const whole = (stack: StackConfig): Omit<StackPlan, 'stack' | 'cluster'> => {
  const install = argoCdInstall([stack]);
  return { services: { goserver: undefined, nodeserver: undefined }, argocd: { install, manifest: manifestFor(install), secrets: {} } };
};
const ofType = (type: RegExp) => registered.filter((resource) => type.test(resource.type));
const one = (type: RegExp, name: string): Registered => {
  const found = ofType(type).find((resource) => resource.name === name);
  if (!found) throw new Error(`no ${type} ${name} in ${registered.map(({ name }) => name).join(', ')}`);
  return found;
};
const value = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => void output.apply(resolve));

describe.each(['dev', 'staging', 'prod'])('the stack %s', (environment) => {
  let outputs: StackOutputs;
  beforeAll(async () => {
    outputs = await declare(whole, environment);
  });

  it('has an explicit provider for every object of Kubernetes, and none of them is declared late', () => {
    const objects = ofType(/^kubernetes:/);
    expect(objects.length).toBeGreaterThan(40);
    expect(objects.filter(({ provider }) => !provider?.includes('::cluster::'))).toEqual([]);
    expect(ofType(/^pulumi:providers:kubernetes$/)).toHaveLength(1);
  });

  it('knows its cluster by kubeconfig and context, and keeps the kubeconfig secret', () => {
    const { inputs } = one(/^pulumi:providers:kubernetes$/, 'cluster');
    expect(inputs).toMatchObject({ context: environment, enableConfigMapMutable: 'true', upsertExistingObjects: 'false' });
    expect(JSON.stringify(inputs.kubeconfig)).toContain(canary);
  });

  it('has fewer than 100 resources besides those of Argo CD', () => {
    const argocd = ofType(/^kubernetes:/).length;
    expect(registered.length - argocd).toBeLessThan(100);
  });

  it('delivers the images it builds', async () => {
    expect(one(/fullcycle:gitops:Delivery/, environment).inputs).toMatchObject({
      environment,
      init: true,
      images: { goserver: { tag: 'commit' }, nodeserver: { inputs: 'sha256:inputs' } },
    });
    expect(await value(outputs.digests.goserver as pulumi.Output<string>)).toBe(`sha256:${'a'.repeat(64)}`);
    expect(await value(outputs.commit)).toBe('commit');
    expect(outputs.applications).toEqual(['root', 'namespace', 'goserver', 'nodeserver'].map((unit) => `${environment}-${unit}`));
    expect(outputs.cluster).toEqual({ context: environment, identity: 'uid' });
  });

  it('gives Argo CD a password for Redis and a webhook secret that nobody has to choose', async () => {
    const secret = one(/Secret$/, 'Secret/argocd/argocd-redis').inputs.stringData;
    expect(JSON.stringify(secret)).toContain('password-of-argocd-redis');
    expect(await value((outputs.argocd as NonNullable<StackOutputs['argocd']>).webhookSecret)).toBe('password-of-argocd-webhook');
  });
});

describe('the size of Argo CD', () => {
  it.each([
    ['dev', 1, ['argocd-redis', 'argocd-repo-server', 'argocd-server']],
    ['prod', 2, ['argocd-redis-ha-haproxy', 'argocd-repo-server', 'argocd-server']],
  ])('is what %s says', async (environment, shards, deployments) => {
    await declare(whole, environment);
    expect(
      ofType(/apps\/v1:Deployment$/)
        .map(({ inputs }) => (inputs.metadata as { name: string }).name)
        .sort(),
    ).toEqual(deployments);
    const controller = one(/StatefulSet$/, 'StatefulSet/argocd/argocd-application-controller').inputs.spec as { replicas: number };
    expect(controller.replicas).toBe(shards);
  });

  it('is really highly available in prod: three of what holds state, more than one of what serves', async () => {
    await declare(whole, 'prod');
    const replicas = (type: RegExp, name: string) => (one(type, name).inputs.spec as { replicas: number }).replicas;
    expect(replicas(/StatefulSet$/, 'StatefulSet/argocd/argocd-redis-ha-server')).toBe(3);
    expect(replicas(/Deployment$/, 'Deployment/argocd/argocd-server')).toBeGreaterThan(1);
    expect(replicas(/Deployment$/, 'Deployment/argocd/argocd-repo-server')).toBe(3);
    expect(ofType(/PodDisruptionBudget$/).length).toBeGreaterThan(3);
  });
});

describe('a stack that shares the Argo CD of another one', () => {
  it('brings its root Application and nothing else to the cluster', async () => {
    const outputs = await declare(() => ({ services: { goserver: undefined } }), 'staging');
    expect(ofType(/^kubernetes:/).map(({ name }) => name)).toEqual(['AppProject/argocd/staging-root', 'Application/argocd/staging-root']);
    expect(outputs.argocd).toBeUndefined();
  });
});

describe('images by @pulumi/docker', () => {
  it('are named by what goes into them, and tagged with the commit and latest', async () => {
    const source = { context: '/src', inputs: `sha256:${'b'.repeat(64)}`, tag: 'c0ffee' };
    const outputs = await declare(() => ({ services: { goserver: source } }), 'staging');
    const { inputs } = one(/^docker:index\/image:Image$/, 'goserver');
    expect(inputs).toMatchObject({ build: { context: '/src', platform: 'linux/amd64', args: { BUILD_ID: source.inputs } } });
    expect(inputs.imageName).toMatch(/\/goserver:inputs-[0-9a-f]+$/);
    expect(ofType(/^docker:index\/tag:Tag$/).map(({ inputs }) => String(inputs.targetImage).split(':').at(-1))).toEqual([
      'c0ffee',
      'latest',
    ]);
    expect(ofType(/^docker:index\/registryImage:RegistryImage$/)).toHaveLength(2);
    expect(ofType(/^fullcycle:image:Image$/)).toEqual([]);
    expect(await value(outputs.digests.goserver as pulumi.Output<string>)).toBe(`sha256:${'a'.repeat(64)}`);
  });
});
