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

/** Pids of the processes that listen on this TCP port; none when it can't be found out (they are another user's, for one). */
export async function findListeners(port: number): Promise<number[]> {
  if (process.platform === 'linux') return listenersFromProc(port);
  const { stdout } = await tryRun(['lsof', '-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN']);
  return stdout.split('\n').flatMap((line) => (line ? [Number(line)] : []));
}

/** The socket's inode is in /proc/net/tcp, its owner is the process that has it open: proc_net(5). */
function listenersFromProc(port: number): number[] {
  const sockets = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readTable).flatMap(({ local, state, inode }) => {
      return state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [`socket:[${inode}]`] : [];
    }),
  );
  if (sockets.size === 0) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => openFiles(pid).some((target) => sockets.has(target))).map(Number);
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
