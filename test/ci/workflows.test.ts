import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tryRun } from '../../infra/delivery/process.ts';
import { tool } from '../../infra/local/tools.ts';
import { installZizmor } from './zizmor.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly uses?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string; readonly 'cancel-in-progress': boolean | string };
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const active = ['ci', 'cd', 'preview', 'promote', 'settings'].map((name) => `.github/workflows/${name}.yaml`);
const workflows = [...active, '.github/gitops/audit.yaml'];
const actions = ['.github/setup/action.yaml'];
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const parsed = (path: string) => parse(read(path)) as Workflow;
const jobs = workflows.flatMap((path) => Object.entries(parsed(path).jobs).map(([name, job]) => [`${path} ${name}`, job] as const));
const steps = jobs.flatMap(([where, { steps: all = [] }]) => all.map((step, index) => [`${where} ${index + 1}`, step] as const));

describe('every workflow', () => {
  it('is one of those that are looked at here', () => {
    expect(globSync('.github/workflows/*', { cwd: root }).sort()).toEqual([...active].sort());
  });

  it.each(workflows)('%s grants nothing as a whole and has a concurrency group', (path) => {
    const { permissions, concurrency, on } = parsed(path);
    expect(permissions).toEqual({});
    expect(concurrency.group).toBeTruthy();
    expect(Object.keys(on)).not.toContain('pull_request_target');
    expect(Object.keys(on)).not.toContain('workflow_run');
  });

  it.each(jobs)('%s says what it may do and how long', (_where, job) => {
    expect(job.permissions).toBeTypeOf('object');
    if (job.uses === undefined) expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
  });

  it.each([...workflows, ...actions])('%s names each action by a commit, with its version beside', (path) => {
    const uses = read(path)
      .split('\n')
      .filter((line) => line.includes('uses:') && !line.includes('uses: ./'));
    for (const line of uses) expect(line).toMatch(/uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('means the same commit by the same action everywhere', () => {
    const pins = [...workflows, ...actions].flatMap((path) => [...read(path).matchAll(/uses: (\S+)@(\S+ # \S+)/g)]);
    const versions = Map.groupBy(pins, ([, action]) => action);
    expect([...versions].map(([action, all]) => [action, new Set(all.map(([, , version]) => version)).size])).toEqual(
      [...versions.keys()].map((action) => [action, 1]),
    );
    expect(versions.size).toBe(4);
  });

  it.each(steps.filter(([, { run }]) => run))('%s takes values from variables only', (_where, { run }) => {
    expect(run).not.toContain('${{');
  });

  it.each(steps.filter(([, { uses }]) => uses?.startsWith('actions/checkout@')))('%s keeps no credential', (_where, step) => {
    expect(step.with?.['persist-credentials']).toBe(false);
  });

  it('lets secrets into the jobs of an environment only', () => {
    const told = jobs.filter(([, job]) => JSON.stringify(job).includes('secrets.'));
    expect(told.map(([where, { environment }]) => [where, environment])).toEqual([
      ['.github/workflows/cd.yaml deliver', 'dev'],
      ['.github/workflows/promote.yaml promote', expression('inputs.to')],
      ['.github/workflows/settings.yaml settings', expression('inputs.env')],
    ]);
  });

  it('runs no code of a pull request where a comment may be written', () => {
    const { render, comment } = parsed('.github/workflows/preview.yaml').jobs;
    expect(render?.permissions).toEqual({ contents: 'read' });
    expect(comment?.steps?.map(({ uses }) => uses)).toEqual([undefined]);
    expect(JSON.stringify(comment)).not.toContain('.ci/');
  });

  it('takes its steps from .ci/pipeline', () => {
    const pipeline = read('.ci/pipeline');
    const called = steps.flatMap(([, { run = '' }]) => [...run.matchAll(/\.ci\/pipeline (\w+)/g)].map(([, step]) => step));
    expect([...new Set(called)].sort()).toEqual(['check', 'deliver', 'preview', 'promote', 'settings', 'validate', 'verify']);
    for (const step of called) expect(pipeline).toContain(`\n${step}() {\n`);
  });
});

/** What GitHub replaces by a value. */
function expression(value: string): string {
  return `\${{ ${value} }}`;
}

/** What is changed in a workflow, and what has to be found then. */
type Spoiling = readonly [finding: string, path: string, from: string | RegExp, to: string];

const checkout = /actions\/checkout@\S+ # \S+/;

describe('linters', () => {
  let actionlint: string;
  let zizmor: string;
  let scratch: string;

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'fullcycle-workflows-'));
    [actionlint, zizmor] = await Promise.all([tool('actionlint'), installZizmor()]);
  }, 600_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  /** A repository with our workflows, the template in its place, and one thing changed. */
  function repository(path?: string, from: string | RegExp = '', to = ''): string {
    const folder = mkdtempSync(join(scratch, 'repository-'));
    mkdirSync(join(folder, '.git'));
    cpSync(join(root, '.github'), join(folder, '.github'), { recursive: true });
    cpSync(join(root, '.github/gitops/audit.yaml'), join(folder, '.github/workflows/audit.yaml'));
    if (path === undefined) return folder;
    const text = read(path).replace(from, to);
    expect(text).not.toBe(read(path));
    writeFileSync(join(folder, path), text);
    return folder;
  }

  // shellcheck and pyflakes would be found on some machines only
  const lint = (folder: string) => tryRun([actionlint, '-no-color', '-shellcheck=', '-pyflakes='], { cwd: folder });
  const audit = (folder: string) => tryRun([zizmor, '--offline', '--no-progress', '--color=never', '.'], { cwd: folder });

  it('find nothing', async () => {
    const folder = repository();
    expect(existsSync(join(folder, dirname(active[0] ?? ''), 'audit.yaml'))).toBe(true);
    expect(await lint(folder)).toMatchObject({ exitCode: 0, stdout: '' });
    const audited = await audit(folder);
    expect(audited.stdout).toMatch(/^No findings to report\./m);
    expect(audited.exitCode).toBe(0);
  });

  it.each<Spoiling>([
    ['[syntax-check]', '.github/workflows/ci.yaml', 'timeout-minutes', 'timeout-minuets'],
    ['[events]', '.github/workflows/ci.yaml', 'pull_request:', 'pull_requests:'],
    ['[job-needs]', '.github/workflows/cd.yaml', 'needs: check', 'needs: chekc'],
    ['[expression]', '.github/workflows/promote.yaml', 'inputs.service }}\n          REG', 'inputs.svc }}\n          REG'],
    [
      '[expression]',
      '.github/workflows/preview.yaml',
      '    run: |',
      `    run: |\n          echo "${expression('github.event.pull_request.title')}"`,
    ],
    ['[permissions]', '.github/workflows/ci.yaml', 'contents: read', 'contents: raed'],
    ['[runner-label]', '.github/workflows/ci.yaml', 'ubuntu-24.04', 'ubuntu-24.40'],
    ['[glob]', '.github/workflows/cd.yaml', '[main]', '["main["]'],
  ])('actionlint tells %s in %s', async (finding, path, from, to) => {
    const { exitCode, stdout } = await lint(repository(path, from, to));
    expect(stdout).toContain(finding);
    expect(exitCode).toBe(1);
  });

  it.each<Spoiling>([
    ['dangerous-triggers', '.github/workflows/preview.yaml', 'pull_request:', 'pull_request_target:'],
    ['unpinned-uses', '.github/workflows/ci.yaml', checkout, 'actions/checkout@v6'],
    ['artipacked', '.github/workflows/ci.yaml', / +persist-credentials: false\n/, ''],
    ['template-injection', '.github/workflows/promote.yaml', '"$SERVICE"', `"${expression('inputs.service')}"`],
    ['excessive-permissions', '.github/workflows/ci.yaml', /permissions:\n +contents: read/, 'permissions: write-all'],
    ['secrets-inherit', '.github/workflows/cd.yaml', 'ci.yaml', 'ci.yaml\n    secrets: inherit'],
    ['overprovisioned-secrets', '.github/workflows/cd.yaml', 'secrets.GITOPS_TOKEN', 'toJSON(secrets)'],
    ['insecure-commands', '.github/workflows/cd.yaml', '        env:\n', '        env:\n          ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n'],
  ])('zizmor tells %s in %s', async (finding, path, from, to) => {
    const { exitCode, stdout } = await audit(repository(path, from, to));
    expect(stdout).toContain(`[${finding}]`);
    expect(exitCode).toBeGreaterThan(10);
  });
});
