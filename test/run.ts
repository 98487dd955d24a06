import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How many tests of a suite passed and failed. A command that fails without saying why counts as one failure. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
}

type Suite = () => Promise<Counts>;

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'fullcycle-test-'));

const suites: Readonly<Record<string, Suite>> = {
  types: () => command('tsc', ['--noEmit']),
  lint: () => command('biome', ['check', '--error-on-warnings']),
  ...Object.fromEntries(readdirSync(join(root, 'app')).map((name) => [name, () => appTests(`app/${name}`)])),
  fullcycle: () => vitest('vitest.config.ts'),
  cluster: () => vitest('test/cluster/vitest.config.ts'),
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(suites).filter((name) => name !== 'cluster');
let total: Counts = { passed: 0, failed: 0 };
for (const name of chosen) {
  const suite = suites[name];
  if (!suite) throw new Error(`no suite ${name}: one of ${Object.keys(suites).join(', ')}`);
  console.log(`\n── ${name}`);
  const counts = await suite();
  console.log(`   ${name}: ${counts.passed} passed, ${counts.failed} failed`);
  total = add(total, counts);
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/** A check that passes or fails as a whole. */
async function command(file: string, args: readonly string[], folder = '.'): Promise<Counts> {
  const { code } = await start(file, args, folder);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** What a service says of itself: by its module or its package. */
async function appTests(folder: string): Promise<Counts> {
  if (existsSync(join(root, folder, 'go.mod'))) return add(await command('go', ['vet', './...'], folder), await goTests(folder));
  const installed = await command('npm', ['ci', '--ignore-scripts', '--loglevel=error'], folder);
  return add(add(installed, await command('tsc', ['-p', folder])), await nodeTests(folder));
}

async function goTests(folder: string): Promise<Counts> {
  const { code, output } = await start('go', ['test', '-race', '-count=1', '-json', './...'], folder, true);
  const events = output
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as { Action: string; Test?: string; Output?: string }] : []));
  const ended = (action: string) => events.filter((event) => event.Test && event.Action === action).length;
  if (code !== 0) console.log(events.map((event) => event.Output ?? '').join(''));
  return accept(code, { passed: ended('pass'), failed: ended('fail') });
}

async function nodeTests(folder: string): Promise<Counts> {
  const { code, output } = await start(process.execPath, ['--test', '--test-reporter=tap'], folder, true);
  const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  if (code !== 0) console.log(output);
  return accept(code, { passed: count('pass'), failed: count('fail') + count('cancelled') });
}

async function vitest(config: string): Promise<Counts> {
  const report = join(scratch, 'vitest.json');
  rmSync(report, { force: true });
  const { code } = await start(
    'vitest',
    ['run', '--config', config, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    '.',
  );
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  return accept(code, { passed: numPassedTests, failed: numFailedTests });
}

/** A run that failed outside its tests (a broken import, a failed set-up) still counts. */
function accept(code: number, counts: Counts): Counts {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function start(file: string, args: readonly string[], folder: string, capture = false): Promise<{ code: number; output: string }> {
  const child = spawn(file, args, { cwd: join(root, folder), stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 127, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
