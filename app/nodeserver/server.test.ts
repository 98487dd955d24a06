import assert from 'node:assert/strict';
import { Agent, createServer, get, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createApp } from './app.ts';
import { serve } from './lifecycle.ts';
import { createLog, type Log } from './log.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Starts the real server on a free loopback port, with a path /slow that answers only once released. */
async function start(drainDelay: number, drainBudget?: number) {
  const lines: Line[] = [];
  const log: Log = createLog('debug', (line) => lines.push(JSON.parse(line)));
  const readiness = { ready: false };
  const app = createApp({ commit: '1a2b3c4', build: 'dev' }, readiness, log);
  const release = Promise.withResolvers<void>();
  let inFlight = 0;
  const handler: RequestListener = async (request, response) => {
    if (request.url !== '/slow') return app(request, response);
    inFlight++;
    await release.promise;
    response.end('done');
  };
  const stopped = serve(handler, { host: '127.0.0.1', port: 0, drainDelay, drainBudget, readiness, log });
  const message = (msg: string) => lines.find((line) => line.msg === msg);
  await until('listening', () => message('listening') !== undefined);
  const url = `http://${message('listening')?.address}`;
  return { url, lines, message, stopped, release: release.resolve, inFlight: () => inFlight };
}

/** Rejects when the connection breaks before the whole answer. */
function ask(url: string, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body })).on('error', reject);
    }).on('error', reject);
  });
}

async function until(what: string, reached: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`not ${what} within 5 s`);
    await setTimeout(5);
  }
}

test('SIGTERM drains without dropping a request, keep-alive connections included', async () => {
  const server = await start(2000);
  const agent = new Agent({ keepAlive: true });
  const answers = Array.from({ length: 20 }, () => ask(`${server.url}/slow`, agent));
  await until('in flight', () => server.inFlight() === 20);

  process.kill(process.pid, 'SIGTERM');
  await until('draining', async () => (await ask(`${server.url}/readyz`)).status === 503);
  assert.deepEqual(await ask(`${server.url}/`), { status: 200, body: 'Hello World' });
  const refused = async () => (await ask(`${server.url}/`).catch((error: NodeJS.ErrnoException) => error.code)) === 'ECONNREFUSED';
  await until('closed to new connections', refused);

  server.release();
  assert.deepEqual(await Promise.all(answers), Array(20).fill({ status: 200, body: 'done' }));
  const released = Date.now();
  assert.equal(await server.stopped, 0);
  assert.ok(Date.now() - released < 2000, 'kept waiting for connections that had been answered');
  assert.deepEqual([server.message('draining')?.signal, server.message('draining')?.delay], ['SIGTERM', '2s']);
});

test('a second signal stops at once', async () => {
  const server = await start(15_000);
  process.kill(process.pid, 'SIGTERM');
  await until('draining', () => server.message('draining') !== undefined);
  process.kill(process.pid, 'SIGINT');
  assert.equal(await server.stopped, 1);
  assert.equal(server.message('stopped')?.error, 'second signal: exiting at once');
});

test('a drain past its budget fails', { timeout: 5000 }, async () => {
  const server = await start(0, 300);
  const cut = ask(`${server.url}/slow`).catch((error: NodeJS.ErrnoException) => error.code);
  await until('in flight', () => server.inFlight() === 1);
  process.kill(process.pid, 'SIGTERM');
  assert.equal(await server.stopped, 1);
  assert.equal(server.message('stopped')?.error, 'requests still in flight after 0.3s');
  assert.equal(await cut, 'ECONNRESET');
});

test('a port that is taken is an error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await until('listening', () => other.listening);
  const { port } = other.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, drainDelay: 0, readiness: { ready: false }, log: () => {} };
  await assert.rejects(
    serve(() => {}, options),
    { code: 'EADDRINUSE' },
  );
  assert.deepEqual([options.readiness.ready, process.listenerCount('SIGTERM')], [false, 0]);
  other.close();
});

test('an error in a handler is logged, and the client is told nothing', async () => {
  const lines: Line[] = [];
  const log = createLog('info', (line) => lines.push(JSON.parse(line)));
  const config = { commit: '1a2b3c4', build: 'dev' };
  Object.defineProperty(config, 'build', { get: () => assert.fail('the canary') });
  const server = createServer(createApp(config, { ready: true }, log)).listen(0, '127.0.0.1');
  await until('listening', () => server.listening);
  const answer = await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}/version`);
  server.close();
  assert.deepEqual(answer, { status: 500, body: 'Internal Server Error\n' });
  assert.deepEqual(
    lines.map(({ level, msg, error, status }) => ({ level, msg, error, status })),
    [
      { level: 'ERROR', msg: 'request failed', error: 'the canary', status: undefined },
      { level: 'INFO', msg: 'request', error: undefined, status: 500 },
    ],
  );
});

test('requests are logged without their query, probes only at debug', async () => {
  const server = await start(0);
  await ask(`${server.url}/missing%20page?token=canary`);
  await ask(`${server.url}/healthz`);
  process.kill(process.pid, 'SIGTERM');
  assert.equal(await server.stopped, 0);
  const requests = server.lines.filter((line) => line.msg === 'request');
  assert.deepEqual(
    requests.map(({ level, method, path, status }) => ({ level, method, path, status })),
    [
      { level: 'INFO', method: 'GET', path: '/missing%20page', status: 404 },
      { level: 'DEBUG', method: 'GET', path: '/healthz', status: 200 },
    ],
  );
  assert.ok(requests.every((line) => typeof line.duration_ms === 'number' && line.duration_ms >= 0));
});
