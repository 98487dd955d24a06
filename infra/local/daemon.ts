import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '../../charts/problem.ts';
import { fail, failIfAny } from '../delivery/errors.ts';
import { type Daemon, logFile, readRecord, removeRecord, saveRecord } from './daemon-record.ts';
import { findListeners, isFree } from './port.ts';
import { findProcess, identify, isRunning, type ProcessIdentity } from './process-identity.ts';

/** A program that outlives the command that starts it. */
export interface DaemonSpec {
  /** Name of its record and its log in `<state>/run`. */
  readonly name: string;
  /** Absolute folder of the local environment's state: `.fullcycle` of the project. */
  readonly state: string;
  readonly argv: readonly [string, ...string[]];
  /** @default the state folder */
  readonly cwd?: string;
  /** Added to PATH and HOME, the only variables it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** TCP addresses it listens on, `host:port` each. @default none */
  readonly listen?: readonly string[];
  /** True as soon as it serves. Called again and again; an exception counts as not yet. */
  readonly ready: () => Promise<boolean>;
  /** Milliseconds it may take until it is ready. @default 30000 */
  readonly timeout?: number;
}

const pollMilliseconds = 25;
const killMilliseconds = 5_000;

/**
 * Starts a daemon and waits until it is ready. One that already runs with the same arguments is kept, one with others is replaced.
 * @throws Failure E_PORT_TAKEN when something else listens on its addresses; E_LOCAL_DOWN when it ends or is not ready in time, it is stopped then
 */
export async function startDaemon(spec: DaemonSpec): Promise<Daemon> {
  const running = await findDaemon(spec.state, spec.name, spec.argv);
  if (running?.argv.join('\0') === spec.argv.join('\0')) return waitUntilReady(spec, running, () => 'ended');
  if (running) await stopDaemon(spec.state, spec.name);
  failIfAny(await takenPorts(spec));
  return launch(spec);
}

/** Whether the daemon could start: its addresses are free, or it has them itself. */
export async function isStartable(spec: DaemonSpec): Promise<boolean> {
  const running = await findDaemon(spec.state, spec.name, spec.argv);
  return running?.argv.join('\0') === spec.argv.join('\0') || (await takenPorts(spec)).length === 0;
}

async function takenPorts({ name, listen = [] }: DaemonSpec): Promise<Problem[]> {
  const problems = await Promise.all(
    listen.map(async (address): Promise<Problem[]> => {
      const { hostname, port } = new URL(`http://${address}`);
      if (await isFree(hostname.replace(/^\[|\]$/g, ''), Number(port))) return [];
      const [pid] = await findListeners(Number(port));
      const value = pid === undefined ? 'another process' : `process ${pid}`;
      const fix = 'end that process, or remove .fullcycle/local.json to choose other ports';
      return [{ code: 'E_PORT_TAKEN', field: `port ${port}`, value, rule: `${name} listens on ${address}`, fix }];
    }),
  );
  return problems.flat();
}

/** The daemon of this name if it runs. With `argv` it is found even when its record is lost, and put on record again. */
export async function findDaemon(state: string, name: string, argv?: readonly string[]): Promise<Daemon | undefined> {
  const daemon = readRecord(state, name);
  if (daemon && (await isRunning(daemon))) return daemon;
  const lost = argv && (await findProcess(argv));
  return lost && saveRecord(state, { name, ...lost, argv, log: logFile(state, name) });
}

/** Whether a URL answers with success; a way to tell that a daemon is ready. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer(); // a connection with an unread answer would keep the server from ending
  return response.ok;
}

/**
 * Ends the daemon of this name: SIGTERM, then SIGKILL after the timeout. A process that merely has its pid is left alone.
 * @param options.timeout milliseconds between the two signals; @default 10000
 * @returns false when it didn't run
 * @throws Failure E_LOCAL_DOWN when it can't be ended
 */
export async function stopDaemon(
  state: string,
  name: string,
  options: { timeout?: number; argv?: readonly string[] } = {},
): Promise<boolean> {
  const daemon = await findDaemon(state, name, options.argv);
  if (daemon && !(await end(daemon, 'SIGTERM', options.timeout ?? 10_000)) && !(await end(daemon, 'SIGKILL', killMilliseconds))) {
    fail('E_LOCAL_DOWN', name, `process ${daemon.pid}`, 'must end when it is killed', `end it by hand: kill -9 ${daemon.pid}`);
  }
  removeRecord(state, name);
  return daemon !== undefined;
}

async function launch(spec: DaemonSpec): Promise<Daemon> {
  const log = logFile(spec.state, spec.name);
  const child = spawnDetached(spec, log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
  const identity = child.pid === undefined ? undefined : await identify(child.pid);
  if (!identity) return explain(spec, log, await ended, 'must keep running');
  const daemon = saveRecord(spec.state, { name: spec.name, ...identity, argv: spec.argv, log });
  return waitUntilReady(spec, daemon, () => ended);
}

function spawnDetached(spec: DaemonSpec, log: string): ChildProcess {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'w', 0o600);
  const [file, ...args] = spec.argv;
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...spec.env };
  const child = spawn(file, args, { cwd: spec.cwd ?? spec.state, env, detached: true, stdio: ['ignore', output, output] });
  child.unref();
  closeSync(output);
  return child;
}

async function waitUntilReady(spec: DaemonSpec, daemon: Daemon, ended: () => string | Promise<string>): Promise<Daemon> {
  const timeout = spec.timeout ?? 30_000;
  const deadline = performance.now() + timeout;
  while (performance.now() < deadline) {
    const ready = (await spec.ready().catch(() => false)) && (await isListening(spec, daemon));
    if (!(await isRunning(daemon))) {
      removeRecord(spec.state, spec.name);
      return explain(spec, daemon.log, await ended(), 'must keep running');
    }
    if (ready) return daemon;
    await sleep(pollMilliseconds);
  }
  await stopDaemon(spec.state, spec.name);
  return explain(spec, daemon.log, 'stopped', `must be ready within ${timeout / 1000} s`);
}

/** False when it is something else that listens: started at the same time, it may have been faster, and answers in the daemon's place. */
async function isListening({ listen = [] }: DaemonSpec, { pid }: Daemon): Promise<boolean> {
  const listeners = await Promise.all(listen.map((address) => findListeners(Number(new URL(`http://${address}`).port))));
  return listeners.every((pids) => pids.length === 0 || pids.includes(pid));
}

function explain(spec: DaemonSpec, log: string, how: string, rule: string): never {
  const last = existsSync(log) && readFileSync(log, 'utf8').trim().split('\n').at(-1);
  fail('E_LOCAL_DOWN', spec.name, how, `${rule}: ${last || 'it said nothing'}`, `read ${log}`);
}

/** Sends the signal and waits; false when the process still runs after the timeout. */
async function end(identity: ProcessIdentity, signal: NodeJS.Signals, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  if (!(await isRunning(identity))) return true;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  while (await isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await sleep(pollMilliseconds);
  }
  return true;
}
