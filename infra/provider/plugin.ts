import type { Provider } from './provider.ts';
import { serve } from './server.ts';

/**
 * Runs a provider as the engine's plugin: prints the port, serves, and ends with the engine, whose death closes stdin, or when told to.
 * The last argument is the engine's address; flags for logging come before it.
 */
export async function runPlugin(provider: Provider): Promise<void> {
  const engine = process.argv.slice(2).findLast((argument) => !argument.startsWith('-'));
  const server = await serve(provider, engine);
  const end = () => {
    server.close();
    process.stdin.destroy();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  process.stdin.once('close', end).once('end', end).resume();
  process.stdout.write(`${server.port}\n`);
}
