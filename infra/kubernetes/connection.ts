import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestContext as Context } from '@kubernetes/client-node';
import { fail } from '../delivery/errors.ts';
import { ApiError, LoginFailed, Unreachable } from './api-error.ts';
import type { JsonObject } from './json.ts';
import { textAt } from './object.ts';

/** What is asked of an API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  /** A text is sent as it is: what is signed is its bytes. */
  readonly body?: JsonObject | string;
  /** @default application/json */
  readonly contentType?: string;
  /** More headers. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How often a broken connection or a busy server is tried. All requests here may be repeated without harm. @default 4 */
  readonly tries?: number;
  /** Milliseconds that each try may take. @default 30000 */
  readonly timeout?: number;
}

/** What an API server answers. */
export interface Reply {
  /** The answer as JSON; empty when it is something else. */
  readonly body: JsonObject;
  /** The answer as it came: logs are plain text. */
  readonly text: string;
  /** Texts of `Warning` headers. */
  readonly warnings: readonly string[];
}

/** An authenticated connection to one API server. */
export interface Connection {
  /** `https://host:port`. */
  readonly server: string;
  /** Namespace of the context; undefined when it names none. */
  readonly namespace: string | undefined;
  /** @throws ApiError when the server refuses; Unreachable when there is no answer */
  send(request: ApiRequest): Promise<Reply>;
}

const requestTimeout = 30_000;
const firstPause = 200;
const longestPause = 10_000;
const busy: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Errors of a connection that was never made. */
const neverSent =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CONNECT_TIMEOUT|CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/;

/**
 * Reads a kubeconfig and picks the context by name.
 * @param kubeconfig path, or text
 * @throws Failure E_CLUSTER when it can't be read or names no such context
 */
export async function connect(kubeconfig: string, context: string): Promise<Connection> {
  // Half a second of loading that only a configured provider needs.
  const { IsomorphicFetchHttpLibrary, KubeConfig, RequestContext } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (isText(kubeconfig)) config.loadFromString(kubeconfig);
    else config.loadFromFile(findFile(kubeconfig));
  } catch (cause) {
    fail('E_CLUSTER', 'kubeconfig', undefined, `must be the path or the text of a kubeconfig: ${firstLine(cause)}`, 'correct it', {
      cause,
    });
  }
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    fail('E_CLUSTER', 'context', context, `not in the kubeconfig: it has ${known.join(', ') || 'none'}`, 'name one of them');
  }
  config.setCurrentContext(context);
  const server = config.getCurrentCluster()?.server.replace(/\/$/, '');
  if (!server) fail('E_CLUSTER', 'context', context, 'its cluster is not in the kubeconfig', 'correct the kubeconfig');
  const library = new IsomorphicFetchHttpLibrary();
  let dispatcher: ReturnType<Context['getDispatcher']>;

  async function exchange({ method, path, body, contentType = 'application/json', headers = {}, signal, ...limits }: ApiRequest) {
    const request = new RequestContext(`${server}${path}`, method);
    await config.applySecurityAuthentication(request).catch((cause) => {
      throw new LoginFailed(firstLine(cause), { cause });
    });
    // It makes a dispatcher for each request; sharing the first one keeps connections open.
    dispatcher ??= request.getDispatcher();
    if (dispatcher) request.setDispatcher(dispatcher);
    request.setHeaderParam('Accept', 'application/json');
    if (body) request.setHeaderParam('Content-Type', contentType);
    if (body) request.setBody(typeof body === 'string' ? body : JSON.stringify(body));
    for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
    const timeout = AbortSignal.timeout(limits.timeout ?? requestTimeout);
    request.setSignal(signal ? AbortSignal.any([signal, timeout]) : timeout);
    const response = await library.send(request).toPromise();
    return { status: response.httpStatusCode, headers: response.headers, text: await response.body.text() };
  }

  return { server, namespace: config.getContextObject(context)?.namespace, send: (request) => persist(request, exchange) };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

async function persist(request: ApiRequest, exchange: (request: ApiRequest) => Promise<Answer>): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= (request.tries ?? 4);
    const answer = await exchange(request).catch((error: unknown) => {
      request.signal?.throwIfAborted();
      if (error instanceof LoginFailed) throw error;
      if (isLast) throw unreachable(error, request.timeout);
    });
    if (answer && (isLast || !busy.has(answer.status))) return reply(answer);
    const asked = Number(answer?.headers['retry-after']) * 1000;
    await sleep(Math.min(asked || firstPause * 2 ** (attempt - 1), longestPause), undefined, { signal: request.signal });
  }
}

function reply({ status, headers, text }: Answer): Reply {
  const body = parse(text);
  if (status >= 400) throw new ApiError(status, textAt(body, 'kind') === 'Status' ? body : { message: text.trim().slice(0, 400) });
  return { body, text, warnings: warnings(headers.warning ?? '') };
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** `299 - "text", 299 - "text"`: RFC 9110 before it dropped the header, as Kubernetes uses it. */
function warnings(header: string): string[] {
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
}

function unreachable(error: unknown, timeout = requestTimeout): Unreachable {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code = '', reason } = cause as NodeJS.ErrnoException & { reason?: string };
  const told = reason ? `TLS: ${reason}` : firstLine(cause) || code;
  const message = error instanceof DOMException ? `no answer within ${timeout / 1000} s` : told;
  return new Unreachable(message, !neverSent.test(`${code} ${message}`), { cause: error });
}

function isText(kubeconfig: string): boolean {
  return /^\s*[{#]|\n|^apiVersion:/.test(kubeconfig);
}

function findFile(path: string): string {
  const file = resolve(path.replace(/^~(?=\/|$)/, homedir()));
  if (!existsSync(file)) throw new Error(`no such file: ${file}`);
  return file;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
