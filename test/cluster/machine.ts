import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '../../infra/delivery/process.ts';
import type { NodeLayout } from '../../infra/local/cluster/node-layout.ts';

/** What a node could leave on its machine, besides its files. */
export interface Traces {
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly routes: readonly string[];
  readonly packetFilter: string;
  readonly controlGroups: readonly string[];
  readonly kernelSettings: Readonly<Record<string, string>>;
}

/** A process of a node. */
export interface NodeProcess {
  readonly pid: number;
  readonly name: string;
}

/** Everything on the machine that this node (or, for what can't be told apart, any) has to do with. */
export async function traces(layout: NodeLayout): Promise<Traces> {
  const links = JSON.parse((await run(['ip', '-json', 'link'])).stdout) as { ifname: string }[];
  const routes = (await run(['ip', 'route', 'show', 'table', 'all'])).stdout.split('\n');
  return {
    processes: mentions(layout),
    // Other tests mount below the folder for temporary files.
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((point) => !point.startsWith(`${tmpdir()}/`))
      .sort(),
    // Clusters of other projects come and go meanwhile.
    links: links.map(({ ifname }) => ifname).filter((name) => name === layout.interface || !name.startsWith('fc-')),
    routes: routes.filter((route) => route.includes(layout.interface)),
    packetFilter: await packetFilter(),
    controlGroups: controlGroups('/sys/fs/cgroup', layout.name, 2),
    kernelSettings: Object.fromEntries(
      ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys', 'net/ipv4/ip_forward'].map((name) => [
        name,
        readFileSync(`/proc/sys/${name}`, 'utf8').trim(),
      ]),
    ),
  };
}

/** Processes inside a node, told by the namespace of the one whose arguments name the node's first program. */
export function processesOf(layout: NodeLayout): NodeProcess[] {
  const agent = pids().find((pid) => arguments_(pid).includes(`--hostname-override=${layout.name}`) && nameOf(pid) === 'kubelet');
  return agent === undefined ? [] : processesIn(namespaceOf(agent) ?? '');
}

/** Running processes in a process namespace; those that have ended and wait to be reaped have no name any more. @param namespace as in `/proc/<pid>/ns/pid` */
export function processesIn(namespace: string): NodeProcess[] {
  return pids()
    .filter((pid) => namespaceOf(pid) === namespace)
    .map((pid) => ({ pid, name: nameOf(pid) }))
    .filter(({ name }) => name !== '');
}

/** The process namespace of a process; undefined when it has ended. */
export function namespaceOf(pid: number): string | undefined {
  return quietly(() => readlinkSync(`/proc/${pid}/ns/pid`));
}

/** Processes outside or inside whose arguments or control groups name the node. */
function mentions({ id }: NodeLayout): string[] {
  return pids()
    .filter((pid) => pid !== process.pid && (arguments_(pid).some((argument) => argument.includes(id)) || groups(pid).includes(id)))
    .map((pid) => `${nameOf(pid)} ${pid}`);
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function nameOf(pid: number): string {
  return arguments_(pid)[0]?.split('/').at(-1) ?? '';
}

function arguments_(pid: number): string[] {
  return quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)) ?? [];
}

function groups(pid: number): string {
  return quietly(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? '';
}

/** Rules of both iptables and nftables, without counters and comments. */
async function packetFilter(): Promise<string> {
  const listings = await Promise.all(
    ['iptables-nft-save', 'iptables-legacy-save', 'ip6tables-nft-save'].map((program) => tryRun([program])),
  );
  return listings.map(({ stdout }) => stdout.replace(/\[\d+:\d+\]|^#.*$/gm, '')).join('');
}

function controlGroups(folder: string, name: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return below.flatMap((entry) => (entry.name === name ? [join(folder, name)] : controlGroups(join(folder, entry.name), name, depth - 1)));
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
