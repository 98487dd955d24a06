import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyProject, type Project } from '../project.ts';

// compilers, real registries and repositories, on a machine that may be busy
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const pipeline = fileURLToPath(new URL('../../.ci/pipeline', import.meta.url));

function run(script: string, args: readonly string[], { cwd, env = {} }: { cwd: string; env?: Readonly<Record<string, string>> }) {
  const { status, stdout, stderr } = spawnSync(script, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', timeout: 300_000 });
  return { status, stdout, stderr };
}

describe('wrong arguments tell the steps there are', () => {
  it.each([[[]], [['delivr', 'dev']], [['deliver']], [['deliver', 'dev', 'prod']], [['preview', 'main', 'out.md']]])('%j', (args) => {
    const { status, stdout, stderr } = run(pipeline, args, { cwd: tmpdir() });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.split('\n').map((line) => line.slice(0, line.indexOf('  ')))).toEqual([
      'usage: .ci/pipeline check',
      'usage: .ci/pipeline preview <base commit> <file>',
      'usage: .ci/pipeline deliver <env>',
      'usage: .ci/pipeline promote <from> <to> [<service>]',
      'usage: .ci/pipeline settings <env>',
      'usage: .ci/pipeline validate <folder>',
      'usage: .ci/pipeline verify',
      '',
    ]);
  });
});

describe('the preview of a change', () => {
  let project: Project;
  beforeAll(() => {
    project = copyProject();
  });
  afterAll(() => project.remove());

  const preview = (base: string) => {
    const said = run(join(project.folder, '.ci/pipeline'), ['preview', base, 'preview.md'], { cwd: project.folder });
    return { ...said, text: said.status === 0 ? readFileSync(join(project.folder, 'preview.md'), 'utf8') : '' };
  };
  const head = () => project.git('rev-parse', 'HEAD').trim();

  it('is empty where nothing changes', () => {
    const { status, stderr, text } = preview(head());
    expect({ status, stderr, text }).toEqual({
      status: 0,
      stderr: '',
      text: '<!-- fullcycle diff -->\n\n### Rendered manifests: No changes\n',
    });
  });

  it('is the difference between what each side renders by itself, without network, repo or secret', () => {
    const base = head();
    const [stack, chart] = [join(project.folder, 'Pulumi.staging.yaml'), join(project.folder, 'charts/services/goserver.ts')];
    writeFileSync(stack, readFileSync(stack, 'utf8').replace('replicas: 2', 'replicas: 1'));
    writeFileSync(chart, readFileSync(chart, 'utf8').replace("readiness: { path: '/readyz'", "readiness: { path: '/ready'"));
    project.git('commit', '--quiet', '--all', '--message', 'Change');
    const { status, text } = preview(base);
    expect(status).toBe(0);
    expect(text).toMatch(/^<!-- fullcycle diff -->\n\n### Rendered manifests: 3 objects changed, 0 added, \d removed\n/);
    expect(text).toContain('!     spec.replicas: 2 → 1  # medium: fewer pods');
    expect(text).toContain('!     spec.template.spec.containers[goserver].readinessProbe.httpGet.path: /readyz → /ready');
  });

  it('fails where the change renders nothing', () => {
    const base = head();
    const stack = join(project.folder, 'Pulumi.dev.yaml');
    writeFileSync(stack, readFileSync(stack, 'utf8').replace('replicas: 1', 'replicas: -1'));
    const { status, stderr } = preview(base);
    expect(status).toBe(2);
    expect(stderr).toContain('error[E_REPLICAS] services.goserver.replicas: -1 - ');
  });
});

describe('the steps on a real registry and GitOps repo', () => {
  let project: Project;
  const step = (...args: string[]) => run(join(project.folder, '.ci/pipeline'), args, { cwd: project.folder });
  beforeAll(() => {
    project = copyProject();
    for (const environment of ['dev', 'staging', 'prod']) {
      const file = join(project.folder, `Pulumi.${environment}.yaml`);
      writeFileSync(file, readFileSync(file, 'utf8').replace(/\n {4}nodeserver:(\n {6}.*)*/g, ''));
    }
    project.git('commit', '--quiet', '--all', '--message', 'Run one service');
    expect(project.fullcycle('up', '--cluster', 'none').status).toBe(0);
  });
  afterAll(() => project.remove());

  it('deliver what changed, once', () => {
    const chart = join(project.folder, 'charts/services/goserver.ts');
    writeFileSync(chart, readFileSync(chart, 'utf8').replace('terminationGracePeriodSeconds: 30', 'terminationGracePeriodSeconds: 40'));
    project.git('commit', '--quiet', '--all', '--message', 'Drain longer');
    const first = step('deliver', 'dev');
    expect({ status: first.status, said: first.stdout }).toEqual({
      status: 0,
      said: expect.stringMatching(/^dev: commit [0-9a-f]{10}, files 1 changed\n$/),
    });
    expect(step('deliver', 'dev')).toMatchObject({ status: 0, stdout: 'dev: already up to date\n' });
  });

  it('verify and validate what is in the GitOps repo', () => {
    const verified = step('verify');
    expect(verified.stdout).toMatch(/✓ dev: all \d+ files are what source [0-9a-f]{10} renders/);
    expect(verified.status).toBe(0);
    const { findings } = project.json<{ findings: { what: string; detail: string }[] }>('doctor');
    const url = /GitOps repo (\S+)/.exec(findings.find(({ what }) => what === 'local environment')?.detail ?? '')?.[1] ?? '';
    project.git('clone', '--quiet', url, 'dist/gitops');
    expect(step('validate', 'dist/gitops')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^✓ \d+ manifests pass \d+ rules\n$/),
    });
  });

  it('promote images alone: changed settings are delivered by themselves', () => {
    const { status, stderr } = step('promote', 'dev', 'staging');
    expect(stderr).toContain('error[E_DIFF_SCOPE] staging: 1 field beyond the images - ');
    expect(status).not.toBe(0);
    const settings = step('settings', 'staging');
    expect({ status: settings.status, said: settings.stdout }).toEqual({
      status: 0,
      said: expect.stringMatching(/^staging: commit [0-9a-f]{10}, files 1 changed\n$/),
    });
  });
});

describe('credentials', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fullcycle-pipeline-'));
    mkdirSync(join(folder, '.ci'));
    mkdirSync(join(folder, 'infra/delivery'), { recursive: true });
    cpSync(pipeline, join(folder, '.ci/pipeline'));
    chmodSync(join(folder, '.ci/pipeline'), 0o755);
    // In the program's place: one that tells what it was given.
    writeFileSync(
      join(folder, 'infra/delivery/fullcycle.mjs'),
      `import { spawnSync } from 'node:child_process';
       import { readFileSync, statSync } from 'node:fs';
       const { DOCKER_CONFIG: docker, GIT_CONFIG_VALUE_0: ssh = '' } = process.env;
       const ask = (host) => spawnSync('git', ['credential', 'fill'], { input: 'protocol=https\\nhost=' + host + '\\n\\n', encoding: 'utf8',
         env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', SSH_ASKPASS: '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' } }).stdout;
       const key = /-i (\\S+)/.exec(ssh)?.[1];
       const told = {
         argv: process.argv.slice(2),
         secrets: ['REGISTRY_USER', 'REGISTRY_TOKEN', 'GITOPS_TOKEN', 'GITOPS_KEY'].filter((name) => name in process.env),
         docker: docker && { ...JSON.parse(readFileSync(docker + '/config.json', 'utf8')), mode: (statSync(docker + '/config.json').mode & 0o777).toString(8) },
         git: [ask('github.com'), ask('elsewhere.example')].map((said) => said.split('\\n').filter((line) => /^(username|password)=/.test(line))),
         key: key && { text: readFileSync(key, 'utf8'), mode: (statSync(key).mode & 0o777).toString(8), folder: key.slice(0, -4) },
         ssh,
       };
       console.log(JSON.stringify(told));`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const told = (args: readonly string[], env: Readonly<Record<string, string>>) => {
    const { status, stdout, stderr } = run(join(folder, '.ci/pipeline'), args, { cwd: folder, env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  };

  it('without any nothing is configured', () => {
    expect(told(['deliver', 'dev'], {})).toEqual({
      argv: ['deliver', '--env', 'dev'],
      secrets: [],
      git: [[], []],
      ssh: '',
    });
  });

  it('of a registry and an https repo reach the program, each for its host only, on no disk afterwards', () => {
    const env = { REGISTRY_USER: 'ada', REGISTRY_TOKEN: 'r"o%s', GITOPS_TOKEN: "g$`'1" };
    const { docker, git, secrets } = told(['deliver', 'dev'], env);
    expect(docker).toEqual({
      auths: { 'https://index.docker.io/v1/': { auth: Buffer.from('ada:r"o%s').toString('base64') } },
      mode: '600',
    });
    expect(git).toEqual([['username=x-access-token', "password=g$`'1"], []]);
    expect(secrets).toEqual(['GITOPS_TOKEN']);
  });

  it('of an ssh repo are a key that only its known host is shown', () => {
    const { key, ssh, git } = told(['promote', 'dev', 'staging', 'goserver'], { GITOPS_KEY: 'KEY\nEND', GITOPS_KNOWN_HOSTS: 'host key' });
    expect(key).toMatchObject({ text: 'KEY\nEND\n', mode: '600' });
    expect(ssh).toBe(
      `ssh -F none -i ${key.folder}/key -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${key.folder}/known_hosts`,
    );
    expect(git).toEqual([[], []]);
    expect(existsSync(key.folder)).toBe(false);
  });

  it('are missing by half: the step says which', () => {
    const { status, stderr } = run(join(folder, '.ci/pipeline'), ['deliver', 'dev'], { cwd: folder, env: { GITOPS_KEY: 'KEY' } });
    expect(status).not.toBe(0);
    expect(stderr).toContain('GITOPS_KNOWN_HOSTS: parameter null or not set');
  });

  it.each([
    [
      ['promote', 'dev', 'staging'],
      ['promote', '--from', 'dev', '--to', 'staging'],
    ],
    [
      ['promote', 'dev', 'staging', 'go; touch x'],
      ['promote', '--from', 'dev', '--to', 'staging', '--service', 'go; touch x'],
    ],
    [
      ['promote', 'dev', 'staging', ''],
      ['promote', '--from', 'dev', '--to', 'staging'],
    ],
    [
      ['settings', 'prod'],
      ['deliver', '--env', 'prod', '--settings'],
    ],
    [['verify'], ['verify']],
  ])('%j calls %j', (args, argv) => {
    expect(told(args, {}).argv).toEqual(argv);
  });

  it('a folder is the caller’s', () => {
    const { stdout } = run('../.ci/pipeline', ['validate', 'tree'], { cwd: join(folder, 'infra') });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').argv).toEqual(['validate', join(folder, 'infra/tree')]);
  });
});
