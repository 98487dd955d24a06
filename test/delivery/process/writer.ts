import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { defaultIdentity } from '../../../infra/delivery/git/identity.ts';
import { Repository } from '../../../infra/delivery/git/repository.ts';
import { realTiming } from '../../../infra/delivery/git/timing.ts';
import { publish } from '../../../infra/delivery/plan/publish.ts';
import { strict, wanted } from '../desired.ts';

/** One writer of the GitOps repo, in a process of its own. */
export interface WriterOptions {
  readonly url: string;
  readonly cacheDir: string;
  readonly environment: string;
  /** Published one after the other. */
  readonly versions: readonly string[];
  /** File to wait for, so that many start at once. */
  readonly barrier?: string;
  /** File that gets a line per version. */
  readonly report: string;
  /** Ends itself with SIGKILL when this step begins for the n-th time. */
  readonly killAt?: readonly [step: string, time: number];
}

/** A line of the report. */
export interface WriterLine {
  readonly environment: string;
  readonly version: string;
  readonly commit: string | null;
  readonly retries: number;
  readonly milliseconds: number;
}

const options = JSON.parse(process.argv[2] ?? '') as WriterOptions;
const { url, cacheDir, environment, killAt } = options;
const repository = new Repository({ url, cacheDir, branch: 'main', allowLocal: true });
while (options.barrier && !existsSync(options.barrier)) await setTimeout(5);
for (const version of options.versions) {
  const start = performance.now();
  let seen = 0;
  const { commit, retries } = await publish({
    repository,
    environment,
    propose: () => wanted({ environment, services: { goserver: version, nodeserver: version } }),
    guard: strict,
    identity: defaultIdentity,
    timing: realTiming(),
    onStep: (step) => {
      if (step === killAt?.[0] && ++seen === killAt[1]) process.kill(process.pid, 'SIGKILL');
    },
  });
  const line: WriterLine = { environment, version, commit: commit ?? null, retries, milliseconds: performance.now() - start };
  appendFileSync(options.report, `${JSON.stringify(line)}\n`);
}
