import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run, tryRun } from '../../infra/delivery/process.ts';
import { build } from '../../infra/local/tool-build.ts';
import { cacheFolder, unpackPackages } from './apt.ts';
import { isRunning, startChild, stopChild } from './child.ts';

/** Docker as Debian packs it, what it runs, and a network for it that needs nothing of the host's. */
const packages = [
  'docker.io',
  'containerd',
  'runc',
  'tini',
  'libdevmapper1.02.1',
  'iptables',
  'libip4tc2',
  'libip6tc2',
  'libxtables12',
  'libmnl0',
  'libnftnl11',
  'libnetfilter-conntrack3',
  'libnfnetlink0',
  'slirp4netns',
  'libslirp0',
  'libglib2.0-0',
  'libseccomp2',
];

/** A Docker daemon of the test's own. */
export interface DockerDaemon extends AsyncDisposable {
  /** Environment that makes `docker` talk to it; the client is Debian's, with BuildKit built in. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs the client. */
  docker(...args: readonly string[]): Promise<string>;
}

/** Gives the client the buildx plugin, as current Docker installations have it; the result takes it away again. */
export async function addBuildx({ env }: DockerDaemon): Promise<Disposable> {
  const name = 'docker-buildx';
  const tool = { group: 'buildx', package: 'github.com/docker/buildx/cmd/buildx', version: 'v0.30.1' };
  const cache = join(cacheFolder, 'tools');
  const built = await build(
    { module: fileURLToPath(new URL('buildx', import.meta.url)), tools: { [name]: tool }, seconds: 200, cache, env: process.env },
    [name],
    () => {},
  );
  const plugins = join(env.DOCKER_CONFIG ?? '', 'cli-plugins');
  mkdirSync(plugins);
  symlinkSync(join(built, name), join(plugins, name));
  return { [Symbol.dispose]: () => rmSync(plugins, { recursive: true }) };
}

/**
 * Starts a daemon with its socket, images and settings in a temporary folder and with a network namespace of its own, so that
 * neither its bridge nor its packet filter touch the machine; user-mode networking leads from there to the outside. Takes root.
 * @throws when the machine can't run it, with the daemon's last words
 */
export async function startDocker(): Promise<DockerDaemon> {
  const root = await unpackPackages(packages);
  const folder = mkdtempSync(join(tmpdir(), 'docker-'));
  const env = clientEnvironment(root, folder);
  const daemonEnv = { ...env, LD_LIBRARY_PATH: libraryPath(root) };
  mkdirSync(join(folder, 'config'));
  writeFileSync(join(folder, 'daemon.json'), '{}');
  const daemon = startChild(daemonCommand(root, folder), join(folder, 'log'), daemonEnv);
  const children: ChildProcess[] = [daemon];
  try {
    await waitForDaemon(daemon, folder, env);
    const network = startChild(
      [join(root, 'usr/bin/slirp4netns'), '--configure', '--disable-host-loopback', String(daemon.pid), 'tap0'],
      join(folder, 'network.log'),
      daemonEnv,
    );
    children.unshift(network);
  } catch (error) {
    await stop(children, folder);
    throw error;
  }
  return {
    env,
    docker: async (...args) => (await run(['docker', ...args], { env })).stdout.trim(),
    [Symbol.asyncDispose]: () => stop(children, folder),
  };
}

function libraryPath(root: string): string {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  return ['usr/lib', 'lib'].map((part) => join(root, part, triplet)).join(':');
}

function clientEnvironment(root: string, folder: string): NodeJS.ProcessEnv {
  const path = ['usr/bin', 'usr/sbin', 'sbin', 'bin'].map((part) => join(root, part));
  return {
    ...process.env,
    PATH: [...path, process.env.PATH].join(':'),
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    DOCKER_CONFIG: join(folder, 'config'),
    DOCKER_BUILDKIT: undefined,
  };
}

function daemonCommand(root: string, folder: string): string[] {
  const options = {
    host: `unix://${folder}/docker.sock`,
    'data-root': join(folder, 'data'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'pid'),
    'config-file': join(folder, 'daemon.json'),
  };
  return ['unshare', '--net', join(root, 'usr/sbin/dockerd'), ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)];
}

async function waitForDaemon(daemon: ChildProcess, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline && isRunning(daemon)) {
    if ((await tryRun(['docker', 'version'], { env })).exitCode === 0) return;
    await setTimeout(100);
  }
  const words = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').slice(-5).join('\n');
  throw new Error(`this machine can't run a Docker daemon, which these tests need (root on Linux with overlay file systems):\n${words}`);
}

async function stop(children: readonly ChildProcess[], folder: string): Promise<void> {
  for (const child of children) await stopChild(child);
  // Its mounts go a moment after it. Node would try each folder on the way to one of them again and again.
  for (let tries = 0; (await tryRun(['rm', '-rf', folder])).exitCode !== 0 && tries < 20; tries += 1) await setTimeout(250);
}
