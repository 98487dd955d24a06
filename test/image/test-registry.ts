import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { run } from '../../infra/delivery/process.ts';
import { registryDaemon } from '../../infra/local/registry.ts';
import { ensureTools } from '../../infra/local/tools.ts';
import { isRunning, startChild, stopChild } from './child.ts';

/** The real registry behind a door that notes who comes in. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** `METHOD /path` of every request so far that could change something. */
  readonly writes: readonly string[];
  /** Answers a request instead of the registry; undefined lets it through. */
  interfere: (method: string, path: string) => number | undefined;
  readonly crane: (...args: readonly string[]) => Promise<string>;
  /** Every entry of an image as `tar` lists it: mode, owner, size, time, name. */
  readonly listing: (reference: string) => Promise<readonly string[]>;
}

export async function startRegistry(): Promise<TestRegistry> {
  const state = mkdtempSync(join(tmpdir(), 'test-registry-'));
  const { crane, registry } = await ensureTools(['crane', 'registry']);
  const port = await freePort();
  const { argv, ready } = registryDaemon(state, [`127.0.0.1:${port}`], registry);
  const child = startChild(argv, join(state, 'log'));
  await untilReady(child, ready);
  const writes: string[] = [];
  const door = createServer((incoming, answer) => {
    const { method = '', url = '' } = incoming;
    if (method !== 'GET' && method !== 'HEAD') writes.push(`${method} ${url}`);
    const status = test.interfere(method, url);
    if (status) answer.writeHead(status).end();
    else forward(incoming, answer, port);
  });
  await listen(door);
  const test: TestRegistry = {
    address: `127.0.0.1:${(door.address() as AddressInfo).port}`,
    writes,
    interfere: () => undefined,
    crane: async (...args) => (await run([crane, ...args])).stdout.trim(),
    listing: async (reference) => {
      const file = join(state, 'export.tar');
      await run([crane, 'export', reference, file]);
      const { stdout } = await run(['tar', '--list', '--verbose', '--numeric-owner', `--file=${file}`], { env: { TZ: 'UTC' } });
      return stdout.trim().split('\n');
    },
    [Symbol.asyncDispose]: async () => {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
      await stopChild(child);
      rmSync(state, { recursive: true });
    },
  };
  return test;
}

/** A server that answers everything with one status and body. */
export async function startRefusal(status: number, body = ''): Promise<{ address: string } & AsyncDisposable> {
  const server = createServer((_, answer) => answer.writeHead(status, { 'www-authenticate': 'Basic realm="test"' }).end(body));
  await listen(server);
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function untilReady(child: ChildProcess, ready: () => Promise<boolean>): Promise<void> {
  while (!(await ready().catch(() => false))) {
    if (!isRunning(child)) throw new Error('the registry ended before it was ready');
    await setTimeout(25);
  }
}

function forward(incoming: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  incoming.pipe(onward);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

export function freePort(): Promise<number> {
  const socket = createSocket();
  return new Promise((resolve) => {
    socket.listen(0, '127.0.0.1', () => {
      const { port } = socket.address() as AddressInfo;
      socket.close(() => resolve(port));
    });
  });
}
