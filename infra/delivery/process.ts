import { execa } from 'execa';
import { clean, Failure } from './errors.ts';
import { stoppedCode, superviseGroup } from './process-group.ts';

/** How to run a program. No shell is ever involved. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to (or, when undefined, removed from) the inherited environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds until the program is stopped. @default 600000 */
  readonly timeout?: number;
  /** Largest output kept, in bytes; more is an error. @default 256 MiB */
  readonly maxBuffer?: number;
  /** How output bytes become text; latin1 keeps every byte as one character. @default utf8 */
  readonly encoding?: 'utf8' | 'latin1';
  readonly signal?: AbortSignal;
  /** Called with each complete line of stdout and stderr, for progress. */
  readonly onLine?: (line: string) => void;
}

/** What a program said and how it ended. */
export interface RunResult {
  readonly argv: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program failed: which, where, how, and its last words. */
export class CommandError extends Failure {
  readonly result: RunResult;

  constructor(result: RunResult, cwd: string, options?: ErrorOptions) {
    const words = clean(result.stderr || result.stdout)
      .slice(-400)
      .trim();
    super(
      [
        {
          code: 'E_COMMAND',
          field: clean(result.argv.join(' ')).slice(0, 200),
          value: `exit ${result.exitCode} in ${cwd}`,
          rule: words || 'no output',
          fix: 'run it by hand to see more',
        },
      ],
      options,
    );
    this.result = result;
  }
}

/** Runs a program to its end and returns its output. @throws CommandError when it can't be started or exits non-zero */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryRun(argv, options);
  if (result.exitCode !== 0) throw new CommandError(result, options.cwd ?? process.cwd());
  return result;
}

/**
 * Like {@link run}, but a non-zero exit is returned. A program that can't be started has exit code 127. It gets a process group of
 * its own, which ends as a whole at the timeout, at the signal or with us: programs leave helpers behind (git its ssh) that keep the
 * output open. Without our terminal nobody can be asked for a password either.
 */
export async function tryRun(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = argv;
  const { timeout = 600_000, signal } = options;
  if (signal?.aborted) return { argv, exitCode: stoppedCode, stdout: '', stderr: 'interrupted' };
  const child = execa(file, args, {
    cwd: options.cwd,
    env: options.env as Record<string, string>,
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    input: options.input,
    maxBuffer: options.maxBuffer ?? 256 * 1024 * 1024,
    encoding: options.encoding ?? 'utf8',
    detached: true,
    stripFinalNewline: false,
    reject: false,
  });
  const release = superviseGroup(child.pid, timeout, signal);
  if (options.onLine) void forwardLines(child, options.onLine);
  const done = await child;
  const stopped = release();
  const exitCode = stopped ? stoppedCode : (done.exitCode ?? (done.code === 'ENOENT' ? 127 : 1));
  const stderr = [done.stderr, stopped ?? (done.stderr && !done.isMaxBuffer ? '' : reason(done))].filter(Boolean).join('\n');
  return { argv, exitCode, stdout: done.stdout ?? '', stderr };
}

/**
 * Runs a program and gives what it writes piece by piece while it runs. Whoever stops asking ends it.
 * @param separator what ends a piece; what follows the last one is a piece too, unless it is empty
 * @throws CommandError when it can't be started or exits non-zero
 */
export async function* pieces(
  argv: readonly [string, ...string[]],
  separator: string,
  { cwd, env, timeout = 600_000, signal }: Pick<RunOptions, 'cwd' | 'env' | 'timeout' | 'signal'> = {},
): AsyncGenerator<string> {
  const [file, ...args] = argv;
  const buffer = { stdout: false, stderr: true } as const;
  const child = execa(file, args, { cwd, env: env as Record<string, string>, stdin: 'ignore', buffer, detached: true, reject: false });
  const release = superviseGroup(child.pid, timeout, signal);
  let ended = '';
  try {
    let rest = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const parts = (rest + String(chunk)).split(separator);
      rest = parts.pop() ?? '';
      yield* parts;
    }
    if (rest !== '') yield rest;
    await child;
  } finally {
    child.kill();
    await child;
    ended = release() ?? '';
  }
  const done = await child;
  const exitCode = done.exitCode ?? (done.code === 'ENOENT' ? 127 : stoppedCode);
  const stderr = [done.stderr, ended || reason(done)].filter(Boolean).join('\n');
  if (exitCode !== 0) throw new CommandError({ argv, exitCode, stdout: '', stderr }, cwd ?? process.cwd());
}

/** Why a program ended that did not end by itself, or could not be started. */
function reason(done: { failed: boolean; exitCode?: number; shortMessage?: string; isMaxBuffer?: boolean }): string {
  if (done.isMaxBuffer) return 'wrote more than is kept';
  return done.failed && done.exitCode === undefined ? (done.shortMessage ?? '') : '';
}

async function forwardLines(
  child: AsyncIterable<unknown> & { iterable(options: { from: 'all' | 'stderr' | 'stdout' }): AsyncIterable<unknown> },
  onLine: (line: string) => void,
): Promise<void> {
  await Promise.allSettled(
    (['stdout', 'stderr'] as const).map(async (from) => {
      for await (const line of child.iterable({ from })) onLine(clean(String(line)));
    }),
  );
}
