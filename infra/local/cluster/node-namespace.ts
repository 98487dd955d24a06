import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../delivery/errors.ts';
import { run, tryRun } from '../../delivery/process.ts';
import type { Component, NodeSpec } from './component.ts';
import { inside, type NodeLayout } from './node-layout.ts';

/**
 * The node: process, mount and network namespaces of its own on this machine. Whatever runs in it ends with its first process, at the kernel's hand;
 * its mounts, interfaces and packet filter rules go with the last one. So nothing of it can be left behind, however it ends.
 */
export interface NodeNamespace {
  /** Pid of its first process, as the host sees it. */
  readonly pid: number;
  /** Ends everything in it. */
  readonly end: () => void;
  /** Settles when it has ended. */
  readonly ended: Promise<void>;
}

/** Settings of the whole machine that a kubelet insists on and would change. It finds these values in their place; the machine keeps its own. */
const kernelSettings = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
} as const;

const pollMilliseconds = 10;
const startMilliseconds = 5_000;

/** Starts the node's first process. It ends when the calling process does. @throws Failure E_LOCAL_DOWN */
export async function createNamespace(spec: NodeSpec): Promise<NodeNamespace> {
  const unshare = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', join(spec.programs, 'pause')];
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...unshare], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    holder.once('exit', () => resolve());
    holder.once('error', () => resolve());
  });
  const pid = await firstProcess(holder);
  const namespace = { pid, end: () => holder.kill('SIGKILL'), ended };
  await mount(spec, namespace);
  await connect(spec, namespace);
  return namespace;
}

/** The command that runs a component where it belongs; it dies with the supervisor. */
export function placed({ argv, where = 'node' }: Component, namespace: NodeNamespace): readonly [string, ...string[]] {
  const dying = ['setpriv', '--pdeathsig', 'KILL', '--', ...argv] as const;
  return where === 'host' ? dying : ['nsenter', ...target(namespace), '--net', '--mount', '--pid', '--', ...dying];
}

/** User-mode networking: the node reaches what the host reaches, and the host needs no forwarding, no address translation, no rule. */
export function egress({ network }: NodeSpec, namespace: NodeNamespace): Component {
  const options = ['--configure', '--mtu=1500', `--cidr=${network.egress}`, '--disable-host-loopback'];
  return {
    name: 'slirp4netns',
    where: 'host',
    argv: ['slirp4netns', ...options, String(namespace.pid), 'tap0'],
    needs: [],
    ready: { kind: 'link', name: 'tap0' },
  };
}

/** Removes the host's end of the link; the kernel would too, some time after the node has ended. */
export async function removeLink(name: string): Promise<void> {
  await tryRun(['ip', 'link', 'delete', name]);
}

/** The node sees a /run, /var/lib and /var/log of its own, so that every program in it keeps its standard paths. */
async function mount({ layout, programs }: NodeSpec, namespace: NodeNamespace): Promise<void> {
  for (const folder of [layout.lib, layout.podLogs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(settingFile(layout, ''), { recursive: true, mode: 0o700 });
  for (const [name, value] of Object.entries(kernelSettings)) writeFileSync(settingFile(layout, name), `${value}\n`);
  const steps: (readonly [string, ...string[]])[] = [
    ['mount', '--make-rshared', '/'],
    ['mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/run'],
    ['mkdir', '-p', inside.programs, '/run/etcd'],
    ['mount', '-o', 'bind,ro', programs, inside.programs],
    ...Object.keys(kernelSettings).map((name) => ['mount', '--bind', settingFile(layout, name), `/proc/sys/${name}`] as const),
    ['mount', '--bind', layout.podLogs, '/var/log'],
    ['mount', '--bind', layout.lib, '/var/lib'],
  ];
  for (const step of steps) await run(['nsenter', ...target(namespace), '--mount', '--pid', '--', ...step], { cwd: '/' });
}

async function connect({ layout, network, egress }: NodeSpec, namespace: NodeNamespace): Promise<void> {
  const link = layout.interface;
  const host: (readonly [string, ...string[]])[] = [
    ['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(namespace.pid)],
    ['ip', 'address', 'add', `${network.host}/30`, 'dev', link],
    ['ip', 'link', 'set', link, 'up'],
  ];
  const node: (readonly [string, ...string[]])[] = [
    ['ip', 'link', 'set', 'lo', 'up'],
    ['ip', 'address', 'add', `${network.node}/30`, 'dev', 'eth0'],
    ['ip', 'link', 'set', 'eth0', 'up'],
    ['sysctl', '-qw', 'net.ipv4.ip_forward=1'],
    // A pod that is there has a route of its own. What is meant for one that is gone would leave by the egress, and the host would send it back.
    ['ip', 'route', 'add', 'unreachable', network.pods],
    ...(egress ? egressRules : []),
  ];
  for (const step of host) await run(step);
  for (const step of node) await run(['nsenter', ...target(namespace), '--net', '--mount', '--', ...step], { cwd: '/' });
  await run(['ip', 'route', 'add', network.range, 'via', network.node, 'dev', link]);
}

/** What the host sends never leaves by the egress, which leads to the host. */
const egressRules: readonly (readonly [string, ...string[]])[] = [
  ['iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'tap0', '-j', 'MASQUERADE'],
  ['iptables', '-A', 'FORWARD', '-i', 'eth0', '-o', 'tap0', '-j', 'REJECT'],
];

async function firstProcess(holder: ChildProcess): Promise<number> {
  const deadline = performance.now() + startMilliseconds;
  while (performance.now() < deadline && holder.exitCode === null && holder.pid !== undefined) {
    const pid = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim());
    if (pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pause')) return pid;
    await sleep(pollMilliseconds);
  }
  return fail(
    'E_LOCAL_DOWN',
    'node',
    undefined,
    'must get namespaces of its own',
    'run as root on a machine (or in a container) that permits unshare',
  );
}

function settingFile({ state }: NodeLayout, name: string): string {
  return join(state, 'kernel-settings', name.replaceAll('/', '.'));
}

function target(namespace: NodeNamespace): readonly [string, string] {
  return ['--target', String(namespace.pid)];
}
