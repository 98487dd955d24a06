import { stopCluster } from '../local/cluster/cluster.ts';
import { stateFolder, stopLocal } from '../local/local.ts';
import { removeWebhook } from '../local/webhook.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit } from './errors.ts';

export interface DownOptions {
  readonly purge?: boolean;
}

/** `fullcycle down`: ends every process that `up` started; with `--purge` removes what they kept. */
export async function run({ purge = false }: DownOptions, { project, output }: Context): Promise<ExitCode> {
  await output.step('stop the local environment', async () => {
    await stopCluster(project, { purge });
    // Nobody is there any more to be told of pushes; the next start of a cluster has them announced again.
    removeWebhook(stateFolder(project));
    await stopLocal(project, { purge });
  });
  output.print(
    purge ? 'Stopped, and removed what it kept.' : 'Stopped. Images and commits are kept for the next up; down --purge removes them.',
  );
  output.data({ stopped: true, purged: purge });
  return exit.ok;
}
