import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { ensureAuthority, issue } from '../../infra/local/cluster/certificates.ts';
import { kubeconfig } from '../../infra/local/cluster/kubeconfig.ts';

/** What was asked of an API server. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Common name of the client's certificate; undefined when it showed none that the authority has signed. */
  readonly user: string | undefined;
}

/** How it answers: with a status and a text, or not at all. */
export type Manner = { readonly status: number; readonly text: string } | 'silent';

/** An HTTPS server in an API server's place, with certificates of its own. */
export interface ApiServer extends AsyncDisposable {
  /** Text of a kubeconfig for it. */
  readonly kubeconfig: string;
  readonly asked: Asked[];
  /** How it answers from now on. */
  manner: Manner;
}

/** @param folder for its certificates */
export async function startApiServer(folder: string): Promise<ApiServer> {
  await ensureAuthority(folder, 'test');
  await issue(folder, [
    { name: 'server', commonName: 'api', usage: 'server', names: ['IP:127.0.0.1'] },
    { name: 'client', commonName: 'announcer', usage: 'client' },
  ]);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const tls = { ca: read('ca.crt'), cert: read('server.crt'), key: read('server.key'), requestCert: true, rejectUnauthorized: false };
  const asked: Asked[] = [];
  const server = createServer(tls, async (request, response) => {
    const socket = request.socket as TLSSocket;
    const user = socket.authorized ? (socket.getPeerCertificate().subject.CN as string) : undefined;
    const { method = '', url = '', headers } = request;
    asked.push({ method, path: url, headers, body: await text(request), user });
    if (api.manner !== 'silent') response.writeHead(api.manner.status, { 'content-type': 'text/plain' }).end(api.manner.text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const api: ApiServer = {
    kubeconfig: kubeconfig({
      name: 'test',
      server: `https://127.0.0.1:${port}`,
      authority: read('ca.crt'),
      certificate: read('client.crt'),
      key: read('client.key'),
    }),
    asked,
    manner: { status: 200, text: '' },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
  return api;
}
