import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tryRun } from '../delivery/process.ts';

/** True when nothing listens on this TCP port of the address. */
export function isFree(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  return promise;
}

/** Pid of a process that listens on this TCP port; undefined when it can't be found out (another user's, for one). */
export async function findListener(port: number): Promise<number | undefined> {
  if (process.platform === 'linux') return listenerFromProc(port);
  const { exitCode, stdout } = await tryRun(['lsof', '-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN']);
  return exitCode === 0 ? Number(stdout.split('\n')[0]) || undefined : undefined;
}

/** The socket's inode is in /proc/net/tcp, its owner is the process that has it open: proc_net(5). */
function listenerFromProc(port: number): number | undefined {
  const sockets = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readTable).flatMap(({ local, state, inode }) => {
      return state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [`socket:[${inode}]`] : [];
    }),
  );
  if (sockets.size === 0) return undefined;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const owner = pids.find((pid) => openFiles(pid).some((target) => sockets.has(target)));
  return owner === undefined ? undefined : Number(owner);
}

function readTable(file: string): { local: string; state: string; inode: string }[] {
  try {
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1);
    return rows
      .map((row) => row.trim().split(/\s+/))
      .map((fields) => ({ local: fields[1] ?? '', state: fields[3] ?? '', inode: fields[9] ?? '' }));
  } catch {
    return [];
  }
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
