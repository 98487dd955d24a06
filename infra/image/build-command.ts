import { fail } from '../delivery/errors.ts';
import { type RunOptions, type RunResult, tryRun } from '../delivery/process.ts';

/** Milliseconds: compiling a large service on a small machine takes its time. */
const buildTimeout = 3_600_000;

/** What to tell when a program of a build is missing or fails. */
export interface BuildCommandOptions extends RunOptions {
  /** What is being built. */
  readonly field: string;
  /** What to do when the program is not there. */
  readonly missing: string;
  /** What to do when it fails. @default mend what it names */
  readonly fix?: string;
  /** The part of its output that tells why it failed. @default stderr from the line on that it calls the error, else stdout */
  readonly excerpt?: (result: RunResult) => string;
}

/** Runs a program of a build. @throws Failure E_TOOL when it isn't there; E_BUILD with its last words when it fails */
export async function buildCommand(argv: readonly [string, ...string[]], options: BuildCommandOptions): Promise<RunResult> {
  const { field, missing, fix = 'mend what it names', excerpt = errorPart, ...runOptions } = options;
  const result = await tryRun(argv, { timeout: buildTimeout, ...runOptions });
  runOptions.signal?.throwIfAborted();
  const [file] = argv;
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (result.exitCode === 127 && result.stderr.includes('ENOENT')) fail('E_TOOL', name, undefined, `needed to build ${field}`, missing);
  if (result.exitCode !== 0)
    fail('E_BUILD', field, undefined, `${name} failed: ${summarise(excerpt(result)) || `exit ${result.exitCode}`}`, fix);
  return result;
}

function errorPart({ stdout, stderr }: RunResult): string {
  const said = stderr.trim() || stdout.trim();
  return (said.split(/^Error: /m).at(-1) ?? said).replace(/^npm error /gm, '');
}

/** One line: beginning and end, 300 characters each. */
function summarise(text: string): string {
  const words = text.replace(/\s+/g, ' ').trim();
  return words.length > 600 ? `${words.slice(0, 300)} … ${words.slice(-300)}` : words;
}
