/**
 * Images that a Dockerfile starts from or copies from, with the defaults of its global `ARG`s filled in; neither its own stages
 * nor `scratch`.
 * Source of the rules: https://docs.docker.com/reference/dockerfile/
 */
export function baseImages(dockerfile: string): string[] {
  const steps = instructions(dockerfile);
  const firstStage = steps.findIndex(({ name }) => name === 'FROM');
  const globals = readArguments(steps.slice(0, Math.max(firstStage, 0)));
  const stages = new Set(steps.flatMap(stageName));
  const isExternal = (image: string) => image !== 'scratch' && !stages.has(image.toLowerCase()) && !/^\d*$/.test(image);
  const images = steps.flatMap((step) => references(step).map((image) => substitute(image, globals)));
  return [...new Set(images.filter(isExternal))];
}

interface Instruction {
  /** In capitals. */
  readonly name: string;
  readonly words: readonly string[];
}

/** Comments out, continued lines joined. */
function instructions(dockerfile: string): Instruction[] {
  const text = dockerfile.replace(/^\s*#.*$/gm, '').replace(/\\[ \t]*(?:\r?\n\s*)+/g, ' ');
  return text.split(/\r?\n/).map((line) => {
    const [name = '', ...words] = line.trim().split(/\s+/);
    return { name: name.toUpperCase(), words };
  });
}

function references({ name, words }: Instruction): string[] {
  if (name === 'FROM') return words.filter((word) => !word.startsWith('--')).slice(0, 1);
  if (name !== 'COPY' && name !== 'RUN') return [];
  return words.flatMap((word) => /^--(?:mount=(?:.*,)?)?from=([^,]+)/.exec(word)?.[1] ?? []);
}

function stageName({ name, words }: Instruction): string[] {
  const [, as, stage] = words.filter((word) => !word.startsWith('--'));
  return name === 'FROM' && as?.toUpperCase() === 'AS' && stage ? [stage.toLowerCase()] : [];
}

function readArguments(steps: readonly Instruction[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const word of steps.flatMap(({ name, words }) => (name === 'ARG' ? words : []))) {
    const [, name = '', value = ''] = /^([A-Za-z_]\w*)=(.*)$/.exec(word) ?? [];
    if (name) values.set(name, substitute(value.replace(/^(["'])(.*)\1$/, '$2'), values));
  }
  return values;
}

/** `$NAME`, `${NAME}` and `${NAME:-default}`. */
function substitute(text: string, values: ReadonlyMap<string, string>): string {
  const variable = /\$(?:(?<plain>\w+)|\{(?<braced>\w+)(?::-(?<unset>[^}]*))?\})/g;
  return text.replace(variable, (...match) => {
    const { plain, braced, unset = '' } = match.at(-1) as { plain?: string; braced?: string; unset?: string };
    return values.get(plain ?? braced ?? '') || unset;
  });
}
