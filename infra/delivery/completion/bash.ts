import type { CompletedCommand, CompletedOption, CompletedProgram, Value } from './command.ts';
import { quote } from './quote.ts';

/**
 * The script that `source <(fullcycle completion bash)` reads. Nothing that is offered is ever expanded: a name of a file could hold a command.
 * @param project folder whose environments are offered without `-C`
 */
export function bashCompletion({ name, options, verbs }: CompletedProgram, project: string): string {
  const values = [
    ...options.filter(({ value }) => value).map((option) => valueCase(name, '*', option)),
    ...verbs.flatMap((verb) => verb.options.filter(({ value }) => value).map((option) => valueCase(name, verb.name, option))),
  ];
  const words = [...spellings(options), ...verbs.map((verb) => verb.name)];
  return `# Completion of ${name} for bash: source <(${name} completion bash)
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} verb= project=${quote(project)} index
  # bash makes three words of --env=dev
  if [[ $current == = ]]; then
    current=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      -C | --directory) project=\${COMP_WORDS[++index]/#\\~/$HOME} ;;
      -*) ;;
      *) verb=\${verb:-\${COMP_WORDS[index]}} ;;
    esac
  done
  COMPREPLY=()
  case "$verb $before" in
${values.join('')}    *)
      case $verb in
        '') _${name}_offer ${words.join(' ')} ;;
${verbs.map((verb) => verbCase(name, verb, options)).join('')}      esac
      ;;
  esac
}
_${name}_offer() {
  local word
  for word; do
    [[ $word != "$current"* ]] || COMPREPLY+=("$word")
  done
}
_${name}_environments() {
  local file
  for file in "$project"/Pulumi.*.yaml; do
    file=\${file##*/Pulumi.}
    [[ ! \${file%.yaml} =~ ^[a-z0-9-]+$ ]] || _${name}_offer "\${file%.yaml}"
  done
}
_${name}_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}
complete -F _${name} ${name}
`;
}

function valueCase(program: string, verb: string, { long, short, value }: CompletedOption): string {
  const patterns = [long, ...(short ? [short] : [])].map((name) => (verb === '*' ? `*' ${name}'` : `'${verb} ${name}'`));
  return `    ${patterns.join(' | ')}) ${offer(program, value)} ;;\n`;
}

function verbCase(program: string, { name, options, values }: CompletedCommand, globals: readonly CompletedOption[]): string {
  const words = new Set([
    ...spellings([...options, ...globals]),
    ...values.flatMap((value) => (value.kind === 'choice' ? value.choices : [])),
  ]);
  const own = values.some(({ kind }) => kind === 'folder')
    ? `[[ $current == -* ]] || ${offer(program, { kind: 'folder' })}\n          `
    : '';
  return `        ${name})\n          ${own}_${program}_offer ${[...words].join(' ')}\n          ;;\n`;
}

function offer(program: string, value: Value = { kind: 'text' }): string {
  if (value.kind === 'choice') return `_${program}_offer ${value.choices.join(' ')}`;
  return { environment: `_${program}_environments`, folder: `_${program}_paths -d`, file: `_${program}_paths -f`, text: ':' }[value.kind];
}

/** The long ones say what they mean. */
function spellings(options: readonly CompletedOption[]): string[] {
  return options.map(({ long }) => long);
}
