import { Server, ServerCredentials } from '@grpc/grpc-js';
import { connectLog } from './engine-log.ts';
import { methods } from './protocol.ts';
import type { Provider } from './provider.ts';
import { service } from './service.ts';

/** A provider that answers an engine. */
export interface ProviderServer {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Interrupts what is running and ends. */
  close(): void;
}

/** Properties come in one message, whatever their size: Argo CD's definitions alone take more than gRPC's default of 4 MiB. */
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** Serves a provider on a free port of 127.0.0.1. @param engine address of the engine's own service, for showing progress */
export async function serve(provider: Provider, engine?: string): Promise<ProviderServer> {
  const abort = new AbortController();
  const log = connectLog(engine);
  const server = new Server(unlimited);
  server.addService(methods, service(provider, log, abort));
  const bound = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? bound.reject(error) : bound.resolve(port)));
  const port = await bound.promise;
  const close = () => {
    abort.abort(new Error('interrupted'));
    server.forceShutdown();
    log.close();
  };
  return { port, close };
}
