import { fail } from '../delivery/errors.ts';
import { type RunOptions, type RunResult, tryRun } from '../delivery/process.ts';

/** What to tell when a program of a build is missing or fails. */
export interface BuildCommandOptions extends RunOptions {
  /** What is being built. */
  readonly field: string;
  /** What to do when the program is not there. */
  readonly missing: string;
  /** What to do when it fails. @default mend what it names */
  readonly fix?: string;
}

/** Runs a program of a build. @throws Failure E_TOOL when it isn't there; E_BUILD with its last words when it fails */
export async function buildCommand(argv: readonly [string, ...string[]], options: BuildCommandOptions): Promise<RunResult> {
  const { field, missing, fix = 'mend what it names', ...runOptions } = options;
  const result = await tryRun(argv, runOptions);
  runOptions.signal?.throwIfAborted();
  const [file] = argv;
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (result.exitCode === 127 && result.stderr.includes('ENOENT')) fail('E_TOOL', name, undefined, `needed to build ${field}`, missing);
  if (result.exitCode !== 0) fail('E_BUILD', field, undefined, `${name} failed: ${lastWords(result)}`, fix);
  return result;
}

/** What it said from the line that it calls the error on, as one line: its beginning and its end, 300 characters each. */
function lastWords({ stdout, stderr, exitCode }: RunResult): string {
  const said = stderr.trim() || stdout.trim() || `exit ${exitCode}`;
  const words = (said.split(/^Error: /m).at(-1) ?? said).replace(/^npm error /gm, '').replace(/\s+/g, ' ');
  return words.length > 600 ? `${words.slice(0, 300)} … ${words.slice(-300)}` : words;
}
