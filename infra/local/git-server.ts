import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { devNull } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type GitRequest, mayWrite, parseGitRequest, type Refusal } from './git-request.ts';
import { readRefUpdate } from './push-event.ts';
import { announcePushes, type PushListener } from './push-listener.ts';

/** Largest request, in bytes. */
const maxRequestBytes = 512 * 1024 * 1024;
const requestMilliseconds = 600_000;
const headerMilliseconds = 10_000;
const stopMilliseconds = 5_000;
const maxConnections = 256;

/** Git's settings while it serves: the user's have no say. */
const gitSettings = {
  'http.receivepack': 'true',
  'receive.denyNonFastForwards': 'true',
  'receive.denyDeletes': 'true',
  'receive.fsckObjects': 'true',
  'receive.maxInputSize': String(maxRequestBytes),
  'uploadpack.allowFilter': 'true',
  'uploadpack.allowAnySHA1InWant': 'true',
  'gc.autoDetach': 'false',
} as const;

const tooLarge: Refusal = { status: 413, reason: `no request may be larger than ${maxRequestBytes} bytes` };
const writesRefused: Refusal = { status: 403, reason: 'pushes are taken over loopback only' };

/**
 * Serves one bare repository over git's smart HTTP protocol; pushes only over loopback. Start it with `listen`.
 * @param root absolute folder of the repository
 * @param listener is told of requests, and of what its hook says was pushed. @default nobody
 */
export function createGitServer(root: string, listener?: PushListener): Server {
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  const limits = { requestTimeout: requestMilliseconds, headersTimeout: headerMilliseconds };
  const server = createServer(limits, (request, response) => {
    answer({ root, backend, listener }, request, response).catch((error: unknown) => {
      console.error(`${request.method} ${request.url}: ${error}`);
      response.destroy();
    });
  });
  server.maxConnections = maxConnections;
  return server;
}

/** What is served, and how. */
interface Service {
  readonly root: string;
  /** Path of git-http-backend. */
  readonly backend: string;
  readonly listener?: PushListener;
}

async function answer({ root, backend, listener }: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const wanted = admit(request, basename(root));
  if ('status' in wanted) return refuse(response, wanted);
  listener?.asked();
  const child = start(backend, environment(root, wanted, request));
  hear(child.stdio[3] as Readable, listener);
  const stop = () => child.kill();
  const timer = setTimeout(stop, requestMilliseconds);
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received <= maxRequestBytes) return;
    refuse(response, tooLarge);
    stop();
  });
  child.on('error', (error) => console.error(error.message));
  // Git may answer before it has read everything; the rest of the request is of no use then.
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  response.once('close', stop);
  try {
    await forward(child.stdout, response);
  } finally {
    clearTimeout(timer);
  }
}

/** Descriptor 3 is for the repository's hook, which inherits it. */
function start(backend: string, env: NodeJS.ProcessEnv) {
  return spawn(backend, { env, stdio: ['pipe', 'pipe', 'inherit', 'pipe'] }) as ChildProcessByStdio<Writable, Readable, null>;
}

/** Passes on what the hook says was pushed. */
function hear(hook: Readable, listener: PushListener | undefined): void {
  hook.on('error', (error) => console.error(error.message));
  createInterface({ input: hook }).on('line', (line) => {
    const update = readRefUpdate(line);
    if (update) listener?.pushed(update);
  });
}

function admit(request: IncomingMessage, repository: string): GitRequest | Refusal {
  const wanted = parseGitRequest(request.method ?? '', request.url ?? '', repository);
  if ('status' in wanted) return wanted;
  if (wanted.writes && !mayWrite(request.socket.localAddress, request.headers.host)) return writesRefused;
  return Number(request.headers['content-length'] ?? 0) > maxRequestBytes ? tooLarge : wanted;
}

function refuse(response: ServerResponse, { status, reason }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${reason}\n`);
}

/** Variables of RFC 3875, as git-http-backend(1) reads them. */
function environment(root: string, wanted: GitRequest, request: IncomingMessage): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  const header = (name: string) => request.headers[name] as string | undefined;
  const settings = Object.entries(gitSettings).flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    PATH,
    HOME,
    ...Object.fromEntries(settings),
    GIT_CONFIG_COUNT: String(Object.keys(gitSettings).length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROJECT_ROOT: dirname(root),
    GIT_PROTOCOL: header('git-protocol'),
    PATH_INFO: `/${basename(root)}/${wanted.path}`,
    QUERY_STRING: wanted.query,
    REQUEST_METHOD: wanted.method,
    REMOTE_ADDR: request.socket.remoteAddress,
    CONTENT_TYPE: header('content-type'),
    CONTENT_LENGTH: header('content-length'),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
  };
}

/** Passes a CGI program's answer on: its header lines, then its bytes as they come. */
async function forward(output: Readable, response: ServerResponse): Promise<void> {
  const fields = (await readHeader(output)).split('\r\n').map((line) => line.split(/:\s*/, 2) as [string, string]);
  if (response.headersSent) return;
  const status = fields.find(([name]) => name.toLowerCase() === 'status')?.[1];
  response.writeHead(Number.parseInt(status ?? '200', 10), Object.fromEntries(fields.filter(([name]) => name.toLowerCase() !== 'status')));
  await pipeline(output, response);
}

async function readHeader(output: Readable): Promise<string> {
  let seen = Buffer.alloc(0);
  for await (const chunk of output.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf('\r\n\r\n');
    if (end === -1) continue;
    output.unshift(seen.subarray(end + 4));
    return seen.subarray(0, end).toString('latin1');
  }
  throw new Error('git-http-backend ended without an answer');
}

/** `node git-server.ts --root <bare repository> --listen <host:port>…` until SIGTERM; running requests may finish. */
function main(argv: readonly string[]): void {
  const { values } = parseArgs({ args: [...argv], options: { root: { type: 'string' }, listen: { type: 'string', multiple: true } } });
  if (!values.root || !values.listen) throw new Error('both --root and --listen are needed');
  const listener = announcePushes(values.root);
  for (const address of values.listen) {
    const { hostname, port } = new URL(`http://${address}`);
    const server = createGitServer(values.root, listener).listen(Number(port), hostname.replace(/^\[|\]$/g, ''));
    process.once('SIGTERM', () => {
      server.close();
      setTimeout(() => server.closeAllConnections(), stopMilliseconds).unref();
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
