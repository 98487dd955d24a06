import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { rootApplication } from '../../charts/argocd/root.ts';
import { loadStack } from '../../infra/config.ts';
import { tryRun } from '../../infra/delivery/process.ts';
import type { EnvironmentStatus } from '../../infra/delivery/status.ts';
import { git } from '../local/project.ts';
import { copyProject, type Project } from '../project.ts';
import { type ClusterProject, createClusterProject, eventually, installArgoCd } from './cluster-project.ts';

let copy: Project;
let project: ClusterProject;
let gitops: string;

beforeAll(async () => {
  copy = copyProject();
  configure('dev', (set) => set(['nodeserver'], undefined));
  copy.git('commit', '--quiet', '--all', '--message', 'Run less');
  project = createClusterProject(copy.folder);
  const { local } = await project.start();
  gitops = local.gitops.cloneUrl;
  await installArgoCd(project, local);
});
afterAll(() => copy?.remove());

/** Changes the services of an environment. */
function configure(environment: string, change: (set: (path: readonly string[], value: unknown) => void) => void): void {
  const file = join(copy.folder, `Pulumi.${environment}.yaml`);
  const document = parseDocument(readFileSync(file, 'utf8'));
  change((path, value) => {
    const keys = ['config', 'fullcycle:services', ...path];
    if (value === undefined) document.deleteIn(keys);
    else document.setIn(keys, value);
  });
  writeFileSync(file, document.toString());
}

function hopsOf(environment: string): Record<string, string> {
  const { environments } = copy.json<{ environments: EnvironmentStatus[] }>('status', '--env', environment);
  return Object.fromEntries((environments[0]?.hops ?? []).map(({ hop, state, why }) => [hop, `${state}: ${why}`]));
}

const tip = () => copy.json<{ environments: EnvironmentStatus[] }>('status', '--env', 'dev').environments[0]?.commit ?? '';
/** Starts a command of the copy; what it prints can be read meanwhile. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [join(copy.folder, 'infra/delivery/fullcycle.mjs'), ...args]);
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text) => (said[stream] += text));
  return { stdout: () => said.stdout, stderr: () => said.stderr, ended: once(child, 'close'), interrupt: () => child.kill('SIGINT') };
}

/** Seconds that waiting has taken, as it says itself. */
const waited = (stderr: string) => Number(/^dev is live at [0-9a-f]{10} \(([0-9.]+) s\)$/m.exec(stderr)?.[1]);

describe('a delivery', () => {
  it('lags in a cluster that was never told of it, and what is missing is named', () => {
    expect(copy.fullcycle('deliver', '--env', 'dev', '--init')).toMatchObject({ status: 0 });
    expect(hopsOf('dev')).toMatchObject({
      pushed: expect.stringMatching(/^current/),
      synced: 'behind: dev-root: missing: pulumi up makes it; and 2 more',
    });
    const { status, stderr } = copy.fullcycle('status', '--env', 'dev', '--wait', '--timeout', '1s');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error\[E_NOT_READY\] dev synced: Application argocd\/dev-root: - not within 1 s: missing: pulumi up makes it - look: kubectl describe application dev-root -n argocd$/m,
    );
  });

  it('is waited for until the cluster runs it and it answers', async () => {
    const { application, project: argoProject } = rootApplication((await loadStack(copy.folder, 'dev')).environment);
    const waiting = start('status', '--env', 'dev', '--wait');
    await eventually('it waits', 60, async () => waiting.stderr().includes('dev-root missing\n'));
    await project.apply(argoProject, application);
    expect({ ended: await waiting.ended, stderr: waiting.stderr() }).toMatchObject({ ended: [0, null] });
    expect(waited(waiting.stderr())).toBeLessThan(120);
    expect(waiting.stderr()).toMatch(/^dev-goserver missing → /m);
    expect(waiting.stderr()).toMatch(/^Deployment dev\/goserver .* → rolled out$/m);
    expect(waiting.stdout()).toMatch(/✓ synced {4}3 Applications at [0-9a-f]{10}\n {2}✓ live {6}goserver answers from [0-9a-f]{10}/);
  });

  it('is noticed within seconds where nobody tells Argo CD of it', () => {
    configure('dev', (set) => set(['goserver', 'env'], { LOG_LEVEL: 'warn' }));
    const before = tip();
    const { status, stderr } = copy.fullcycle('deliver', '--env', 'dev', '--settings', '--wait');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(tip()).not.toBe(before);
    expect(stderr).toContain(`dev-goserver behind, at ${before.slice(0, 10)}\n`);
    expect(stderr).toMatch(/^dev-goserver .* → Synced$/m);
    expect(waited(stderr)).toBeLessThan(60);
  });

  it('stays where it is when the branch goes on with other files, and that is current', async () => {
    const before = tip();
    const clone = join(copy.folder, '.fullcycle', 'clone');
    await git(copy.folder, 'clone', '--quiet', gitops, clone);
    writeFileSync(join(clone, 'README.md'), 'Written by hand.\n');
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '-m', 'Explain');
    await git(clone, 'push', '--quiet', 'origin', 'main');
    const after = tip();
    expect(after).not.toBe(before);
    const isCurrent = { synced: `current: 3 Applications at ${after.slice(0, 10)}`, live: expect.stringMatching(/^current/) };
    expect(hopsOf('dev')).toMatchObject(isCurrent);

    const revision = (name: string) =>
      project.kubectl('get', 'application', name, '--namespace=argocd', '--output=jsonpath={.status.sync.revision}');
    await project.kubectl('annotate', 'application', 'dev-goserver', '--namespace=argocd', 'argocd.argoproj.io/refresh=normal');
    await eventually('one Application has gone on', 60, async () => (await revision('dev-goserver')) === after);
    expect(await revision('dev-namespace')).not.toBe(after);
    expect(hopsOf('dev')).toMatchObject(isCurrent);
    expect(hopsOf('staging')).toMatchObject({ synced: 'unknown: nothing was delivered yet' });
  });

  it('that breaks a service fails with the object, its pod and what that logged last', () => {
    configure('dev', (set) => set(['goserver', 'env'], { LOG_LEVEL: 'loud' }));
    const { status, stderr } = copy.fullcycle('deliver', '--env', 'dev', '--settings', '--wait', '--timeout', '30s');
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toMatch(
      /^error\[E_NOT_READY\] dev live: Deployment dev\/goserver: - not within 30 s: .* pod goserver-[^;]*: goserver: (CrashLoopBackOff|Error)[^;]*; last event: .*; last log line: .*LOG_LEVEL.* - look: kubectl describe deployment goserver -n dev$/m,
    );
    expect(hopsOf('dev')).toMatchObject({
      synced: expect.stringMatching(/^current/),
      live: expect.stringMatching(/^behind: Deployment dev\/goserver: /),
    });
  });

  it('that mends it is live again', () => {
    configure('dev', (set) => set(['goserver', 'env'], { LOG_LEVEL: 'info' }));
    const { status, stderr } = copy.fullcycle('deliver', '--env', 'dev', '--settings', '--wait');
    expect({ status, stderr }).toMatchObject({ status: 0 });
  });
});

describe('open', () => {
  it('reaches a service on loopback until it is interrupted', async () => {
    const opened = start('open', 'goserver', '--env', 'dev');
    try {
      const address = async () => /^address +(http:\/\/127\.0\.0\.1:\d+)$/m.exec(opened.stdout())?.[1];
      const url = await eventually('it is open', 60, address);
      expect(await (await fetch(`${url}/version`)).json()).toMatchObject({
        service: 'goserver',
        commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      });
    } finally {
      opened.interrupt();
    }
    expect(await opened.ended).toEqual([130, null]);
  });

  it('prints how Argo CD’s password is shown, and never the password', async () => {
    const { stdout, status } = copy.fullcycle('open', 'argocd', '--env', 'dev', '--print');
    expect(status).toBe(0);
    const command = /^password +(.*)$/m.exec(stdout)?.[1] ?? '';
    const { stdout: password, stderr } = await tryRun(['sh', '-c', command]);
    expect(stderr).toBe('');
    expect(password).toMatch(/^\S{12,}$/);
    expect(stdout).not.toContain(password);
  });
});
