import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { loadStacks, type StackConfig } from '../config.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, fail, failIfAny } from './errors.ts';
import { atTip } from './git/reach.ts';
import { checkRevision } from './git/ref.ts';
import { archive } from './git/source.ts';
import { realTiming } from './git/timing.ts';
import { readCurrent } from './plan/current.ts';
import { belongsTo, blobId } from './plan/ledger.ts';
import type { Current } from './plan/plan.ts';
import { recordPaths } from './plan/records.ts';
import { run as runProgram } from './process.ts';
import { parseRelease, type ReleaseRecord } from './release/release.ts';
import { openTarget } from './target.ts';

export interface VerifyOptions {
  readonly env?: string;
  readonly ref?: string;
}

/**
 * How one file of the GitOps repo compares with a fresh render of the recorded source.
 * - `good`: the same bytes.
 * - `stale`: as this program wrote it, but the recorded source renders something else.
 * - `hand-edited`: not as this program wrote it.
 * - `missing`: rendered, but not in the repo.
 * - `unowned`: in the repo, neither rendered nor ever written by this program.
 */
export type Verdict = 'good' | 'stale' | 'hand-edited' | 'missing' | 'unowned';

/** The verdict on one file. */
export interface FileVerdict {
  readonly path: string;
  readonly verdict: Verdict;
}

/** The verdict on one environment. */
export interface Verification {
  readonly environment: string;
  /** Source commit that was rendered again. */
  readonly source: string;
  /** Why it could not be rendered again; the files are then not judged. */
  readonly unverifiable?: string;
  readonly files: readonly FileVerdict[];
}

/** `fullcycle verify`: renders again from the recorded source commit and compares bytes. Exit 6 unless every file is good. */
export async function run({ env, ref }: VerifyOptions, context: Context): Promise<ExitCode> {
  const { output } = context;
  failIfAny(ref === undefined ? [] : checkRevision('--ref', ref));
  const verifications: Verification[] = [];
  for (const stack of await loadStacks(context.project, env, context))
    verifications.push(await output.step(`verify ${stack.environment.name}`, () => verify(stack, ref, context)));
  output.print(verifications.map((verification) => describe(verification, output.color)).join('\n'));
  output.data({ environments: verifications });
  return verifications.every(isGood) ? exit.ok : exit.drift;
}

function isGood({ unverifiable, files }: Verification): boolean {
  return unverifiable === undefined && files.every(({ verdict }) => verdict === 'good');
}

async function verify(stack: StackConfig, ref: string | undefined, context: Context): Promise<Verification> {
  const environment = stack.environment.name;
  const { repository } = await openTarget(stack, context);
  const current = await atTip({ repository, timing: realTiming(context.signal) }, async (tip) => {
    const commit = ref === undefined ? tip : await repository.resolve(ref);
    return readCurrent(repository, environment, commit);
  });
  if (current.release === undefined)
    fail(
      'E_ENV_MISSING',
      environment,
      undefined,
      'has no release.json in the GitOps repo',
      `deliver it first: fullcycle deliver --env ${environment}`,
    );
  const record = parseRelease(environment, current.release);
  const source = record.source.commit;
  if (record.source.dirty) return { environment, source, unverifiable: 'delivered from a work tree with uncommitted changes', files: [] };
  const rendered = await renderAgain(record, context);
  return { environment, source, files: judge(environment, current, rendered) };
}

/** Judges every file of an environment by its blob ids: at the tip, as last written, as rendered again. Pure. */
export function judge(environment: string, { entries, ledger, format }: Current, rendered: ReadonlyMap<string, string>): FileVerdict[] {
  const tip = new Map(entries.filter(({ path }) => belongsTo(environment, path)).map(({ path, id }) => [path, id]));
  const owned = ledger.environments[environment]?.files ?? {};
  const paths = [...new Set([...tip.keys(), ...rendered.keys()])].sort();
  return paths.map((path) => {
    const text = rendered.get(path);
    // Holds and attestations are rendered from nothing: as they were written they are good.
    const id = text !== undefined ? blobId(text, format) : recordPaths(environment).includes(path) ? owned[path] : undefined;
    return { path, verdict: judgeFile(tip.get(path), owned[path], id) };
  });
}

function judgeFile(tip: string | undefined, written: string | undefined, rendered: string | undefined): Verdict {
  if (tip === undefined) return 'missing';
  if (tip === rendered) return 'good';
  if (written === undefined && rendered === undefined) return 'unowned';
  return tip === written ? 'stale' : 'hand-edited';
}

/** Checks out the recorded source into a temporary folder and lets its own program render, so that a newer renderer can't hide a change. */
async function renderAgain(record: ReleaseRecord, { project, local }: Context): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'fullcycle-verify-'));
  try {
    const checkout = join(folder, 'source');
    await archive(project, record.source.commit, checkout);
    await provideDependencies(project, checkout);
    const [release, out] = [join(folder, 'release.json'), join(folder, 'tree')];
    await writeFile(release, JSON.stringify(record));
    const launcher = join(checkout, 'infra/delivery/fullcycle.mjs');
    const flags = ['--quiet', '--json', ...(local ? ['--local'] : [])];
    const { stdout } = await runProgram([
      process.execPath,
      launcher,
      'synth',
      ...flags,
      '--env',
      record.environment,
      '--release',
      release,
      '--out',
      out,
    ]);
    const { files } = JSON.parse(stdout) as { files: readonly string[] };
    return new Map(await Promise.all(files.map(async (path) => [path, await readFile(join(out, path), 'utf8')] as const)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same lock file means the same dependencies: they are linked. Otherwise they are installed as the commit locked them. */
async function provideDependencies(project: string, checkout: string): Promise<void> {
  const lock = (folder: string) => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (existsSync(join(project, 'node_modules')) && lock(project) === lock(checkout)) {
    await symlink(join(project, 'node_modules'), join(checkout, 'node_modules'));
    // Older than what is installed: or the launcher would install into the linked folder.
    await utimes(join(checkout, 'package-lock.json'), 0, 0);
    return;
  }
  await runProgram(['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: checkout });
}

function describe({ environment, source, unverifiable, files }: Verification, color: boolean): string {
  const paint = (style: 'green' | 'red' | 'yellow', text: string) => (color ? styleText(style, text) : text);
  if (unverifiable !== undefined)
    return `${paint('yellow', '?')} ${environment}: source ${source.slice(0, 10)} can't be rendered again: ${unverifiable}`;
  const bad = files.filter(({ verdict }) => verdict !== 'good');
  if (bad.length === 0)
    return `${paint('green', '✓')} ${environment}: all ${files.length} files are what source ${source.slice(0, 10)} renders`;
  const lines = bad.map(({ path, verdict }) => `    ${verdict.padEnd(12)} ${path}`);
  return [
    `${paint('red', '✗')} ${environment}: ${bad.length} of ${files.length} files are not what source ${source.slice(0, 10)} renders`,
    ...lines,
  ].join('\n');
}
