import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyProject, type Project } from '../project.ts';

interface Delivered {
  readonly commit: string | null;
  readonly changed: readonly string[];
}
interface Explained {
  readonly services: readonly {
    readonly service: string;
    readonly sbom: string;
    readonly arrivals: readonly {
      readonly environment: string;
      readonly verb: string;
      readonly commit: string;
      readonly health?: string;
    }[];
  }[];
}
interface History {
  readonly commits: readonly { commit: string; verb: string; who: string; reason: string | null; digests: Record<string, string> }[];
}

let project: Project;
let gitops = '';

beforeAll(() => {
  project = copyProject();
  // Nobody waits in a test; that time is asked for is tested with a played clock.
  for (const name of ['staging', 'prod']) edit(`Pulumi.${name}.yaml`, (text) => text.replace(/soak: \w+/, 'soak: 0s'));
  project.git('commit', '--quiet', '--all', '--message', 'Promote at once');
  gitops = project.json<{ gitops: string }>('up', '--cluster', 'none').gitops;
}, 900_000);
afterAll(() => project.remove());

function edit(file: string, change: (text: string) => string): void {
  const path = join(project.folder, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

let greetings = 0;
/** A commit of the source that gives goserver another image, delivered to dev. */
function deliverAnother(): Delivered {
  greetings += 1;
  edit('app/goserver/handler.go', (text) => text.replace(/"Hello[^"]*"/, `"Hello Full Cycle ${greetings}"`));
  project.git('commit', '--quiet', '--all', '--message', 'Greet anew');
  return project.json<Delivered>('deliver', '--env', 'dev');
}

const tip = (branch = 'main') => project.git('ls-remote', gitops, `refs/heads/${branch}`).split('\t')[0];
const history = (env: string) => project.json<History>('history', '--env', env).commits;
const errors = (stderr: string) => [...stderr.matchAll(/^error\[(\w+)\]/gm)].map(([, code]) => code);

describe('promote', { timeout: 300_000 }, () => {
  it('has nothing to do while both run the same', () => {
    expect(project.fullcycle('promote', '--to', 'staging')).toMatchObject({ status: 0, stdout: 'staging: already up to date\n' });
    const plan = project.fullcycle('promote', '--to', 'prod', '--plan');
    expect(plan).toMatchObject({ status: 0, stdout: 'staging → prod: nothing to promote, prod runs what staging runs\n' });
  });

  it('tells its verdict with the evidence, and changes nothing', () => {
    deliverAnother();
    const before = tip();
    const refused = project.fullcycle('--quiet', 'promote', '--to', 'staging', '--plan');
    expect(refused.status).toBe(5);
    expect(refused.stdout).toContain('dev → staging: must not be promoted, for 1 reason');
    expect(refused.stdout).toContain('nobody has looked · in the registry · not held');
    expect(errors(refused.stderr)).toEqual(['E_NOT_PROVEN']);
    expect(project.fullcycle('--quiet', 'promote', '--to', 'staging')).toMatchObject({ status: 5, stdout: '' });
    expect(project.fullcycle('--quiet', 'attest', '--env', 'dev').stderr).toContain(
      "error[E_USAGE] --reason: - the cluster of dev can't be asked from here - say what you saw with --reason",
    );
    expect(tip()).toBe(before);
    expect(project.fullcycle('attest', '--env', 'dev', '--reason', 'it greets')).toMatchObject({ status: 0 });
    const plan = project.json<{ allowed: boolean; candidates: { service: string; isThere: boolean; health: { words: string } }[] }>(
      'promote',
      '--to',
      'staging',
      '--plan',
    );
    expect(plan).toMatchObject({ allowed: true, candidates: [{ service: 'goserver', isThere: true, health: { state: 'healthy' } }] });
    expect(plan.candidates[0]?.health.words).toMatch(/^it greets \(.+, 20.+Z\)$/);
    const dry = project.fullcycle('promote', '--to', 'staging', '--dry-run').stdout;
    expect(dry).toBe('staging: 1 file would change\n  ~ environments/staging/goserver/deployment-goserver.yaml\n');
  });

  it('pushes a branch to look at, which brings the same when it is merged', async () => {
    const before = tip();
    const { branch, base, title, description, commit } = project.json<Record<string, string>>('promote', '--to', 'staging', '--pr');
    expect([base, tip()]).toEqual(['main', before]);
    expect(branch).toMatch(/^promote\/staging-[0-9a-f]{7}$/);
    expect(tip(branch)).toBe(commit);
    expect(title).toMatch(/^promote\(staging\): goserver [0-9a-f]{7}$/);
    expect(description).toContain('| goserver | `sha256:');
    expect(description).toContain('### Rendered manifests: 1 object changed, 0 added, 0 removed');
    // In another second it would be another commit, and nothing is forced.
    await setTimeout(1_000);
    const again = project.fullcycle('--quiet', 'promote', '--to', 'staging', '--pr');
    expect(again.stderr).toContain(`error[E_EXISTS] ${branch}: - this release was proposed before - merge it, or remove it: git push `);
    expect([again.status, tip(branch)]).toEqual([5, commit]);

    const clone = join(project.folder, '.fullcycle/by-hand');
    project.git('clone', '--quiet', gitops, clone);
    project.git('-C', clone, 'merge', '--quiet', '--no-ff', '--message', 'Merge the promotion', `origin/${branch}`);
    project.git('-C', clone, 'push', '--quiet');
    rmSync(clone, { recursive: true });
    expect(project.fullcycle('promote', '--to', 'staging').stdout).toBe('staging: already up to date\n');
    expect(history('staging')[0]).toMatchObject({ verb: 'merge', who: 'Ada', digests: history('dev')[0]?.digests });
  });

  it('brings the digests of dev with the settings of staging, as the recorded source renders them', () => {
    deliverAnother();
    project.fullcycle('attest', '--env', 'dev', '--reason', 'it greets');
    const promoted = project.json<Delivered>('promote', '--to', 'staging');
    expect(promoted.changed).toEqual(['environments/staging/goserver/deployment-goserver.yaml']);
    expect(promoted.commit).toBe(tip());
    expect(history('staging')[0]?.digests).toEqual(history('dev')[0]?.digests);
    for (const env of ['dev', 'staging']) expect(project.fullcycle('verify', '--env', env)).toMatchObject({ status: 0 });
  });

  it('is explained link by link: which image, who brought it from where, and on what evidence', () => {
    const { services } = project.json<Explained>('explain', '--env', 'staging');
    const goserver = services.find(({ service }) => service === 'goserver');
    expect(goserver?.sbom).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(goserver?.arrivals.map(({ environment, verb }) => [environment, verb])).toEqual([
      ['dev', 'deliver'],
      ['staging', 'promote'],
    ]);
    expect(goserver?.arrivals[0]?.health).toMatch(/^it greets \(.+, 20.+Z\)$/);
    expect(goserver?.arrivals[1]?.commit).toBe(history('staging')[0]?.commit);
    const { status, stdout } = project.fullcycle('explain', '--env', 'staging');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^staging {2}source [0-9a-f]{10}, GitOps commit [0-9a-f]{10}\n\ngoserver\n {2}built at/);
    expect(stdout).toMatch(/\n {2}synced {4} .+\n/);
  });

  it.each([
    [['--to', 'dev'], '--from: - dev has no promotion.from - name the environment to promote from'],
    [['--to', 'prod', '--from', 'dev'], '--from: dev - prod is promoted from staging - leave --from out, or change promotion.from of prod'],
    [['--to', 'dev', '--from', 'dev'], '--from: dev - is another environment than --to - name another one'],
    [
      ['--to', 'prod', '--service', 'godserver'],
      '--service: godserver - one of goserver, nodeserver - name a service that the environment deploys',
    ],
  ])('refuses %j', (args, words) => {
    const said = project.fullcycle('--quiet', 'promote', '--plan', ...args);
    expect(said).toMatchObject({ status: 2, stdout: '', stderr: `error[E_USAGE] ${words}\n` });
  });

  it('leaves changed settings to a delivery, which brings them with the images that run', () => {
    project.fullcycle('attest', '--env', 'staging', '--reason', 'it greets');
    edit('Pulumi.prod.yaml', (text) => text.replace('cpuPercent: 75', 'cpuPercent: 70'));
    const refused = project.fullcycle('--quiet', 'promote', '--to', 'prod');
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain('error[E_DIFF_SCOPE] prod: 1 field beyond the images');
    expect(refused.stderr).toContain('deliver these first: fullcycle deliver --env prod --settings');
    const settings = project.json<Delivered>('deliver', '--env', 'prod', '--settings');
    expect(settings.changed).toEqual(['environments/prod/goserver/horizontalpodautoscaler-goserver.yaml']);
    expect(history('prod')[0]?.digests).toEqual(history('prod')[1]?.digests);
    expect(project.json<Delivered>('promote', '--to', 'prod').changed).toEqual(['environments/prod/goserver/deployment-goserver.yaml']);
  });

  it('is the only way up for a new image', () => {
    deliverAnother();
    const refused = project.fullcycle('--quiet', 'deliver', '--env', 'staging');
    expect([refused.status, errors(refused.stderr)]).toEqual([0, []]);
    edit('app/goserver/handler.go', (text) => `${text}\n// not in dev yet\n`);
    const skipped = project.fullcycle('--quiet', 'deliver', '--env', 'staging');
    expect([skipped.status, errors(skipped.stderr)]).toEqual([5, ['E_NOT_PROVEN']]);
    project.git('checkout', '--quiet', 'app');
  });
});

describe('rollback', { timeout: 300_000 }, () => {
  it('brings the release before back and holds what it replaces, until unhold', () => {
    const [latest, before, earlier] = [...new Set(history('dev').map(({ digests }) => digests.goserver))];
    const said = project.fullcycle('rollback', '--env', 'dev', '--reason', 'it greets too often');
    expect(said).toMatchObject({ status: 0 });
    expect(said.stderr).toContain('to release it: fullcycle unhold --env dev');
    expect(history('dev')[0]).toMatchObject({ verb: 'rollback', reason: 'it greets too often' });
    expect(history('dev')[0]?.digests.goserver).toBe(before);
    const refused = project.fullcycle('--quiet', 'deliver', '--env', 'dev');
    expect([refused.status, errors(refused.stderr)]).toEqual([5, ['E_HELD']]);
    expect(project.fullcycle('rollback', '--env', 'dev', '--reason', 'once more')).toMatchObject({ status: 0 });
    expect(history('dev')[0]?.digests.goserver).toBe(earlier);
    expect(project.fullcycle('unhold', '--env', 'dev').stdout).toMatch(/^dev: released goserver sha256:.+…, goserver sha256:.+…\n$/);
    expect(project.fullcycle('unhold', '--env', 'dev').stdout).toBe('dev: nothing is held\n');
    expect(project.fullcycle('deliver', '--env', 'dev')).toMatchObject({ status: 0 });
    expect(history('dev')[0]?.digests.goserver).toBe(latest);
  });

  it.each([
    [['--env', 'dev'], "error[E_USAGE] arguments: - required option '--reason <words>' not specified"],
    [['--env', 'dev', '--reason', ' '], 'error[E_MESSAGE] --reason'],
    [['--env', 'dev', '--reason', 'x', '--to', 'HEAD~1'], 'error[E_REF] --to: HEAD~1'],
    [['--env', 'dev', '--reason', 'x', '--until', 'tomorrow'], 'error[E_USAGE] --until: tomorrow - a time to come or a duration'],
    [['--env', 'dev', '--reason', 'x', '--until', '2020-01-01'], 'error[E_USAGE] --until: 2020-01-01'],
  ])('refuses %j', (args, words) => {
    const said = project.fullcycle('--quiet', 'rollback', ...args);
    expect(said).toMatchObject({ status: 2, stdout: '' });
    expect(said.stderr).toContain(words);
  });

  it('is refused when the registry lost the image, and offers a release that it has', () => {
    deliverAnother();
    const all = history('dev');
    const meant = all.find(({ digests }) => digests.goserver !== all[0]?.digests.goserver)?.digests.goserver ?? '';
    const storage = join(project.folder, '.fullcycle/registry/docker/registry/v2/repositories/goserver/_manifests/revisions/sha256');
    expect(existsSync(join(storage, meant.slice('sha256:'.length)))).toBe(true);
    rmSync(join(storage, meant.slice('sha256:'.length)), { recursive: true });
    const before = tip();
    const refused = project.fullcycle('--quiet', 'rollback', '--env', 'dev', '--reason', 'it is slow');
    expect(refused.status).toBe(5);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^error\\[E_IMAGE_GONE\\] dev: registry.fullcycle.internal/goserver@${meant} - .* - the newest that has its images: --to [0-9a-f]{10}\\n$`,
      ),
    );
    expect(tip()).toBe(before);
    const offer = /--to ([0-9a-f]{10})/.exec(refused.stderr)?.[1] ?? '';
    expect(project.fullcycle('rollback', '--env', 'dev', '--reason', 'it is slow', '--to', offer, '--until', '7d')).toMatchObject({
      status: 0,
    });
  });
});

describe('looking back', { timeout: 300_000 }, () => {
  it('history tells every commit, or some', () => {
    expect(history('prod').map(({ verb }) => verb)).toEqual(['promote', 'deliver', 'deliver']);
    const lines = project.fullcycle('history', '--env', 'prod', '--limit', '1').stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^20\d\d-.{14}Z {2}[0-9a-f]{10} {2}promote {3}goserver [0-9a-f]{12}, nodeserver [0-9a-f]{12} {2}fullcycle$/);
    expect(project.fullcycle('--quiet', 'history', '--env', 'prod', '--limit', '0')).toMatchObject({ status: 2 });
  });

  it('bisect names the commit that changed a field', () => {
    const [, settings, first] = history('prod');
    const field = 'HorizontalPodAutoscaler/goserver:spec.metrics[0].resource.target.averageUtilization';
    const bisect = (...args: string[]) =>
      project.json<{ changes: { commit: string; before: unknown; after: unknown }[] }>('bisect', '--env', 'prod', ...args).changes;
    expect(bisect('--field', field)).toMatchObject([{ commit: settings?.commit, before: 75, after: 70 }]);
    expect(bisect('--all', '--field', field).map(({ commit, before }) => [commit, before])).toEqual([
      [settings?.commit, 75],
      [first?.commit, null],
    ]);
    const never = project.fullcycle('--quiet', 'bisect', '--env', 'prod', '--field', 'Deployment/goserver:spec.paused');
    expect(never).toMatchObject({ status: 2 });
    expect(never.stderr).toContain('error[E_USAGE] --field: Deployment/goserver:spec.paused - prod never had this field');
  });
});
