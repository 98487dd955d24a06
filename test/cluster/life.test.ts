import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, tryRun } from '../../infra/delivery/process.ts';
import { clusterStatus, stopCluster } from '../../infra/local/cluster/cluster.ts';
import { findDaemon } from '../../infra/local/daemon.ts';
import { stateFolder } from '../../infra/local/local.ts';
import { type ClusterProject, createClusterProject, eventually } from './cluster-project.ts';
import { namespaceOf, processesIn, processesOf, traces } from './machine.ts';

const components = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'containerd',
  'kubelet',
  'kube-proxy',
  'coredns',
];
const warmSeconds = 25;
const clean = { processes: [], routes: [], controlGroups: [] };
/** What entered the node's namespaces from outside ends a moment after them. */
const moment = { timeout: 10_000 };
const mebibyte = 1024 ** 2;
let project: ClusterProject;

beforeAll(async () => {
  project = createClusterProject();
  // Builds what isn't built yet, so that the tests measure starting and not compiling.
  await project.start();
  await stopCluster(project.folder);
});
afterAll(() => project[Symbol.asyncDispose]());

const ready = async () => (await clusterStatus(project.folder))?.ready;
const restartsOf = async (name: string) =>
  (await clusterStatus(project.folder))?.components.find((component) => component.name === name)?.restarts ?? 0;
const supervisorOf = async ({ folder }: ClusterProject) => {
  const daemon = await findDaemon(stateFolder(folder), 'cluster');
  if (!daemon) throw new Error('no supervisor');
  return daemon.pid;
};
const namespaceOfNode = () => {
  const [first] = processesOf(project.layout);
  if (!first) throw new Error('no node');
  return namespaceOf(first.pid) ?? '';
};
const store = (name: string) =>
  project.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { name } });

describe('an embedded cluster', () => {
  it(`is Ready within ${warmSeconds} s, and gone without a trace a moment after it is stopped`, async () => {
    await expect.poll(async () => (await traces(project.layout)).processes, moment).toEqual([]);
    const before = await traces(project.layout);
    const started = performance.now();
    await project.start();
    expect((performance.now() - started) / 1000).toBeLessThan(warmSeconds);
    expect(await project.kubectl('get', 'nodes', '--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}')).toBe(
      'True',
    );

    const during = await traces(project.layout);
    expect(processesOf(project.layout).map(({ name }) => name)).toEqual(expect.arrayContaining(components));
    expect(during.processes).not.toEqual([]);
    expect(during.links).toEqual([...before.links, project.layout.interface]);
    expect(during.controlGroups.length).toBeGreaterThan(0);
    // Mounts, packet filter rules and settings of the kernel are the node's own even while it runs.
    expect(during).toMatchObject({ mounts: before.mounts, packetFilter: before.packetFilter, kernelSettings: before.kernelSettings });

    const namespace = namespaceOfNode();
    await stopCluster(project.folder);
    expect(processesIn(namespace)).toEqual([]);
    await expect.poll(() => traces(project.layout), moment).toEqual(before);
    expect(before).toMatchObject({ routes: [], controlGroups: [] });
  });

  it('that runs is used by a second start', async () => {
    await project.start();
    const supervisor = await supervisorOf(project);
    const { cluster } = await project.start();
    expect(cluster.reused).toBe(true);
    expect(await supervisorOf(project)).toBe(supervisor);
  });

  it('is started once by two starts at the same time', async () => {
    await stopCluster(project.folder);
    const started = await Promise.all([project.start(), project.start()]);
    expect(started.map(({ cluster }) => cluster.reused).sort()).toEqual([false, true]);
    expect(await ready()).toBe(true);
  });

  it('takes less than 900 MiB when idle', async () => {
    await project.start();
    const supervisor = await supervisorOf(project);
    const pids = [...processesOf(project.layout).map(({ pid }) => pid), supervisor];
    const { stdout } = await run(['ps', '-o', 'rss=', '-p', pids.join(',')]);
    const bytes = stdout
      .trim()
      .split(/\s+/)
      .reduce((sum, kibibytes) => sum + Number(kibibytes) * 1024, 0);
    expect(bytes / mebibyte).toBeLessThan(900);
  });

  it('sends nothing anywhere for a pod that is gone', async () => {
    const { cluster } = await project.start();
    const [first] = processesOf(project.layout);
    const gone = (cluster.hostAddress ?? '').replace(/\.0\.1$/, '.1.250');
    const { exitCode, stderr } = await tryRun(['nsenter', '--target', String(first?.pid), '--net', '--', 'ip', 'route', 'get', gone]);
    expect([exitCode, stderr.trim()]).toEqual([2, 'RTNETLINK answers: No route to host']);
  });

  it('keeps its objects when it is stopped and started', async () => {
    await project.start();
    await store('kept');
    await stopCluster(project.folder);
    await project.start();
    expect(await project.kubectl('get', 'configmap', 'kept', '--output=jsonpath={.data.name}')).toBe('kept');
  });

  it.each(components)('recovers when its %s is killed', async (name) => {
    await project.start();
    const victim = processesOf(project.layout).find((process) => process.name === name);
    if (!victim) throw new Error(`no ${name}`);
    const restarts = await restartsOf(name);
    process.kill(victim.pid, 'SIGKILL');
    await eventually(`${name} is started again`, 60, async () => (await restartsOf(name)) > restarts && (await ready()));
    await eventually('the API takes writes', 30, async () => {
      await store(`after-${name}`);
      return true;
    });
    expect(await project.kubectl('get', 'configmap', `after-${name}`, '--output=name')).toBe(`configmap/after-${name}`);
  });

  it.each<[string, () => Promise<void>]>([
    ['its supervisor is killed', async () => void process.kill(await supervisorOf(project), 'SIGKILL')],
    [
      "its node's first process is killed",
      async () => void process.kill(Math.min(...processesOf(project.layout).map(({ pid }) => pid)), 'SIGKILL'),
    ],
    [
      'all of it is killed at once',
      async () => {
        const pids = [await supervisorOf(project), ...processesOf(project.layout).map(({ pid }) => pid)];
        await run(['kill', '-KILL', ...pids.map(String)]).catch(() => undefined);
      },
    ],
  ])('ends altogether when %s, and is whole again after the next start', async (_, kill) => {
    await project.start();
    await store('survivor');
    const namespace = namespaceOfNode();
    await kill();
    await eventually('everything ends', 10, async () => processesIn(namespace).length === 0);
    await eventually('the link goes', 10, async () => !(await traces(project.layout)).links.includes(project.layout.interface));
    expect((await clusterStatus(project.folder))?.running).toBe(false);
    await project.start();
    expect(await project.kubectl('get', 'configmap', 'survivor', '--output=name')).toBe('configmap/survivor');
  });

  it('whose supervisor was killed leaves nothing once it is stopped', async () => {
    await project.start();
    process.kill(await supervisorOf(project), 'SIGKILL');
    await stopCluster(project.folder);
    await expect.poll(() => traces(project.layout), moment).toMatchObject(clean);
    expect((await traces(project.layout)).links).not.toContain(project.layout.interface);
  });

  it('is found and stopped when the record of its process is lost', async () => {
    await project.start();
    const namespace = namespaceOfNode();
    rmSync(join(stateFolder(project.folder), 'run', 'cluster.json'));
    await stopCluster(project.folder);
    expect(processesIn(namespace)).toEqual([]);
    await expect.poll(() => traces(project.layout), moment).toMatchObject(clean);
  });

  it('that cannot start says which part and why, and leaves nothing', async () => {
    await project.start();
    await stopCluster(project.folder);
    const database = join(project.layout.lib, 'etcd', 'member', 'snap', 'db');
    writeFileSync(database, 'no database');
    await expect(project.start()).rejects.toThrow(
      /^error\[E_LOCAL_DOWN\] cluster: exit 1 - must keep running: etcd does not start: .*invalid database/,
    );
    await expect.poll(() => traces(project.layout), moment).toMatchObject(clean);
    await stopCluster(project.folder, { purge: true });
    await project.start();
    expect(await ready()).toBe(true);
  });

  it('refuses to start where its addresses have come into use, and says by what', async () => {
    await project.start();
    const range = (await clusterStatus(project.folder))?.hostAddress?.replace(/0\.1$/, '9.0/24') ?? '';
    await stopCluster(project.folder);
    await run(['ip', 'route', 'add', range, 'dev', 'lo']);
    try {
      await expect(project.start()).rejects.toThrow(
        `error[E_PORT_TAKEN] cluster.network: ${range} on lo - the cluster's range ${range.replace('9.0/24', '0.0/16')} must not be used by anything else - take that network down, or choose another range: fullcycle down --purge, then up`,
      );
    } finally {
      await run(['ip', 'route', 'delete', range, 'dev', 'lo']);
    }
  });

  it('of another project runs beside it, and neither notices when the other stops', async () => {
    await using other = createClusterProject();
    const [one, two] = [await project.start(), await other.start()];
    expect(two.cluster.context).not.toBe(one.cluster.context);
    expect(two.cluster.hostAddress).not.toBe(one.cluster.hostAddress);
    await store('mine');
    expect((await other.tryKubectl(['get', 'configmap', 'mine'])).stderr).toContain('configmaps "mine" not found');
    await stopCluster(other.folder);
    expect(await ready()).toBe(true);
    expect(await project.kubectl('get', 'configmap', 'mine', '--output=name')).toBe('configmap/mine');
  });

  it('is gone with all it kept when it is purged', async () => {
    await using other = createClusterProject();
    await other.start();
    await stopCluster(other.folder, { purge: true });
    expect(await clusterStatus(other.folder)).toBeUndefined();
    expect((await run(['ls', '/var/lib/fullcycle'])).stdout).not.toContain(other.layout.id);
  });
});
