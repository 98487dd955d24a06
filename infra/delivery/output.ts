import { styleText } from 'node:util';
import { clean } from './errors.ts';

/** What a verb may say, and where: answers go to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  /** True when the answer may be coloured: stdout is a terminal and NO_COLOR is not set. */
  readonly color: boolean;
  /** Writes the answer for people; silent with `--json`. */
  print(text: string): void;
  /** Writes the answer for machines; silent without `--json`. */
  data(value: unknown): void;
  /** A remark worth a line; silent with `--quiet`. */
  note(text: string): void;
  /** Only with `--verbose`. */
  detail(text: string): void;
  /** Runs one step of work and shows that it runs, what it is doing, and how long it took. */
  step<T>(title: string, work: (say: (text: string) => void) => Promise<T>): Promise<T>;
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Streams the output writes to. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Milliseconds between two progress lines of one step where lines can't be overwritten. */
const plainLineInterval = 5_000;

export function createOutput(options: OutputOptions, streams: Streams, noColor: boolean): Output {
  const { stdout, stderr } = streams;
  const log = (text: string) => void stderr.write(`${text}\n`);
  const detail = (text: string) => options.verbose && log(text);
  const step = options.quiet
    ? silentStep
    : stderr.isTTY && !options.verbose
      ? terminalStep(stderr)
      : plainStep(log, options.verbose ?? false);
  return {
    json: options.json ?? false,
    color: (stdout.isTTY ?? false) && !noColor,
    print: (text) => !options.json && stdout.write(`${text}\n`),
    data: (value) => options.json && stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => !options.quiet && log(text),
    detail,
    step,
  };
}

const silentStep: Output['step'] = (_title, work) => work(() => {});

/** One line when a step starts, one when it ends, and at most one every few seconds between. */
function plainStep(log: (text: string) => void, verbose: boolean): Output['step'] {
  return async (title, work) => {
    const started = performance.now();
    let spoke = started;
    log(`• ${title}`);
    const say = (text: string) => {
      if (!verbose && performance.now() - spoke < plainLineInterval) return;
      spoke = performance.now();
      log(`  ${clean(text).trim()}`);
    };
    try {
      const result = await work(say);
      log(`✓ ${title} ${seconds(started)}`);
      return result;
    } catch (error) {
      log(`✗ ${title} ${seconds(started)}`);
      throw error;
    }
  };
}

function terminalStep(stderr: NodeJS.WriteStream): Output['step'] {
  return async <T>(title: string, work: (say: (text: string) => void) => Promise<T>): Promise<T> => {
    const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2');
    // Listr would look whether stdout is a terminal; this draws on stderr, which is one.
    class TerminalRenderer extends DefaultRenderer {
      static override nonTTY = true;
    }
    const started = performance.now();
    let result: T | undefined;
    const logger = new ListrLogger({ processOutput: new ProcessOutput(stderr, stderr) });
    await new Listr(
      [
        {
          title,
          task: async (_context, task) => {
            result = await work((text) => {
              task.output = clean(text).trim();
            });
            task.title = `${title} ${styleText('dim', seconds(started), { stream: stderr })}`;
          },
        },
      ],
      {
        renderer: TerminalRenderer,
        rendererOptions: { logger, showErrorMessage: false, collapseErrors: false },
        registerSignalListeners: false,
      },
    ).run();
    return result as T;
  };
}

function seconds(started: number): string {
  return `(${((performance.now() - started) / 1000).toFixed(1)} s)`;
}
