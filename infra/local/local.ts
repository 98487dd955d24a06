import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Failure, fail, failIfAny } from '../delivery/errors.ts';
import { withLock } from '../delivery/git/lock.ts';
import { realTiming } from '../delivery/git/timing.ts';
import { type LocalEnvironment, localNames } from './addresses.ts';
import { type DaemonSpec, findDaemon, isStartable, startDaemon, stopDaemon } from './daemon.ts';
import { recordedDaemons } from './daemon-record.ts';
import { ensureGitopsRepository, gitDaemon } from './git-daemon.ts';
import { registryDaemon } from './registry.ts';
import { tool } from './tools.ts';

export interface StartOptions {
  /** Called with a line at a time. @default nothing is said */
  readonly onProgress?: (line: string) => void;
  /**
   * Addresses to listen on besides 127.0.0.1, read-only there: the ones pods and nodes reach this machine by. Remembered;
   * an address that no interface has is left out until it has one.
   * @default those of the last start
   */
  readonly hosts?: readonly string[];
}

export interface StopOptions {
  /** Remove everything kept too: images, the GitOps repo, ports, logs. @default false */
  readonly purge?: boolean;
}

/** What is remembered about a project's local environment, as `.fullcycle/local.json`. */
interface Settings {
  readonly ports: Ports;
  readonly hosts: readonly string[];
}

/** One port each, the same on every address. */
interface Ports {
  readonly registry: number;
  readonly gitops: number;
}

const loopback = '127.0.0.1';
/** Below the ports that Linux and macOS give to outgoing connections and Kubernetes to NodePorts. */
const firstPort = 20_000;
const portPairs = 5_000;
const patience = 600_000;
const ownNames = ['registry', 'git-server'] as const;

/**
 * Starts what doesn't run yet of a project's registry and GitOps server, and waits until both serve.
 * @throws Failure E_PORT_TAKEN when something else listens on the ports of an earlier start; E_TOOL; E_IO when `.fullcycle` can't be made;
 * E_LOCAL_DOWN with the log's last line
 */
export async function startLocal(projectDir: string, options: StartOptions = {}): Promise<LocalEnvironment> {
  const state = stateFolder(projectDir);
  makeFolder(state);
  return locked(state, options.onProgress, async () => {
    const remembered = readSettings(state);
    const hosts = options.hosts ?? remembered?.hosts ?? [];
    const [program] = await Promise.all([tool('registry', options), ensureGitopsRepository(state)]);
    const daemons = (ports: Ports) => specify(state, ports, hosts, program);
    const ports = remembered?.ports ?? (await choosePorts(state, daemons));
    await startAll(daemons(ports));
    writeSettings(state, { ports, hosts });
    return environment(ports);
  });
}

/** The project's local environment if all of it runs. */
export async function findLocal(projectDir: string): Promise<LocalEnvironment | undefined> {
  const state = stateFolder(projectDir);
  const settings = readSettings(state);
  if (!settings) return undefined;
  const running = await Promise.all(specify(state, settings.ports, []).map(({ name }) => findDaemon(state, name)));
  return running.every((daemon) => daemon !== undefined) ? environment(settings.ports) : undefined;
}

/** Stops a project's registry and GitOps server; with `purge` everything on record, and removes `.fullcycle`. Nothing to stop is fine. @throws Failure E_LOCAL_DOWN when one can't be ended */
export async function stopLocal(projectDir: string, options: StopOptions = {}): Promise<void> {
  const state = stateFolder(projectDir);
  if (!existsSync(state)) return;
  await locked(state, undefined, async () => {
    const settings = readSettings(state);
    const known = settings ? specify(state, settings.ports, settings.hosts) : [];
    const names = options.purge ? recordedDaemons(state) : ownNames;
    const argv = (name: string) => known.find((daemon) => daemon.name === name)?.argv;
    await Promise.all([...new Set([...names, ...ownNames])].map((name) => stopDaemon(state, name, { argv: argv(name) })));
    if (options.purge) rmSync(state, { recursive: true, force: true, maxRetries: 3 });
  });
}

/** Absolute path of a project's `.fullcycle`, the same by whatever way the project is reached. @throws Failure E_IO when there is no such project */
export function stateFolder(projectDir: string): string {
  try {
    return join(realpathSync(projectDir), '.fullcycle');
  } catch (cause) {
    return fail('E_IO', 'project', projectDir, 'must be a folder', 'give another one with -C', { cause });
  }
}

function makeFolder(state: string): void {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 });
  } catch (cause) {
    fail('E_IO', '.fullcycle', (cause as NodeJS.ErrnoException).code, 'must be a folder that can be written', `make ${state} one`, {
      cause,
    });
  }
}

function specify(state: string, ports: Ports, hosts: readonly string[], registry?: string): readonly DaemonSpec[] {
  const present = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
  const listen = (port: number) => [loopback, ...hosts.filter((host) => present.includes(host))].map((host) => `${host}:${port}`);
  return [registryDaemon(state, listen(ports.registry), registry), gitDaemon(state, listen(ports.gitops))];
}

function environment(ports: Ports): LocalEnvironment {
  return {
    registry: { address: `${loopback}:${ports.registry}` },
    gitops: { url: localNames.gitops, cloneUrl: `http://${loopback}:${ports.gitops}/gitops.git` },
  };
}

/** The first pair of neighbouring ports that is free, from one that the path decides: clones mostly differ, and a clone mostly stays the same. */
async function choosePorts(state: string, daemons: (ports: Ports) => readonly DaemonSpec[]): Promise<Ports> {
  const start = createHash('sha256').update(state).digest().readUInt32BE();
  for (let index = 0; index < portPairs; index += 1) {
    const registry = firstPort + 2 * ((start + index) % portPairs);
    const ports = { registry, gitops: registry + 1 };
    const startable = await Promise.all(daemons(ports).map(isStartable));
    if (startable.every(Boolean)) return ports;
  }
  return fail(
    'E_PORT_TAKEN',
    `ports ${firstPort}-${firstPort + 2 * portPairs - 1}`,
    undefined,
    'two must be free',
    'end what listens there',
  );
}

/** Both at once, and every problem of both. */
async function startAll(daemons: readonly DaemonSpec[]): Promise<void> {
  const errors = (await Promise.allSettled(daemons.map(startDaemon))).flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const failures = errors.filter((error) => error instanceof Failure);
  if (errors.length > failures.length) throw errors.find((error) => !(error instanceof Failure));
  failIfAny(failures.flatMap(({ problems }) => problems));
}

function locked<T>(state: string, onProgress: StartOptions['onProgress'], work: () => Promise<T>): Promise<T> {
  const onWait = (holder: string) => onProgress?.(`waiting: the local environment is being started or stopped ${holder}`);
  return withLock(join(state, 'lock'), '.fullcycle', { timing: realTiming(), patience, onWait }, work);
}

/** Undefined when there are none, or none that make sense. */
function readSettings(state: string): Settings | undefined {
  try {
    const { ports, hosts } = JSON.parse(readFileSync(join(state, 'local.json'), 'utf8')) as Settings;
    const isPort = (port: unknown) => Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536;
    return isPort(ports.registry) && isPort(ports.gitops) && Array.isArray(hosts) ? { ports, hosts } : undefined;
  } catch {
    return undefined;
  }
}

function writeSettings(state: string, settings: Settings): void {
  const file = join(state, 'local.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
