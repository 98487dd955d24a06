import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { forward } from '../../../infra/local/cluster/gateway.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(handle: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, handle).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Port of a forwarding to the target. */
async function forwardTo(port: number): Promise<number> {
  const server = await forward({ host: '127.0.0.1', port: 0 }, { host: '127.0.0.1', port });
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

it('passes everything on in both directions, also after one side has finished speaking', async () => {
  const sent = randomBytes(8 * 1024 * 1024);
  const port = await forwardTo(await serve((socket) => void buffer(socket).then((received) => socket.end(received))));
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  client.end(sent);
  const received = await buffer(client);
  expect(createHash('sha256').update(received).digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
});

it('ends the connection when nobody listens behind it', async () => {
  const closed = await serve(() => {});
  servers.pop()?.close();
  const client = connect({ port: await forwardTo(closed), host: '127.0.0.1' });
  client.on('error', () => {});
  client.resume();
  await once(client, 'close');
  expect(client.bytesRead).toBe(0);
});

it('ends the far side when the near one breaks off', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const port = await forwardTo(
    await serve((socket) => {
      socket.resume();
      socket.on('error', () => {});
      socket.on('end', () => resolve());
      socket.write('hello');
    }),
  );
  const client = connect({ port, host: '127.0.0.1' });
  await once(client, 'data');
  client.resetAndDestroy();
  await promise;
});

it('refuses a port that is taken', async () => {
  const taken = await serve(() => {});
  await expect(forward({ host: '127.0.0.1', port: taken }, { host: '127.0.0.1', port: 1 })).rejects.toThrow('EADDRINUSE');
});
