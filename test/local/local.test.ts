import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../infra/delivery/process.ts';
import type { LocalEnvironment } from '../../infra/local/addresses.ts';
import { findLocal, startLocal, stopLocal } from '../../infra/local/local.ts';
import { identify, isRunning } from '../../infra/local/process-identity.ts';
import { tool } from '../../infra/local/tools.ts';
import { createProject, git, type Project, tryGit } from './project.ts';

let project: Project;
const servers: Server[] = [];

beforeAll(() => tool('registry'), 1_200_000);
beforeEach(() => {
  project = createProject();
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await project[Symbol.asyncDispose]();
});

function ports(local: LocalEnvironment): [registry: number, gitops: number] {
  return [Number(local.registry.address.split(':')[1]), Number(new URL(local.gitops.cloneUrl).port)];
}

/** Listens on the port as a foreign process would. */
function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
    server.on('error', reject);
    servers.push(server);
  });
}

async function push(local: LocalEnvironment, name: string): Promise<string> {
  const folder = join(project.folder, name);
  await git(project.folder, 'clone', '--quiet', local.gitops.cloneUrl, folder);
  writeFileSync(join(folder, name), name);
  await git(folder, 'add', name);
  await git(folder, 'commit', '--quiet', '-m', name);
  await git(folder, 'push', '--quiet', 'origin', 'HEAD:main');
  return git(folder, 'rev-parse', 'HEAD');
}

const tip = async (local: LocalEnvironment) =>
  (await git(project.folder, 'ls-remote', local.gitops.cloneUrl, 'refs/heads/main')).split('\t')[0];

describe('the local environment', () => {
  it('is found when it was started, and not when it was stopped', async () => {
    expect(await findLocal(project.folder)).toBeUndefined();
    const local = await startLocal(project.folder);
    expect(await findLocal(project.folder)).toEqual(local);
    await stopLocal(project.folder);
    expect(await findLocal(project.folder)).toBeUndefined();
  });

  it('is reused by a second start, on the same ports by the next', async () => {
    const local = await startLocal(project.folder);
    const { registry, git: server } = await project.servers();
    expect(await startLocal(project.folder)).toEqual(local);
    expect(await project.servers()).toEqual({ registry, git: server });
    await stopLocal(project.folder);
    expect(await startLocal(project.folder)).toEqual(local);
  });

  it('is started once by four starts at the same time', async () => {
    const results = await Promise.all([0, 1, 2, 3].map(() => startInAnotherProcess()));
    const local = await findLocal(project.folder);
    expect(results).toEqual([local, local, local, local]);
    const { registry, git: server } = await project.servers();
    expect(processesOf(project.state).sort()).toEqual([registry.pid, server.pid].sort());
  });

  it('runs for two projects at once, each with its own', async () => {
    await using other = createProject();
    const [mine, theirs] = await Promise.all([startLocal(project.folder), startLocal(other.folder)]);
    expect(new Set([...ports(mine), ...ports(theirs)]).size).toBe(4);
    const commit = await push(mine, 'mine');
    expect(await tip(mine)).toBe(commit);
    expect(await tip(theirs)).toBe('');
    await stopLocal(other.folder, { purge: true });
    expect(await findLocal(project.folder)).toEqual(mine);
  });

  it('gives state to nobody else', async () => {
    await startLocal(project.folder);
    expect(statSync(project.state).mode & 0o777).toBe(0o700);
    expect(statSync(join(project.state, 'local.json')).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind when it is purged', async () => {
    await push(await startLocal(project.folder), 'clone');
    const { registry, git: server } = await project.servers();
    await stopLocal(project.folder, { purge: true });
    expect(existsSync(project.state)).toBe(false);
    expect([await isRunning(registry), await isRunning(server)]).toEqual([false, false]);
    expect(processesOf(project.state)).toEqual([]);
  });

  it('can be stopped where it never ran', async () => {
    await stopLocal(project.folder);
    await stopLocal(project.folder, { purge: true });
    expect(readdirSync(project.folder)).toEqual([]);
  });

  it('listens on other addresses only when they exist, and remembers them', async () => {
    await startLocal(project.folder, { hosts: ['192.0.2.1'] });
    const { registry, git: server } = await project.servers();
    expect([...registry.argv, ...server.argv].join(' ')).not.toContain('192.0.2.1');
    expect(JSON.parse(readFileSync(join(project.state, 'local.json'), 'utf8')).hosts).toEqual(['192.0.2.1']);
    await startLocal(project.folder);
    expect(JSON.parse(readFileSync(join(project.state, 'local.json'), 'utf8')).hosts).toEqual(['192.0.2.1']);
  });
});

describe('a folder', () => {
  it.each([
    ['that does not exist', '/nowhere/project', 'error[E_IO] project: /nowhere/project - must be a folder - give another one with -C'],
    ['whose state is a file', '', 'error[E_IO] .fullcycle: EEXIST - must be a folder that can be written - make STATE one'],
  ])('%s is refused', async (_what, folder, message) => {
    if (!folder) writeFileSync(project.state, '');
    await expect(startLocal(folder || project.folder)).rejects.toThrow(message.replace('STATE', project.state));
    rmSync(project.state, { force: true });
  });
});

describe('a taken port', () => {
  it.each([0, 1])('makes the first start choose the next pair: the one at %i', async (index) => {
    const usual = ports(await startLocal(project.folder));
    await stopLocal(project.folder, { purge: true });
    await occupy(usual[index] as number);
    const chosen = ports(await startLocal(project.folder));
    expect(chosen.some((port) => usual.includes(port))).toBe(false);
  });

  it('of an earlier start is named, with who has it', async () => {
    const [registry, gitops] = ports(await startLocal(project.folder));
    await stopLocal(project.folder);
    await Promise.all([occupy(registry), occupy(gitops)]);
    const fix = 'end that process, or remove .fullcycle/local.json to choose other ports';
    await expect(startLocal(project.folder)).rejects.toThrow(
      [
        `error[E_PORT_TAKEN] port ${registry}: process ${process.pid} - registry listens on 127.0.0.1:${registry} - ${fix}`,
        `error[E_PORT_TAKEN] port ${gitops}: process ${process.pid} - git-server listens on 127.0.0.1:${gitops} - ${fix}`,
      ].join('\n'),
    );
    rmSync(join(project.state, 'local.json'));
    expect(ports(await startLocal(project.folder))).not.toContain(registry);
  });
});

describe('after a crash', () => {
  it('starts again with everything it had', async () => {
    const local = await startLocal(project.folder);
    const commit = await push(local, 'before');
    const { registry, git: server } = await project.servers();
    for (const { pid } of [registry, server]) process.kill(pid, 'SIGKILL');
    while ((await isRunning(registry)) || (await isRunning(server))) await sleep(10);
    expect(await findLocal(project.folder)).toBeUndefined();
    expect(await startLocal(project.folder)).toEqual(local);
    expect(await tip(local)).toBe(commit);
  });

  it('has a sound repository when a push was cut off', async () => {
    const local = await startLocal(project.folder);
    const before = await push(local, 'before');
    const folder = join(project.folder, 'before');
    writeFileSync(join(folder, 'large'), randomBytes(20_000_000));
    await git(folder, 'add', 'large');
    await git(folder, 'commit', '--quiet', '-m', 'large');
    const cutOff = tryGit(folder, 'push', 'origin', 'HEAD:main');
    const quarantine = join(project.state, 'gitops.git', 'objects');
    while (!readdirSync(quarantine).some((name) => name.startsWith('tmp_objdir-incoming-'))) await sleep(1);
    process.kill((await project.servers()).git.pid, 'SIGKILL');
    await cutOff;
    await startLocal(project.folder);
    const pushed = await git(folder, 'rev-parse', 'HEAD');
    expect([before, pushed]).toContain(await tip(local));
    expect((await tryGit(join(project.state, 'gitops.git'), 'fsck', '--full', '--strict')).exitCode).toBe(0);
    await git(folder, 'push', '--quiet', 'origin', 'HEAD:main');
    expect(await tip(local)).toBe(pushed);
  });

  it('keeps the servers that run when their records and ports are lost', async () => {
    const local = await startLocal(project.folder);
    const { registry, git: server } = await project.servers();
    rmSync(join(project.state, 'local.json'));
    rmSync(join(project.state, 'run'), { recursive: true });
    expect(await findLocal(project.folder)).toBeUndefined();
    expect(await startLocal(project.folder)).toEqual(local);
    const now = await project.servers();
    expect([now.registry.pid, now.git.pid]).toEqual([registry.pid, server.pid]);
  });

  it('works again when everything on disk was removed under it', async () => {
    await push(await startLocal(project.folder), 'lost');
    rmSync(project.state, { recursive: true });
    const local = await startLocal(project.folder);
    expect(await tip(local)).toBe('');
    const commit = await push(local, 'again');
    expect(await tip(local)).toBe(commit);
    const image = `${local.registry.address}/again`;
    await run([await tool('crane'), 'append', '--oci-empty-base', '-f', '/dev/null', '-t', image]);
    expect(processesOf(project.state)).toHaveLength(2);
  });

  it('stops what runs although its record was cut off', async () => {
    await startLocal(project.folder);
    const { registry } = await project.servers();
    writeFileSync(join(project.state, 'run', 'registry.json'), '{"pid":');
    await stopLocal(project.folder);
    expect(await identify(registry.pid)).toBeUndefined();
  });

  it('chooses ports anew when the file that remembers them is broken', async () => {
    const local = await startLocal(project.folder);
    await stopLocal(project.folder);
    writeFileSync(join(project.state, 'local.json'), '{"ports":{"registry":"x"}}');
    expect(await startLocal(project.folder)).toEqual(local);
  });
});

/** What `startLocal` returns in a process of its own. */
async function startInAnotherProcess(): Promise<LocalEnvironment> {
  const module = new URL('../../infra/local/local.ts', import.meta.url).href;
  const script = `import { startLocal } from '${module}'; console.log(JSON.stringify(await startLocal('${project.folder}')));`;
  return JSON.parse((await run([process.execPath, '--input-type=module-typescript', '-e', script])).stdout);
}

/** Pids of the servers that work in this state folder. */
function processesOf(state: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .split('\0')
          .some((argument) => argument.startsWith(`${state}/`));
      } catch {
        return false;
      }
    })
    .map(Number);
}
