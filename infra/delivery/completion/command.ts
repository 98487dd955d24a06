import type { Argument, Command, Option } from 'commander';

/** What may stand for a value. `environment`s are read when the user asks: one `Pulumi.<env>.yaml` each. */
export type Value =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'environment' | 'folder' | 'file' | 'text' };

/** An option as the user writes it. */
export interface CompletedOption {
  /** `--env`. */
  readonly long: string;
  /** `-e`. */
  readonly short?: string;
  readonly description: string;
  /** None for a switch. */
  readonly value?: Value;
}

/** A verb, or the program itself. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  readonly values: readonly Value[];
}

/** The program and its verbs, as far as they can be completed. */
export interface CompletedProgram extends CompletedCommand {
  readonly verbs: readonly CompletedCommand[];
}

/** Reads what can be completed from the parser's own description. */
export function describeProgram(program: Command): CompletedProgram {
  return { ...describeCommand(program), verbs: program.createHelp().visibleCommands(program).map(describeCommand) };
}

function describeCommand(command: Command): CompletedCommand {
  return {
    name: command.name(),
    description: command.description(),
    options: command.createHelp().visibleOptions(command).map(describeOption),
    values: command.registeredArguments.map(describeValue),
  };
}

function describeOption(option: Option): CompletedOption {
  const { long, short, description } = option;
  const takesValue = option.required || option.optional;
  return { long: long ?? '', ...(short && { short }), description, ...(takesValue && { value: describeValue(option) }) };
}

/** Values are told apart by their choices or the name of their placeholder. */
function describeValue(option: Option | Argument): Value {
  if (option.argChoices) return { kind: 'choice', choices: option.argChoices };
  const placeholder = 'flags' in option ? (/[<[](\w+)/.exec(option.flags)?.[1] ?? '') : option.name();
  const kinds = { env: 'environment', dir: 'folder', file: 'file' } as const;
  return { kind: kinds[placeholder as keyof typeof kinds] ?? 'text' };
}
