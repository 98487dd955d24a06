import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../cluster-project.ts';
import { type Application, createUpProject, environments, isInOrder, services, type UpProject } from './up-project.ts';

let project: UpProject;

beforeAll(() => {
  project = createUpProject();
  project.up();
});
afterAll(() => project?.remove());

const inOrder = (environment: string) =>
  Promise.all(['root', 'namespace', ...services].map((unit) => project.application(`${environment}-${unit}`, 120, isInOrder)));
const patch =
  (kind: string, name: string, body: object, type = 'merge') =>
  (environment: string) =>
    project.kubectl('patch', kind, name, `--namespace=${environment}`, `--type=${type}`, `--patch=${JSON.stringify(body)}`);
const remove = (kind: string, name: string) => (environment: string) =>
  project.kubectl('delete', kind, name, `--namespace=${environment}`, '--wait=true');
const field = (kind: string, name: string, path: string) => (environment: string) =>
  project.kubectl('get', kind, name, `--namespace=${environment}`, '--ignore-not-found', `--output=jsonpath={${path}}`);

/** What somebody may do by hand, and a field that tells whether it is undone. */
interface Edit {
  readonly what: string;
  readonly edit: (environment: string) => Promise<unknown>;
  readonly shown: (environment: string) => Promise<string>;
}

const container = (change: object) => ({ spec: { template: { spec: { containers: [{ name: 'nodeserver', ...change }] } } } });
const edits: readonly Edit[] = [
  {
    what: 'scaling',
    edit: patch('deployment', 'nodeserver', { spec: { replicas: 0 } }),
    shown: field('deployment', 'nodeserver', '.spec.replicas'),
  },
  {
    what: 'another image',
    edit: patch('deployment', 'nodeserver', container({ image: 'registry.invalid/x' }), 'strategic'),
    shown: field('deployment', 'nodeserver', '.spec.template.spec.containers[0].image'),
  },
  {
    what: 'a variable',
    edit: patch('deployment', 'nodeserver', container({ env: [{ name: 'APP_COMMIT', value: 'forged' }] }), 'strategic'),
    shown: field('deployment', 'nodeserver', '.spec.template.spec.containers[0].env[?(@.name=="APP_COMMIT")].value'),
  },
  {
    what: 'more memory',
    edit: patch('deployment', 'nodeserver', container({ resources: { limits: { memory: '1Gi' } } }), 'strategic'),
    shown: field('deployment', 'nodeserver', '.spec.template.spec.containers[0].resources.limits.memory'),
  },
  { what: 'a deleted Deployment', edit: remove('deployment', 'goserver'), shown: field('deployment', 'goserver', '.metadata.name') },
  { what: 'a deleted Service', edit: remove('service', 'goserver'), shown: field('service', 'goserver', '.metadata.name') },
  {
    what: 'another selector',
    edit: patch('service', 'nodeserver', { spec: { selector: { 'app.kubernetes.io/name': 'other' } } }),
    shown: field('service', 'nodeserver', '.spec.selector.app\\.kubernetes\\.io/name'),
  },
  {
    what: 'an opened network',
    edit: patch('networkpolicy', 'nodeserver', { spec: { policyTypes: ['Egress'] } }),
    shown: field('networkpolicy', 'nodeserver', '.spec.policyTypes'),
  },
  {
    what: 'a deleted ServiceAccount',
    edit: remove('serviceaccount', 'goserver'),
    shown: field('serviceaccount', 'goserver', '.metadata.name'),
  },
  {
    what: 'a wider quota',
    edit: (environment) => patch('resourcequota', environment, { spec: { hard: { pods: '999' } } })(environment),
    shown: (environment) => field('resourcequota', environment, '.spec.hard.pods')(environment),
  },
];

describe('what somebody changes by hand', () => {
  it('is undone: 50 edits of 10 kinds', async () => {
    const seconds: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (const [index, { what, edit, shown }] of edits.entries()) {
        const environment = environments[(round + index) % environments.length] ?? 'dev';
        const before = await shown(environment);
        expect(before, what).not.toBe('');
        await edit(environment);
        const started = performance.now();
        await eventually(`${what} in ${environment} is undone`, 60, async () => (await shown(environment)) === before);
        seconds.push((performance.now() - started) / 1000);
      }
    }
    seconds.sort((a, b) => a - b);
    const at = (share: number) => (seconds[Math.ceil(seconds.length * share) - 1] ?? 0).toFixed(1);
    console.log(`50 manual edits: undone within ${at(0.5)} s (median), ${at(0.95)} s (95 %), ${at(1)} s (all)`);
    expect(seconds.length).toBe(50);
    expect(Number(at(0.95))).toBeLessThan(10);
  });
});

describe('a bad commit', () => {
  const file = 'environments/dev/goserver/deployment-goserver.yaml';

  it('leaves the old pods serving, and the next good one heals', async () => {
    await inOrder('dev');
    const good = await project.get('dev', 'goserver', '/version');
    const text: string[] = [];
    const bad = await project.push('Break it', (clone) => {
      text.push(readFileSync(join(clone, file), 'utf8'));
      writeFileSync(join(clone, file), (text[0] ?? '').replace(/@sha256:[0-9a-f]{64}/, `@sha256:${'0'.repeat(64)}`));
    });
    const broken = await project.application(
      'dev-goserver',
      60,
      ({ status }) => status?.sync?.revision === bad && status.health?.status !== 'Healthy',
    );
    expect(['Progressing', 'Degraded']).toContain(broken.status?.health?.status);
    expect(await project.get('dev', 'goserver', '/version')).toBe(good);
    await project.push('Mend it', (clone) => writeFileSync(join(clone, file), text[0] ?? ''));
    await project.application('dev-goserver', 120, isInOrder);
    expect(await project.get('dev', 'goserver', '/version')).toBe(good);
  });

  it('that is no Kubernetes object is an error of its Application alone', async () => {
    const path = 'environments/dev/nodeserver/service-nodeserver.yaml';
    const text: string[] = [];
    await project.push('Break the syntax', (clone) => {
      text.push(readFileSync(join(clone, path), 'utf8'));
      writeFileSync(join(clone, path), (text[0] ?? '').replace('spec:', 'spec: ['));
    });
    const broken = await project.application('dev-nodeserver', 60, ({ status }) => (status?.conditions ?? []).length > 0);
    expect(broken.status?.conditions?.map(({ type }) => type)).toContain('ComparisonError');
    await project.application('dev-goserver', 60, isInOrder);
    expect(await project.get('dev', 'nodeserver', '/readyz')).toBeTruthy();
    await project.push('Mend the syntax', (clone) => writeFileSync(join(clone, path), text[0] ?? ''));
    await project.application('dev-nodeserver', 120, isInOrder);
  });
});

describe('an Application that somebody adds by hand', () => {
  const source = (spec: object) => ({
    project: 'dev',
    source: {
      repoURL: 'http://gitops.fullcycle-local.svc.cluster.local/gitops.git',
      targetRevision: 'refs/heads/main',
      path: 'environments/dev/goserver',
    },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'dev' },
    ...spec,
  });
  const foreign = { repoURL: 'https://example.com/other.git', targetRevision: 'main', path: '.' };

  it.each<[string, object, RegExp]>([
    [
      'into a namespace of another environment',
      source({ destination: { server: 'https://kubernetes.default.svc', namespace: 'prod' } }),
      /do not match any of the allowed destinations/,
    ],
    ['from another repository', source({ source: foreign }), /repo.* is not permitted/],
    ['in the project that allows nothing', source({ project: 'default' }), /not permitted|do not match/],
    ['in a project that is not there', source({ project: 'nobody' }), /does not exist|not found/],
  ])('%s is refused', async (_what, spec, said) => {
    const name = `foreign-${Math.random().toString(36).slice(2)}`;
    const object = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name, namespace: 'argocd' }, spec };
    await project.tryKubectl(['apply', '--server-side', '--filename=-'], JSON.stringify(object));
    const refused = await project.application(name, 60, ({ status }) => (status?.conditions ?? []).length > 0);
    expect(refused.status?.conditions?.map(({ message }) => message).join('\n')).toMatch(said);
    expect(refused.status?.sync?.status ?? 'Unknown').toBe('Unknown');
    await project.kubectl('delete', 'application', name, '--namespace=argocd');
  });
});

describe('a part of Argo CD that is killed while it syncs', () => {
  it.each(['argocd-application-controller', 'argocd-repo-server', 'argocd-redis'])(
    '%s comes back, and the commit is applied',
    async (part) => {
      const grace = String(20 + part.length);
      const file = 'environments/staging/goserver/deployment-goserver.yaml';
      const commit = await project.push(`While ${part} is killed`, (clone) => {
        const text = readFileSync(join(clone, file), 'utf8');
        writeFileSync(join(clone, file), text.replace(/terminationGracePeriodSeconds: \d+/, `terminationGracePeriodSeconds: ${grace}`));
      });
      await project.kubectl(
        'delete',
        'pod',
        '--namespace=argocd',
        `--selector=app.kubernetes.io/name=${part}`,
        '--grace-period=0',
        '--force',
      );
      // Argo CD itself tries again within three minutes; who waits for a delivery makes it look again at once.
      expect(project.fullcycle('status', '--env', 'staging', '--wait')).toMatchObject({ status: 0 });
      expect(await field('deployment', 'goserver', '.spec.template.spec.terminationGracePeriodSeconds')('staging')).toBe(grace);
      const done = ({ status }: Application) => status?.sync?.revision === commit && isInOrder({ status });
      await project.application('staging-goserver', 180, done);
    },
  );
});
