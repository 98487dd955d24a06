import { createProgram } from './cli.ts';
import { bashCompletion } from './completion/bash.ts';
import { type CompletedProgram, describeProgram } from './completion/command.ts';
import { fishCompletion } from './completion/fish.ts';
import { zshCompletion } from './completion/zsh.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit } from './errors.ts';

export interface CompletionOptions {
  readonly shell: 'bash' | 'zsh' | 'fish';
}

const scripts: Readonly<Record<CompletionOptions['shell'], (program: CompletedProgram, project: string) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `fullcycle completion`: a script for the user's shell, made from the verbs and options there are. */
export async function run({ shell }: CompletionOptions, { project, output, signal }: Context): Promise<ExitCode> {
  const script = scripts[shell](describeProgram(createProgram(signal, () => {})), project);
  output.print(script.trimEnd());
  output.data({ shell, script });
  return exit.ok;
}
