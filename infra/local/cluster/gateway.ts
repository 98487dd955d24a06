import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { pipeline } from 'node:stream';

/** A TCP address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Passes TCP connections on to another address: the API server has a network of its own, and is expected on loopback. */
export async function forward(from: Address, to: Address): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...to, allowHalfOpen: true, noDelay: true });
    // A connection that breaks off is ended on the other side too; there is no one to tell.
    pipeline(client, upstream, () => {});
    pipeline(upstream, client, () => {});
  });
  server.listen({ ...from, backlog: 1024 });
  await once(server, 'listening');
  return server;
}
