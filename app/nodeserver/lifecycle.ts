import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Readiness } from './app.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';

/** Milliseconds for the whole drain, delay included: inside the 30 s between SIGTERM and SIGKILL, with room to exit. */
export const drainBudget = 25_000;

/** What {@link serve} needs to know. */
export interface ServeOptions extends Pick<Config, 'host' | 'port' | 'drainDelay'> {
  /** Milliseconds. @default {@link drainBudget} */
  readonly drainBudget?: number;
  readonly readiness: Readiness;
  readonly log: Log;
}

/**
 * Serves until SIGTERM or SIGINT, then drains.
 * @returns the exit code: 0 when every request was answered, 1 when a second signal or the end of the budget cut some off
 * @throws when it can't listen
 */
export async function serve(handler: RequestListener, options: ServeOptions): Promise<number> {
  const signals = listenForSignals();
  try {
    const server = await listen(createHttpServer(handler), options);
    return await serveUntil(signals, server, options);
  } finally {
    signals.stop();
  }
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<Server> {
  server.listen({ host, port });
  await once(server, 'listening');
  return server;
}

async function serveUntil(signals: Signals, server: Server, options: ServeOptions): Promise<number> {
  const { drainDelay, readiness, log } = options;
  readiness.ready = true;
  log('info', 'listening', { address: format(server.address() as AddressInfo) });

  const signal = await signals.first;
  readiness.ready = false;
  log('info', 'draining', { signal, delay: `${drainDelay / 1000}s` });

  const cutOff = signals.second.then(() => 'second signal: exiting at once');
  const problem = await Promise.race([drain(server, drainDelay, options.drainBudget ?? drainBudget), cutOff]);
  server.close().closeAllConnections();
  log(problem ? 'error' : 'info', 'stopped', problem ? { error: problem } : {});
  return problem ? 1 : 0;
}

/** Keeps serving for the delay, since endpoints need a moment to leave this pod out, then lets requests in flight finish. */
async function drain(server: Server, delay: number, budget: number): Promise<string | undefined> {
  await setTimeout(delay, undefined, { ref: false });
  const closed = once(server, 'close').then(() => undefined);
  server.close();
  const late = setTimeout(budget - delay, `requests still in flight after ${budget / 1000}s`, { ref: false });
  return Promise.race([closed, late]);
}

function createHttpServer(handler: RequestListener): Server {
  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      // Longer than the 60 s for which proxies usually keep a connection, so that it is the proxy that closes it.
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
    },
    handler,
  );
  server.timeout = 10_000;
  // close() ends idle connections only: one that was answering would stay open until the keep-alive timeout.
  server.on('request', (request, response) => {
    response.once('finish', () => {
      if (!server.listening) request.socket.end();
    });
  });
  return server;
}

interface Signals {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<NodeJS.Signals>;
  readonly stop: () => void;
}

/** The listeners stay until `stop`, so that no signal falls between the first and the second. */
function listenForSignals(): Signals {
  const first = Promise.withResolvers<NodeJS.Signals>();
  const second = Promise.withResolvers<NodeJS.Signals>();
  const waiting = [first, second];
  const onSignal = (signal: NodeJS.Signals) => waiting.shift()?.resolve(signal);
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const stop = () => void process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
  return { first: first.promise, second: second.promise, stop };
}

function format({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
