import { createApp, type Readiness } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { serve } from './lifecycle.ts';
import { createLog } from './log.ts';

process.exit(await main());

/** Serves until it is told to stop. A bad environment is one plain line for each bad value on stderr, and exit code 2. */
async function main(): Promise<number> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const log = createLog(config.logLevel, (line) => process.stdout.write(line));
  const readiness: Readiness = { ready: false };
  try {
    return await serve(createApp(config, readiness, log), { ...config, readiness, log });
  } catch (error) {
    log('error', 'cannot listen', { error: error instanceof Error ? error.message : String(error) });
    return 1;
  }
}
