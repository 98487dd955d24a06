import type { CompletedCommand, CompletedOption, CompletedProgram, Value } from './command.ts';
import { quote } from './quote.ts';

/** The script that `source <(fullcycle completion zsh)` reads; it also works as a file `_fullcycle` in fpath. @param project folder whose environments are offered without `-C` */
export function zshCompletion({ name, options, verbs }: CompletedProgram, project: string): string {
  const described = verbs.map((verb) => `    ${quote(`${verb.name}:${verb.description}`)}`).join('\n');
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh)
_${name}_environments() {
  local folder=\${opt_args[-C]:-\${opt_args[--directory]:-\${_${name}_project:-${quote(project)}}}}
  local -a found
  found=(\${(Q)folder}/Pulumi.*.yaml(N:t:s/Pulumi.//:r))
  compadd -a found
}
_${name}() {
  local context state line _${name}_project
  typeset -A opt_args
  local -a verbs=(
${described}
  )
  _arguments -C \\
${options.flatMap(specs).join('')}    '1:verb:->verb' \\
    '*::argument:->argument'
  _${name}_project=\${opt_args[-C]:-\${opt_args[--directory]}}
  case $state in
    verb) _describe verb verbs ;;
    argument)
      case $words[1] in
${verbs.map((verb) => verbCase(verb, options)).join('')}      esac
      ;;
  esac
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function verbCase({ name, options, values }: CompletedCommand, globals: readonly CompletedOption[]): string {
  const all = [...options, ...globals.filter(({ long }) => options.every((own) => own.long !== long))];
  const positions = values.map((value, index) => `    ${quote(`${index + 1}:${name}:${action(value)}`)} \\\n`);
  return `        ${name})\n          _arguments \\\n${[...all.flatMap(specs), ...positions]
    .join('')
    .replace(/ \\\n$/, '\n')
    .replace(/^/gm, '        ')
    .trimEnd()}\n          ;;\n`;
}

/** `'--env=[the environment]:value:_fullcycle_environments'`, for each spelling; the value may follow after a blank, too. */
function specs({ long, short, description, value }: CompletedOption): string[] {
  const text = description.replace(/[[\]:\\]/g, '\\$&');
  const spell = (name: string, separator: string) =>
    `    ${quote(value ? `${name}${separator}[${text}]:value:${action(value)}` : `${name}[${text}]`)} \\\n`;
  return [spell(long, '='), ...(short ? [spell(short, '+')] : [])];
}

function action(value: Value): string {
  if (value.kind === 'choice') return `(${value.choices.join(' ')})`;
  return { environment: '_fullcycle_environments', folder: '_files -/', file: '_files', text: ' ' }[value.kind];
}
