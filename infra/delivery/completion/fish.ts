import type { CompletedOption, CompletedProgram, Value } from './command.ts';

/** The script that `fullcycle completion fish | source` reads. @param project folder whose environments are offered without `-C` */
export function fishCompletion({ name, options, verbs }: CompletedProgram, project: string): string {
  const complete = `complete --command ${name}`;
  const noVerb = `__${name}_has_no_verb`;
  const after = (verb: string) => `'__${name}_verb_is ${verb}'`;
  const lines = [
    `${complete} --no-files`,
    ...options.map((option) => `${complete} ${optionOf(option, name)}`),
    ...verbs.map((verb) => `${complete} --condition ${noVerb} --arguments ${verb.name} --description ${quote(verb.description)}`),
    ...verbs.flatMap((verb) => [
      ...verb.options
        .filter(({ long }) => options.every((global) => global.long !== long))
        .map((option) => `${complete} --condition ${after(verb.name)} ${optionOf(option, name)}`),
      ...verb.values.flatMap((value) =>
        value.kind === 'text' ? [] : [`${complete} --condition ${after(verb.name)} ${argumentsOf(value, name)}`],
      ),
    ]),
  ];
  return `# Completion of ${name} for fish: ${name} completion fish | source
function __${name}_verb
    set --local words (commandline --tokenize --cut-at-cursor --current-process)[2..]
    while set --query words[1]
        switch $words[1]
            case -C --directory
                set --erase words[1]
            case '-*'
            case '*'
                echo $words[1]
                return
        end
        set --erase words[1]
    end
end
function __${name}_has_no_verb
    test -z "$(__${name}_verb)"
end
function __${name}_verb_is
    test "$(__${name}_verb)" = $argv[1]
end
function __${name}_environments
    set --local words (commandline --tokenize --cut-at-cursor --current-process)
    set --local folder ${quote(project)}
    if set --local index (contains --index -- -C $words; or contains --index -- --directory $words)
        set folder $words[(math $index[1] + 1)]
    end
    path basename $folder/Pulumi.*.yaml | string replace --regex '^Pulumi\\.(.*)\\.yaml$' '$1'
end
${lines.join('\n')}
`;
}

function optionOf({ long, short, description, value }: CompletedOption, name: string): string {
  const spelled = [`--long-option ${long.slice(2)}`, ...(short ? [`--short-option ${short.slice(1)}`] : [])];
  const valued = value ? ['--require-parameter', argumentsOf(value, name)] : [];
  return [...spelled, ...valued, `--description ${quote(description)}`].filter(Boolean).join(' ');
}

function argumentsOf(value: Value, name: string): string {
  if (value.kind === 'choice') return `--no-files --arguments ${quote(value.choices.join(' '))}`;
  if (value.kind === 'environment') return `--no-files --arguments '(__${name}_environments)'`;
  return value.kind === 'text' ? '--no-files' : '--force-files';
}

/** In fish's quotes a backslash has a meaning too. */
function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
