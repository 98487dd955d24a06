import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultInstall } from '../../charts/argocd/install/settings.ts';
import { catalog } from '../../charts/catalog.ts';
import { amountOf } from '../../charts/validate/quantity.ts';
import { stackJsonSchema } from '../../infra/config/json-schema.ts';
import { stackSchema } from '../../infra/config/schema.ts';
import { secretKeys } from '../../infra/config/secret.ts';
import { listEnvironments, loadStack, loadStacks, parseStack, type StackConfig } from '../../infra/config.ts';
import { localNames } from '../../infra/local/addresses.ts';
import { inProject, linesOf, projectText, stackText, taken, values, withValue } from './project.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const text = (file: string) => readFileSync(join(project, file), 'utf8');
const stacks = Object.fromEntries(
  await Promise.all((await listEnvironments(project)).map(async (name) => [name, await loadStack(project, name)] as const)),
);
const { dev, staging, prod } = stacks as { dev: StackConfig; staging: StackConfig; prod: StackConfig };

const { kustomize: _, exclusions: __, repoServerAccess: ___, ...argocdDefaults } = defaultInstall;

describe('a stack file that says the least', () => {
  it('gets every default', async () => {
    expect(await taken('config:\n  fullcycle:services:\n    goserver: {}\n', 'name: fullcycle\n')).toEqual({
      environment: {
        name: 'dev',
        namespace: 'dev',
        gitops: { repository: localNames.gitops, branch: 'main', layout: 'rendered' },
        argocd: { namespace: 'argocd', server: 'https://kubernetes.default.svc' },
        replicas: { min: 1, max: 10 },
        quota: { cpu: '4', memory: '4Gi', pods: 20 },
        services: {
          goserver: {
            replicas: 1,
            resources: {
              cpu: { request: '50m', limit: '500m' },
              memory: { request: '64Mi', limit: '128Mi' },
              ephemeralStorage: { request: '16Mi', limit: '64Mi' },
            },
            env: {},
          },
        },
      },
      image: { builder: 'auto', repository: localNames.registry, platforms: ['linux/amd64', 'linux/arm64'], buildOnPreview: false },
      gitops: { author: { name: 'fullcycle', email: 'fullcycle@fullcycle.invalid' }, sign: false },
      cluster: {},
      argocd: { ...argocdDefaults, adopt: false, version: '3.5.7' },
      promotion: { soak: 0, requireHealthy: true },
      deletionBudget: 0,
    });
  });

  it('runs as few pods as the environment allows', async () => {
    const { environment } = await taken('config:\n  fullcycle:replicas: {min: 2}\n  fullcycle:services:\n    goserver: {}\n');
    expect(environment.services.goserver?.replicas).toBe(2);
  });
});

describe('a value of the stack file', () => {
  it.each<[string, unknown, (stack: StackConfig) => unknown, unknown]>([
    ['namespace', 'team-dev', (stack) => stack.environment.namespace, 'team-dev'],
    ['namespace', '', (stack) => stack.environment.namespace, 'dev'],
    ['image.builder', 'layers', (stack) => stack.image.builder, 'layers'],
    ['image.repository', 'docker.io/lalausan', (stack) => stack.image.repository, 'docker.io/lalausan'],
    ['image.platforms', ['linux/arm64'], (stack) => stack.image.platforms, ['linux/arm64']],
    [
      'gitops.repository',
      'git@github.com:lalausan/gitopsfc.git',
      (stack) => stack.environment.gitops.repository,
      'git@github.com:lalausan/gitopsfc.git',
    ],
    ['gitops.branch', 'release/1', (stack) => stack.environment.gitops.branch, 'release/1'],
    ['gitops.layout', 'kustomize', (stack) => stack.environment.gitops.layout, 'kustomize'],
    [
      'gitops.author',
      { name: 'Délivery Bot' },
      (stack) => stack.gitops.author,
      { name: 'Délivery Bot', email: 'fullcycle@fullcycle.invalid' },
    ],
    ['gitops.sign', true, (stack) => stack.gitops.sign, true],
    ['cluster.context', 'kind-gitopsfc', (stack) => stack.cluster.context, 'kind-gitopsfc'],
    ['cluster.server', 'https://10.0.0.1:6443', (stack) => stack.environment.argocd.server, 'https://10.0.0.1:6443'],
    ['argocd.namespace', 'gitops', (stack) => [stack.argocd.namespace, stack.environment.argocd.namespace], ['gitops', 'gitops']],
    ['argocd.controllerShards', 3, (stack) => stack.argocd.controllerShards, 3],
    ['argocd.parts', { dex: true }, (stack) => stack.argocd.parts, { dex: true, notifications: false, applicationSets: false }],
    ['argocd.reconciliation', { seconds: 30 }, (stack) => stack.argocd.reconciliation, { seconds: 30, jitterSeconds: 60 }],
    [
      'argocd.repositories',
      { team: { url: 'https://github.com/lalausan/gitopsfc.git' } },
      (stack) => stack.argocd.repositories,
      { team: { url: 'https://github.com/lalausan/gitopsfc.git' } },
    ],
    [
      'argocd.config',
      { 'argocd-cm': { url: 'https://argocd.example.com' } },
      (stack) => stack.argocd.config,
      { 'argocd-cm': { url: 'https://argocd.example.com' } },
    ],
    [
      'argocd.resources',
      { redis: { cpu: '1', memory: { request: '1Gi', limit: '2Gi' } } },
      (stack) => stack.argocd.resources,
      { redis: { cpu: '1', memory: { request: '1Gi', limit: '2Gi' } } },
    ],
    ['promotion', { from: 'prod', soak: '90m' }, (stack) => stack.promotion, { from: 'prod', soak: 5400, requireHealthy: true }],
    [
      'services.goserver.env',
      { GREETING: 'no', LEVEL: '0777' },
      (stack) => stack.environment.services.goserver?.env,
      { GREETING: 'no', LEVEL: '0777' },
    ],
    [
      'services.goserver',
      { autoscaling: { min: 2, max: 3 } },
      (stack) => stack.environment.services.goserver?.autoscaling,
      { min: 2, max: 3, cpuPercent: 75 },
    ],
    ['services.goserver', { autoscaling: { min: 2, max: 3 } }, (stack) => stack.environment.services.goserver?.replicas, 2],
    ['webhookSecret', { secure: 'v1:c2VjcmV0:c2VjcmV0' }, (stack) => JSON.stringify(stack).includes('c2VjcmV0'), false],
  ])('%s %j is taken', async (field, value, of, expected) => {
    expect(of(await taken(withValue(field, value)))).toEqual(expected);
  });

  it('replaces the default of Pulumi.yaml as a whole, as Pulumi does it', async () => {
    const declared =
      'name: fullcycle\nconfig:\n  gitops:\n    default:\n      branch: trunk\n      layout: kustomize\n  deletionBudget:\n    default: 3\n';
    expect((await taken(stackText(values()), declared)).environment.gitops).toMatchObject({ branch: 'trunk', layout: 'kustomize' });
    const { environment, deletionBudget } = await taken(withValue('gitops.layout', 'rendered'), declared);
    expect([environment.gitops.branch, environment.gitops.layout, deletionBudget]).toEqual(['main', 'rendered', 3]);
  });

  it('a bad default of Pulumi.yaml is told with its place there', async () => {
    const declared = 'name: fullcycle\nconfig:\n  deletionBudget:\n    default: -1\n';
    expect(await linesOf(() => parseStack('dev', declared, stackText(values()), catalog))).toEqual([
      'error[E_TYPE] deletionBudget: -1 - a whole number from 0 to 1000 - write a number in this range, without quotes (Pulumi.yaml:4:5)',
    ]);
  });

  it('not replicas and autoscaling together', async () => {
    const service = { replicas: 2, autoscaling: { min: 2, max: 3 } };
    expect(await linesOf(() => parseStack('dev', projectText, withValue('services.goserver', service), catalog))).toEqual([
      'error[E_REPLICAS] services.goserver.replicas: 2 - not together with autoscaling - remove one of the two (Pulumi.dev.yaml:7:7)',
    ]);
  });
});

describe('the local environment', () => {
  it('takes the place of registry, GitOps repo, cluster and the size of Argo CD, and of nothing else', () => {
    const elsewhere = {
      ...values(),
      'fullcycle:image': { repository: 'docker.io/lalausan', builder: 'ko' },
      'fullcycle:gitops': { repository: 'https://github.com/lalausan/gitopsfc.git', layout: 'kustomize' },
      'fullcycle:argocd': { namespace: 'gitops', highAvailability: true, controllerShards: 4 },
      'fullcycle:cluster': { context: 'prod', identity: '0b0a7b6e-7c52-4b3c-8f0e-3a1c5e2d9f10', server: 'https://10.0.0.1:6443' },
    };
    const there = parseStack('dev', projectText, stackText(elsewhere), catalog);
    const local = parseStack('dev', projectText, stackText(elsewhere), catalog, { local: true });
    expect(local).toEqual({
      ...there,
      environment: {
        ...there.environment,
        gitops: { ...there.environment.gitops, repository: localNames.gitops },
        argocd: { ...there.environment.argocd, server: 'https://kubernetes.default.svc' },
      },
      image: { ...there.image, repository: localNames.registry },
      cluster: {},
      argocd: { ...there.argocd, highAvailability: false, controllerShards: 1, admin: true, config: local.argocd.config },
    });
  });
});

describe('the environments of this project', () => {
  it('are dev, staging and prod', async () => {
    expect(Object.keys(stacks)).toEqual(['dev', 'prod', 'staging']);
  });

  it('are loaded in the order of promotion, or by name', async () => {
    const names = async (environment?: string) => (await loadStacks(project, environment)).map((stack) => stack.environment.name);
    expect(await names()).toEqual(['dev', 'staging', 'prod']);
    expect(await names('staging')).toEqual(['staging']);
  });

  it('promote from dev over staging to prod, where a release has soaked a day', () => {
    expect([dev.promotion.from, staging.promotion.from, prod.promotion.from]).toEqual([undefined, 'dev', 'staging']);
    expect([staging.promotion.soak, prod.promotion.soak]).toEqual([600, 86_400]);
  });

  it.each(catalog.map(({ name }) => name))('run more pods of %s the nearer to prod, and never one alone in prod', (name) => {
    expect([dev, staging, prod].map(({ environment }) => environment.services[name]?.replicas)).toEqual([1, 2, 3]);
    expect(prod.environment.replicas.min).toBe(2);
  });

  it('have no namespace in common, nor one of the platform', () => {
    expect(new Set(Object.values(stacks).map(({ environment }) => environment.namespace)).size).toBe(3);
  });

  it('give pods at least the limits in prod that they were tried with in staging', () => {
    for (const { name } of catalog) {
      const limit = ({ environment }: StackConfig) => environment.services[name]?.resources.memory.limit ?? '';
      expect(amountOf(limit(prod), 'memory')).toBeGreaterThanOrEqual(amountOf(limit(staging), 'memory'));
    }
  });

  it('show an ingress for prod that is right when it is switched on', () => {
    const withIngress = text('Pulumi.prod.yaml').replace(/^( *)# ((?:ingress:| {2}).*)$/gm, '$1$2');
    const { environment } = parseStack('prod', text('Pulumi.yaml'), withIngress, catalog);
    expect(environment.services.goserver?.ingress).toEqual({
      host: 'hello.example.com',
      path: '/',
      className: 'nginx',
      tlsSecret: 'hello-tls',
      controllerNamespace: 'ingress-nginx',
      annotations: {
        'nginx.ingress.kubernetes.io/load-balance': 'ewma',
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '10',
      },
    });
  });
});

describe('Pulumi.yaml', () => {
  const { config } = parse(text('Pulumi.yaml')) as { config: Record<string, { type: string; description: string; default?: unknown }> };
  const { shape } = stackSchema({ catalog, range: { min: 1, max: 10 }, allowedHosts: [] });

  it('declares the keys of the schema, in its order, with a type and a description', () => {
    expect(Object.keys(config)).toEqual(Object.keys(shape));
    for (const { type, description } of Object.values(config)) expect([typeof type, description.length > 10]).toEqual(['string', true]);
  });

  it('has the defaults of the schema', () => {
    for (const [key, { default: fallback }] of Object.entries(config)) {
      const schema = shape[key as keyof typeof shape];
      expect([key, schema.safeParse(fallback).data]).toEqual([key, schema.safeParse(undefined).data]);
    }
  });

  it('is what the engine takes: every key has a default or stands in every stack file', () => {
    const required = Object.keys(config).filter((key) => config[key]?.default === undefined);
    expect(required).toEqual(['services']);
  });
});

describe('Pulumi.schema.json', () => {
  it('is what the schema gives; renew it with `node infra/config/json-schema.ts`', () => {
    expect(text('Pulumi.schema.json')).toBe(stackJsonSchema());
  });

  it.each(Object.keys(stacks))('is named by the stack file of %s, for editors', (name) => {
    expect(text(`Pulumi.${name}.yaml`).split('\n')[0]).toBe('# yaml-language-server: $schema=Pulumi.schema.json');
  });

  it('describes every key of the schema', () => {
    const { properties } = JSON.parse(stackJsonSchema()).properties.config;
    const { shape } = stackSchema({ catalog, range: { min: 1, max: 1 }, allowedHosts: [] });
    expect(Object.keys(properties)).toEqual([...Object.keys(shape), ...Object.keys(secretKeys)].map((key) => `fullcycle:${key}`));
    expect(JSON.stringify(properties)).toContain('How long a release has been healthy there, like 24h');
  });
});

describe('names of environments', () => {
  it.each([
    [
      'Pulumi.Prod.yaml',
      'error[E_NAME] Pulumi.Prod.yaml: Prod - a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends - rename it, for example to prod',
    ],
    ['Pulumi.dev-eu.yaml', 'error[E_NAME] name: dev-eu - not the name of another environment, dev, plus "-" - rename one of them'],
  ])('%s is refused', async (file, line) => {
    await inProject(projectText, stackText(values()), async (directory) => {
      await writeFile(join(directory, file), stackText(values()));
      expect(await linesOf(() => listEnvironments(directory))).toEqual([line]);
    });
  });

  it('other files are none', async () => {
    await inProject(projectText, stackText(values()), async (directory) => {
      for (const file of ['Pulumi.yaml.bak', 'Pulumi.dev.yml', 'xPulumi.qa.yaml', 'Pulumi..yaml'])
        await writeFile(join(directory, file), 'x');
      expect(await listEnvironments(directory)).toEqual(['dev', 'prod', 'staging']);
    });
  });

  it('a project without environments says so', async () => {
    await inProject(projectText, stackText(values()), async (directory) => {
      for (const file of await readdir(directory)) if (file !== 'Pulumi.yaml') await rm(join(directory, file));
      expect(await linesOf(() => loadStack(directory, 'dev'))).toEqual([
        'error[E_ENV] env: dev - an environment has a file Pulumi.<env>.yaml, there is none - name one of them, or add a Pulumi.<env>.yaml',
      ]);
    });
  });

  it('a stack file that is too large, a folder or a dead link is told for what it is', async () => {
    await inProject(projectText, stackText(values()), async (directory) => {
      await writeFile(join(directory, 'Pulumi.dev.yaml'), 'x'.repeat(2_000_000));
      expect(await linesOf(() => loadStack(directory, 'dev'))).toEqual([
        'error[E_YAML] Pulumi.dev.yaml: 2000000 bytes - at most 1048576 bytes - split the file',
      ]);
      await rm(join(directory, 'Pulumi.dev.yaml'));
      await mkdir(join(directory, 'Pulumi.dev.yaml'));
      expect(await linesOf(() => loadStack(directory, 'dev'))).toEqual([
        'error[E_PATH] Pulumi.dev.yaml: - a plain file - replace it by one',
      ]);
    });
  });
});
