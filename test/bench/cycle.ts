/**
 * Measures what a developer waits for: `up` from nothing running, `up` with nothing to do, a delivery until Argo CD is Synced and Healthy
 * at its commit, and the memory of the idle cluster. `node test/bench/cycle.ts [deliveries]`; takes minutes and needs what `up` needs.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../infra/delivery/process.ts';
import { clusterStatus } from '../../infra/local/cluster/cluster.ts';
import { tool } from '../../infra/local/tools.ts';
import { copyProject } from '../project.ts';

const deliveries = Number(process.argv[2] ?? 7);
const project = copyProject();
const rows: [what: string, measured: string][] = [];

try {
  project.json('up');
  project.fullcycle('down');
  rows.push([
    'up, warm machine, nothing running, until both services answer in three environments',
    await seconds(() => project.json('up')),
  ]);
  rows.push(['up, nothing changed', await seconds(() => project.json('up'))]);
  rows.push(['up --cluster none, nothing changed', await seconds(() => project.json('up', '--cluster', 'none'))]);
  const waits: number[] = [];
  for (let index = 0; index < deliveries; index += 1) waits.push(await delivery(index));
  waits.sort((a, b) => a - b);
  const median = waits[Math.floor(waits.length / 2)] ?? 0;
  rows.push([
    `push → Synced and Healthy, one changed service (median of ${deliveries}; longest ${waits.at(-1)?.toFixed(1)} s)`,
    `${median.toFixed(1)} s`,
  ]);
} finally {
  project.remove();
}
console.log(['| what | measured |', '| --- | --- |', ...rows.map(([what, measured]) => `| ${what} | ${measured} |`)].join('\n'));

async function seconds(work: () => unknown): Promise<string> {
  const start = performance.now();
  await work();
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Seconds from the end of the push to Synced and Healthy at its commit. */
async function delivery(index: number): Promise<number> {
  appendFileSync(join(project.folder, 'app/goserver/main.go'), `// ${index}\n`);
  project.git('commit', '--quiet', '--all', '--message', `Change ${index}`);
  const { commit } = project.json<{ commit: string }>('deliver', '--env', 'dev');
  const start = performance.now();
  const kubeconfig = (await clusterStatus(project.folder))?.kubeconfig;
  const path = '{.status.sync.revision} {.status.sync.status} {.status.health.status}';
  const question = ['get', 'application', 'dev-goserver', '--namespace=argocd', `--output=jsonpath=${path}`];
  for (;;) {
    const { stdout } = await run([await tool('kubectl'), `--kubeconfig=${kubeconfig}`, ...question]);
    if (stdout === `${commit} Synced Healthy`) return (performance.now() - start) / 1000;
    if (performance.now() - start > 120_000) throw new Error(`not within 120 s: ${stdout}`);
  }
}
