import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { clean } from '../../delivery/errors.ts';

/** How a component fares. */
export interface ComponentStatus {
  readonly name: string;
  /** `waiting` for what it needs; `starting`, not ready yet; `ready`; `done`, nothing left to do; `failed`, to be started again. */
  readonly state: 'waiting' | 'starting' | 'ready' | 'done' | 'failed';
  /** Times it was started again. */
  readonly restarts: number;
  /** How it last ended and the last line it wrote. */
  readonly failure?: string;
}

/** A process to keep running. */
export interface Watched {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of its log, emptied at the first start. */
  readonly log: string;
  /** True when it is done after it has ended with exit code 0. */
  readonly once: boolean;
  /** Settles when it may start. */
  readonly mayStart: Promise<unknown>;
  /** True as soon as it serves. @param since when it was started, milliseconds since 1970 */
  readonly probe: (since: number) => Promise<boolean>;
  readonly onChange: (status: ComponentStatus) => void;
  /** Aborts when it is no longer to be watched: nothing is started or reported after that. The process is left to whoever aborts. */
  readonly signal: AbortSignal;
}

const probeMilliseconds = 50;
/** A dump of goroutines is longer; what matters comes before it. */
const tailLines = 500;
const firstBackoff = 250;
const longestBackoff = 30_000;
/** Milliseconds after which a process that ends counts as having run well: it is started again without delay. */
const healthyMilliseconds = 30_000;

/** Keeps a process running: starts it again when it ends, at growing intervals when it ends soon. Settles when a process that runs once is done. */
export async function keepRunning(watched: Watched): Promise<void> {
  const { name, signal } = watched;
  const report = (status: Omit<ComponentStatus, 'name'>) => {
    if (!signal.aborted) watched.onChange({ name, ...status });
  };
  report({ state: 'waiting', restarts: 0 });
  await watched.mayStart;
  let backoff = firstBackoff;
  let failure: string | undefined;
  for (let restarts = 0; !signal.aborted; restarts += 1) {
    const started = performance.now();
    report({ state: 'starting', restarts, failure });
    const child = launch(watched, restarts === 0 ? 'w' : 'a');
    const ended = ending(child);
    void reportReady(watched, child, () => report({ state: 'ready', restarts, failure }));
    const how = await ended;
    if (watched.once && how === 'exit 0') return report({ state: 'done', restarts });
    failure = `${how}: ${lastWords(watched.log)}`;
    report({ state: 'failed', restarts, failure });
    backoff = performance.now() - started > healthyMilliseconds ? firstBackoff : Math.min(backoff * 2, longestBackoff);
    await sleep(backoff, undefined, { signal }).catch(() => {});
  }
}

function launch({ argv: [file, ...args], env, log }: Watched, flag: 'w' | 'a'): ChildProcess {
  const output = openSync(log, flag, 0o600);
  const child = spawn(file, args, { cwd: '/', env, stdio: ['ignore', output, output] });
  closeSync(output);
  return child;
}

function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
}

async function reportReady({ probe, once, signal }: Watched, child: ChildProcess, report: () => void): Promise<void> {
  if (once) return;
  const since = Date.now();
  const runs = () => child.exitCode === null && child.signalCode === null && !signal.aborted;
  while (runs()) {
    const ready = await probe(since).catch(() => false);
    if (ready && runs()) return report();
    await sleep(probeMilliseconds);
  }
}

/** The line that tells why a program ended: where Go says that it gives up, else the last one. */
function lastWords(log: string): string {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-tailLines) : [];
  const givingUp = lines.find((line) => /"level":"(fatal|panic)"|^panic: |^fatal error: /.test(line));
  return clean(givingUp ?? lines.at(-1) ?? '').slice(0, 400) || 'it said nothing';
}
