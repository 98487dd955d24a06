/** Exit code of a program that was ended before its time, as shells tell it of SIGTERM. */
export const stoppedCode = 143;
/** Milliseconds that a program gets to end by itself once it was asked to. */
const farewell = 5_000;
/** Leaders of the groups that run, to be ended when this process ends. */
const running = new Set<number>();

/**
 * Ends a process group after the timeout (milliseconds), at the signal, or when this process ends.
 * @param leader its leader's pid; undefined when the program could not be started
 * @returns to be called when the program has ended: tells why it was ended before its time, if it was
 */
export function superviseGroup(leader: number | undefined, timeout: number, signal: AbortSignal | undefined): () => string | undefined {
  if (leader === undefined) return () => undefined;
  let stopped: string | undefined;
  const stop = (why: string): void => {
    if (stopped) return;
    stopped = why;
    killGroup(leader, 'SIGTERM');
    setTimeout(() => running.has(leader) && killGroup(leader, 'SIGKILL'), farewell).unref();
  };
  const onAbort = () => stop('interrupted');
  const timer = setTimeout(() => stop(`timed out after ${timeout / 1000} s`), timeout);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (running.size === 0) process.on('exit', killAll);
  running.add(leader);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    running.delete(leader);
    if (running.size === 0) process.removeListener('exit', killAll);
    return stopped;
  };
}

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // it has ended since
  }
}

function killAll(): void {
  for (const leader of running) killGroup(leader, 'SIGKILL');
}
