import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGitServer } from '../../infra/local/git-server.ts';

/** Looks at a request before the Git server does. True when it has answered, or will. */
export type Front = (request: IncomingMessage, response: ServerResponse, pass: () => void) => boolean;

/** A bare repository over smart HTTP on loopback, behind whatever a test puts in front of it. */
export class HttpRemote {
  readonly #git: Server;
  readonly #server: Server;
  /** @default lets everything through */
  front: Front = () => false;
  /** `METHOD path` of every request. */
  readonly seen: string[] = [];

  constructor(bare: string) {
    this.#git = createGitServer(bare);
    this.#server = createServer((request, response) => {
      this.seen.push(`${request.method} ${request.url?.split('?')[1] ?? request.url?.split('/').at(-1)}`);
      const pass = () => void this.#git.emit('request', request, response);
      if (!this.front(request, response, pass)) pass();
    });
  }

  /** Address of the repository; a port of 0 takes a free one. */
  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/gitops.git`;
  }

  /** Hands a push to the Git server, lets it finish, and cuts the line before a byte of the answer is seen. */
  cutAnswer(request: IncomingMessage): void {
    const { port } = this.#server.address() as AddressInfo;
    const headers = { ...request.headers, 'x-forwarded': 'yes' };
    const passed = forward({ host: '127.0.0.1', port, path: request.url, method: request.method, headers }, (answer) => {
      answer.resume().on('end', () => request.socket.destroy());
    });
    request.pipe(passed);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A free port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
