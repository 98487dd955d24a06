import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// Whole-process CPU and memory of a cold render, written to files, against cdk8s used its own way and against the floor of the `yaml`
// package; N, 2N, 4N shows the slope. Interleaved, so that a machine that slows down slows all. `node test/bench/render.ts [runs]`

interface Run {
  readonly objects: number;
  readonly cpu: number;
  readonly megabytes: number;
}

const runs = Number(process.argv[2] ?? 5);
const sizes = [500, 1000, 2000];
const contestants = ['fullcycle', 'cdk8s', 'yamlFloor'];
const program = fileURLToPath(new URL('render-once.ts', import.meta.url));

function once(contestant: string, size: number): Run {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, contestant, String(size)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Run;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

console.log('| services | contestant | objects | CPU ms | CPU µs/object | peak MB |\n| --- | --- | --- | --- | --- | --- |');
for (const size of sizes) {
  const results = new Map<string, Run[]>(contestants.map((contestant) => [contestant, []]));
  for (let run = 0; run < runs; run += 1) for (const contestant of contestants) results.get(contestant)?.push(once(contestant, size));
  for (const [contestant, all] of results) {
    const cpu = median(all.map((run) => run.cpu));
    const objects = all[0]?.objects ?? 0;
    console.log(
      `| ${size} | ${contestant} | ${objects} | ${cpu} | ${Math.round((cpu * 1000) / objects)} | ${median(all.map((run) => run.megabytes))} |`,
    );
  }
}
