import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** Starts a program that is told to end when this process ends, however that happens; what it says goes to a file. */
export function startChild(argv: readonly string[], log: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const output = openSync(log, 'w');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...argv], { env, stdio: ['ignore', output, output] });
  closeSync(output);
  child.on('error', () => {});
  return child;
}

/** Whether it was started and has not ended. */
export function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Ends it and waits until it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
