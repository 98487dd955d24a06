import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../infra/delivery/process.ts';
import { ask, askWhile, connectAndSend } from './client.ts';
import { type Ended, RunningServer } from './running-server.ts';

const folder = (service: string) => fileURLToPath(new URL(`../../app/${service}`, import.meta.url));
const loopback = { HOST: '127.0.0.1', PORT: '0', DRAIN_DELAY: '0s' };
let temporary: string;

const servers = [
  {
    service: 'goserver',
    hello: 'Hello Full Cycle',
    build: 'inputs-0f',
    env: {},
    prepare: () =>
      run(['go', 'build', '-ldflags', '-X main.build=inputs-0f', '-o', join(temporary, 'goserver'), '.'], inFolder('goserver')),
    argv: (): [string] => [join(temporary, 'goserver')],
  },
  {
    service: 'nodeserver',
    hello: 'Hello World',
    build: 'inputs-0f',
    env: { APP_BUILD: 'inputs-0f' },
    prepare: async () => {
      if (!existsSync(join(folder('nodeserver'), 'node_modules'))) await run(['npm', 'ci', '--ignore-scripts'], inFolder('nodeserver'));
    },
    argv: (): [string, string] => [process.execPath, join(folder('nodeserver'), 'server.ts')],
  },
] as const;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'fullcycle-contract-'));
});
afterAll(() => rm(temporary, { recursive: true }));

describe.each(servers)('$service', ({ service, hello, build, env, prepare, argv }) => {
  const start = (more: Readonly<Record<string, string>> = {}) => new RunningServer(argv(), { ...loopback, ...env, ...more });
  let server: RunningServer;
  let url: string;

  beforeAll(async () => {
    await prepare();
    server = start({ APP_COMMIT: '1a2b3c4d', LOG_LEVEL: 'debug' });
    url = await server.listening();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const plain = 'text/plain; charset=utf-8';
  const json = 'application/json; charset=utf-8';
  const version = JSON.stringify({ service, commit: '1a2b3c4d', build });
  const notFound = '404 page not found\n';

  test.each([
    { method: 'GET', path: '/', status: 200, type: plain, body: hello },
    { method: 'GET', path: '/?name=value', status: 200, type: plain, body: hello },
    { method: 'HEAD', path: '/', status: 200, type: plain, body: '' },
    { method: 'GET', path: '/healthz', status: 200, type: plain, body: 'ok' },
    { method: 'GET', path: '/readyz', status: 200, type: plain, body: 'ready' },
    { method: 'GET', path: '/version', status: 200, type: json, body: version },
    { method: 'GET', path: '/other', status: 404, type: plain, body: notFound },
    { method: 'GET', path: '/healthz/', status: 404, type: plain, body: notFound },
    { method: 'GET', path: '/HEALTHZ', status: 404, type: plain, body: notFound },
    { method: 'GET', path: '/%3Cscript%3E', status: 404, type: plain, body: notFound },
    { method: 'POST', path: '/', status: 405, type: plain, body: 'Method Not Allowed\n', allow: 'GET, HEAD' },
    { method: 'OPTIONS', path: '/version', status: 405, type: plain, body: 'Method Not Allowed\n', allow: 'GET, HEAD' },
  ])('answers $method $path with $status', async ({ method, path, status, type, body, allow }) => {
    const answer = await ask(url + path, { method });
    expect({ ...answer, body: type === json ? answer.body.trim() : answer.body }).toMatchObject({ status, body });
    expect(answer.headers).toMatchObject({ 'content-type': type });
    expect(answer.headers.allow).toBe(allow);
    expect(answer.headers.connection).not.toBe('close');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });

  test('logs each request as a JSON line without its query, probes at debug', async () => {
    await ask(`${url}/log%20me?token=canary`);
    await ask(`${url}/healthz`);
    const logged = async (path: string) => {
      for (let tries = 0; tries < 100; tries++) {
        const line = server.log().findLast((entry) => entry.msg === 'request' && entry.path === path);
        if (line) return line;
        await setTimeout(10);
      }
    };
    const fields = { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), msg: 'request', method: 'GET', duration_ms: expect.any(Number) };
    expect(await logged('/log%20me')).toEqual({ ...fields, level: 'INFO', path: '/log%20me', status: 404 });
    expect(await logged('/healthz')).toEqual({ ...fields, level: 'DEBUG', path: '/healthz', status: 200 });
    expect(JSON.stringify(server.log())).not.toContain('canary');
  });

  test('refuses headers over 32 KiB', async () => {
    const answer = await ask(url, { headers: { 'X-Large': 'x'.repeat(32 * 1024) } });
    expect(answer.status).toBe(431);
  });

  test('hangs up on a client that never finishes its headers', async () => {
    const started = Date.now();
    await connectAndSend(url, 'GET / HTTP/1.1\r\nHost: a\r\n').closed;
    expect(Date.now() - started).toBeGreaterThan(4_000);
    expect(Date.now() - started).toBeLessThan(9_000);
  });

  test('says unknown when no commit is given', async () => {
    await using other = start();
    const answer = await ask(`${await other.listening()}/version`);
    expect(JSON.parse(answer.body)).toEqual({ service, commit: 'unknown', build });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s: not ready first, still serving, then exit 0', async (signal) => {
    await using other = start({ DRAIN_DELAY: '2s' });
    const address = await other.listening();
    const unfinished = connectAndSend(address, 'GET / HTTP/1.1\r\n');
    other.child.kill(signal);
    await other.logged('draining');

    expect(await ask(`${address}/readyz`)).toMatchObject({ status: 503, body: 'not ready\n', headers: { connection: 'close' } });
    expect(await ask(`${address}/healthz`)).toMatchObject({ status: 200 });
    expect(await ask(`${address}/`)).toMatchObject({ status: 200, body: hello, headers: { connection: 'close' } });
    unfinished.socket.write('Host: a\r\n\r\n');
    expect(await unfinished.closed).toMatch(new RegExp(`^HTTP/1.1 200 OK\r\n[^]*\r\n\r\n${hello}$`));

    const { code, stderr } = await other.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(other.log().filter(({ msg }) => msg !== 'request')).toMatchObject([
      { level: 'INFO', msg: 'listening' },
      { level: 'INFO', msg: 'draining', signal, delay: '2s' },
      { level: 'INFO', msg: 'stopped' },
    ]);
  });

  test('clients that leave when it is no longer ready lose no request', async () => {
    await using other = start({ DRAIN_DELAY: '3s' });
    const address = await other.listening();
    let ready = true;
    const clients = Array.from({ length: 8 }, () => askWhile(`${address}/`, () => ready));
    await setTimeout(300);
    other.child.kill('SIGTERM');
    while (ready) {
      ready = (await ask(`${address}/readyz`)).status === 200;
      await setTimeout(50);
    }
    const answers = (await Promise.all(clients)).flat();
    expect(answers.length).toBeGreaterThan(8);
    expect(answers.filter((answer) => answer !== `200 ${hello}`)).toEqual([]);
    expect((await other.ended).code).toBe(0);
  });

  test('exits at once, with 1, on a second signal', async () => {
    await using other = start({ DRAIN_DELAY: '15s' });
    await other.listening();
    other.child.kill('SIGTERM');
    await other.logged('draining');
    const signalled = Date.now();
    other.child.kill('SIGTERM');
    const ended = await other.ended;
    expect(ended.code).toBe(1);
    expect(Date.now() - signalled).toBeLessThan(2_000);
    expect(lastLine(ended)).toMatchObject({ level: 'ERROR', msg: 'stopped', error: 'second signal: exiting at once' });
  });

  test('exits with 1 when the port is taken', async () => {
    await using other = start({ PORT: new URL(url).port });
    const ended = await other.ended;
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatchObject({
      level: 'ERROR',
      msg: 'cannot listen',
      error: expect.stringContaining('address already in use'),
    });
  });

  test.each<{ env: Record<string, string>; lines: string[] }>([
    { env: { PORT: 'http' }, lines: ['PORT: "http" is not a whole number from 0 to 65535'] },
    { env: { PORT: '65536' }, lines: ['PORT: "65536" is not a whole number from 0 to 65535'] },
    { env: { HOST: 'localhost' }, lines: ['HOST: "localhost" is not an IP address'] },
    { env: { DRAIN_DELAY: '16s' }, lines: ['DRAIN_DELAY: "16s" is not from 0s to 15s, written like 5s or 500ms'] },
    { env: { LOG_LEVEL: 'INFO' }, lines: ['LOG_LEVEL: "INFO" is not debug, info, warn or error'] },
    {
      env: { APP_COMMIT: 'a b', PORT: '-1' },
      lines: [
        'PORT: "-1" is not a whole number from 0 to 65535',
        'APP_COMMIT: "a b" is not a commit: 1 to 128 letters, digits, dots, dashes and underscores',
      ],
    },
  ])('refuses $env with exit code 2', async ({ env: bad, lines }) => {
    await using other = start(bad);
    const stderr = lines.map((line) => `${service}: ${line}\n`).join('');
    expect(await other.ended).toEqual({ code: 2, stdout: '', stderr });
  });
});

function inFolder(service: string) {
  return { cwd: folder(service), env: { GOTOOLCHAIN: 'local', GOFLAGS: '-trimpath -buildvcs=false' } };
}

function lastLine({ stdout }: Ended): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}
