import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { type RunResult, run, tryRun } from '../../../infra/delivery/process.ts';
import type { RunningCluster } from '../../../infra/local/cluster/cluster.ts';
import { provideArgoCdImages } from '../../../infra/local/cluster/images.ts';
import { moduleDirectory, tool } from '../../../infra/local/tools.ts';
import { type Engine, pulumiEngine } from '../../../infra/provider/engine.ts';
import { copyProject, type Project } from '../../project.ts';
import { eventually, start } from '../cluster-project.ts';
import { type Application, isInOrder, succeeded } from './up-project.ts';

/** The way of a platform engineer: the project's own stack file names a cluster, and `pulumi` is run by hand. */
let project: Project;
let cluster: RunningCluster;
let engine: Engine;
let identity: string;
let argocdDigest: string;

beforeAll(async () => {
  project = copyProject();
  const { folder } = project;
  const started = await start(folder);
  cluster = started.cluster;
  const images = await provideArgoCdImages({ registry: started.local.registry.address });
  argocdDigest = images.find(({ name }) => name.includes('/argocd:'))?.digest ?? '';
  engine = await pulumiEngine({ home: join(folder, '.fullcycle', 'home') });
  identity = await kubectl('get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}');
  configure({ 'fullcycle:cluster': { context: cluster.context, identity } });
  succeeded(await pulumi('stack', 'init', 'dev'));
});
afterAll(() => project?.remove());

/** Sets keys of the stack file; undefined removes one. What the engine has written there stays. */
function configure(values: Readonly<Record<string, unknown>>): void {
  const file = join(project.folder, 'Pulumi.dev.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) document.deleteIn(['config', key]);
    else document.setIn(['config', key], value);
  }
  writeFileSync(file, document.toString());
}

const environment = () => ({
  ...engine.env,
  KUBECONFIG: cluster.kubeconfig,
  PULUMI_BACKEND_URL: `file://${join(project.folder, '.fullcycle')}`,
  PULUMI_CONFIG_PASSPHRASE: 'test',
});
const pulumi = (...args: string[]): Promise<RunResult> =>
  tryRun([engine.pulumi, ...args, '--non-interactive', '--color=never'], { cwd: project.folder, env: environment() });
const up = () => pulumi('up', '--stack=dev', '--yes', '--skip-preview');
const all = ({ stdout, stderr }: RunResult) => `${stdout}\n${stderr}`;
const kubectl = async (...args: string[]) =>
  (await run([await tool('kubectl'), `--kubeconfig=${cluster.kubeconfig}`, ...args])).stdout.trim();
const application = async (name: string) =>
  JSON.parse(await kubectl('get', 'application', name, '--namespace=argocd', '--output=json')) as Application;
const synced = (unit: string) => eventually(`dev-${unit} is in order`, 240, async () => isInOrder(await application(`dev-${unit}`)));

/** Requests that change something, by the API server's audit log, from clients of ours since a moment. */
function writesSince(start: number): string[] {
  const log = readFileSync(cluster.auditLog ?? '', 'utf8')
    .trim()
    .split('\n');
  return log
    .map((line) => JSON.parse(line) as { verb: string; requestURI: string; userAgent?: string; requestReceivedTimestamp: string })
    .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= start)
    .filter(({ verb, userAgent }) => !['get', 'list', 'watch'].includes(verb) && /^(node|fullcycle)/i.test(userAgent ?? ''))
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`);
}

describe('the wrong cluster', () => {
  const other = '0b0a7b6e-7c52-4b3c-8f0e-3a1c5e2d9f10';
  it.each<[string, () => object | undefined, RegExp]>([
    ['another one behind the right context', () => ({ context: cluster.context, identity: other }), /error\[E_WRONG_CLUSTER\]/],
    ['none', () => undefined, /error\[E_CLUSTER\] cluster\.context/],
    ['a context that is not there', () => ({ context: 'production', identity }), /error\[E_CLUSTER\] cluster\.context: production/],
    ['one whose identity nobody has pinned', () => ({ context: cluster.context }), /error\[E_CLUSTER_IDENTITY\]/],
  ])('%s stops everything before the first write', async (_what, named, said) => {
    configure({ 'fullcycle:cluster': named() });
    const start = Date.now();
    try {
      for (const result of [await pulumi('preview', '--stack=dev'), await up()]) {
        expect(result.exitCode).not.toBe(0);
        expect(all(result)).toMatch(said);
        expect(all(result)).not.toMatch(/\bat .*\.ts:\d+/);
      }
      expect(writesSince(start)).toEqual([]);
    } finally {
      configure({ 'fullcycle:cluster': { context: cluster.context, identity } });
    }
  });
});

describe('an Argo CD that is there already', () => {
  it('is not taken over unasked', async () => {
    const module = await moduleDirectory('cluster', 'github.com/argoproj/argo-cd/v3');
    await kubectl('create', 'namespace', 'argocd');
    await kubectl('apply', '--server-side', '--namespace=argocd', `--filename=${join(module, 'manifests', 'install.yaml')}`);
    const refused = await up();
    expect(refused.exitCode).not.toBe(0);
    expect(all(refused)).toMatch(/error\[E_EXISTS\] CustomResourceDefinition/);
  });

  it('is adopted when that is asked for, with its objects', async () => {
    const uid = () => kubectl('get', 'deployment', 'argocd-server', '--namespace=argocd', '--output=jsonpath={.metadata.uid}');
    const before = await uid();
    configure({ 'fullcycle:argocd': { adopt: true, images: previous(), version: '3.4.13' } });
    succeeded(await up());
    expect(await uid()).toBe(before);
    await synced('goserver');
  });
});

/** The image of 3.5.7 under another tag: the manifests are what is up- and downgraded. */
const previous = () => ({ 'quay.io/argoproj/argocd': `quay.io/argoproj/argocd:v3.4.13@${argocdDigest}` });

describe('an upgrade of Argo CD', () => {
  const uid = () => kubectl('get', 'deployment', 'goserver', '--namespace=dev', '--output=jsonpath={.metadata.uid}');
  const answer = async () =>
    (
      await tryRun([
        await tool('kubectl'),
        `--kubeconfig=${cluster.kubeconfig}`,
        'get',
        '--raw',
        '/api/v1/namespaces/dev/services/http:goserver:http/proxy/',
      ])
    ).exitCode;

  it.each([
    ['to the next minor', '3.5.7'],
    ['and back', '3.4.13'],
    ['and forward again', '3.5.7'],
  ])('%s loses no Application and no request', async (_what, version) => {
    const before = await uid();
    const requests: number[] = [];
    let over = false;
    const traffic = (async () => {
      for (; !over; await sleep(100)) requests.push(await answer());
    })();
    configure({ 'fullcycle:argocd': { version, ...(version === '3.4.13' && { images: previous() }) } });
    succeeded(await up());
    over = true;
    await traffic;
    expect(requests.length).toBeGreaterThan(10);
    expect(requests.filter((exitCode) => exitCode !== 0)).toEqual([]);
    for (const unit of ['root', 'namespace', 'goserver', 'nodeserver']) await synced(unit);
    expect(await uid()).toBe(before);
  });

  it('does not skip a minor', async () => {
    await kubectl('set', 'image', 'deployment/argocd-server', '*=quay.io/argoproj/argocd:v3.2.12', '--namespace=argocd');
    const refused = await up();
    expect(refused.exitCode).not.toBe(0);
    expect(all(refused)).toContain(
      'error[E_ARGO_SKIP_MINOR] argocd.version: 3.2.12 -> 3.5.7 - one minor version at a time, forward or back',
    );
    await kubectl('set', 'image', 'deployment/argocd-server', '*=quay.io/argoproj/argocd:v3.5.7', '--namespace=argocd');
    succeeded(await up());
  });
});

describe('a stack', () => {
  it('whose engine was killed in the middle says how to go on, and goes on', async () => {
    configure({ 'fullcycle:argocd': { sessionHours: 9, repoServerReplicas: 2 } });
    const child = spawn(engine.pulumi, ['up', '--stack=dev', '--yes', '--skip-preview', '--non-interactive'], {
      cwd: project.folder,
      env: { ...process.env, ...environment() },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for await (const chunk of child.stdout) if (String(chunk).includes('updating')) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const locked = await up();
    expect(locked.exitCode).not.toBe(0);
    expect(all(locked)).toMatch(/pulumi cancel/);
    succeeded(await pulumi('cancel', 'dev', '--yes'));
    succeeded(await up());
    expect(succeeded(await up())).toMatch(/Resources:\s+\d+ unchanged/);
  });

  it('brings secrets to Argo CD and shows them nowhere else', async () => {
    const canary = 'canary-4f1d2c7a9b';
    const credentials = JSON.stringify({ team: { username: 'bot', password: canary } });
    const set = ['config', 'set', '--secret', '--stack=dev', 'repositoryCredentials', '--non-interactive'] as const;
    succeeded(await tryRun([engine.pulumi, ...set], { cwd: project.folder, env: environment(), input: credentials }));
    configure({ 'fullcycle:argocd': { repositories: { team: { url: 'https://git.example.com/team/gitops.git' } } } });
    const result = await up();
    succeeded(result);
    const password = await kubectl('get', 'secret', 'repository-team', '--namespace=argocd', '--output=jsonpath={.data.password}');
    expect(Buffer.from(password, 'base64').toString()).toBe(canary);
    expect(all(result)).not.toContain(canary);
    const kept = [join(project.folder, '.fullcycle', '.pulumi'), join(project.folder, 'Pulumi.dev.yaml')];
    for (const text of [canary, password]) {
      const found = await tryRun(['grep', '--recursive', '--fixed-strings', '--file=-', ...kept], { input: text });
      expect([found.exitCode, found.stdout]).toEqual([1, '']);
    }
  });

  it('delivers and follows the kustomize layout', async () => {
    configure({ 'fullcycle:gitops': { layout: 'kustomize' } });
    succeeded(await up());
    // Nobody tells this Argo CD of pushes: it would look at Git within three minutes.
    await kubectl('annotate', 'application', 'dev-root', '--namespace=argocd', '--overwrite', 'argocd.argoproj.io/refresh=normal');
    const source = '--output=jsonpath={.spec.source.directory}{.status.sourceType}';
    await eventually('the Application is a kustomization', 120, async () => {
      return (await kubectl('get', 'application', 'dev-goserver', '--namespace=argocd', source)) === 'Kustomize';
    });
    await synced('goserver');
  });

  it('is previewed without a cluster, and says so', async () => {
    const nowhere = readFileSync(cluster.kubeconfig, 'utf8').replace(/server: .*/, 'server: https://127.0.0.1:1');
    const file = join(project.folder, '.fullcycle', 'nowhere');
    writeFileSync(file, nowhere, { mode: 0o600 });
    const result = await tryRun([engine.pulumi, 'preview', '--stack=dev', '--non-interactive', '--color=never'], {
      cwd: project.folder,
      env: { ...environment(), KUBECONFIG: file },
    });
    expect(all(result)).toContain('The preview goes on without the cluster; an update would stop here.');
    expect(all(result)).toContain('error[E_REMOTE_UNREACHABLE]');
  });
});
