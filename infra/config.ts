import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { catalog } from '../charts/catalog.ts';
import type { Problem } from '../charts/problem.ts';
import { checkEnvironmentNames } from '../charts/validate/environment.ts';
import { checkName } from '../charts/validate/name.ts';
import { mostBytes, tooLarge } from '../charts/yaml-encoding.ts';
import { type ParseOptions, parseStack } from './config/parse.ts';
import type { StackConfig } from './config/stack.ts';
import { suggest } from './config/suggestion.ts';
import { checkTogether } from './config/together.ts';
import { Failure, fail, failIfAny } from './delivery/errors.ts';

export { parseStack } from './config/parse.ts';
export type * from './config/stack.ts';

const stackFile = /^Pulumi\.(.+)\.yaml$/s;

/**
 * Reads and checks the configuration of one environment. This file is the only reader of stack files.
 * @param project absolute folder of the project
 * @throws Failure E_ENV for an environment that is not there, and everything that {@link parseStack} finds
 */
export async function loadStack(project: string, environment: string, options: Pick<ParseOptions, 'local'> = {}): Promise<StackConfig> {
  const environments = await listEnvironments(project);
  failIfAny(checkEnvironmentName(environment, environments));
  const [projectText, stackText] = await Promise.all([read(project, 'Pulumi.yaml'), read(project, `Pulumi.${environment}.yaml`)]);
  return parseStack(environment, projectText, stackText, catalog, { ...options, environments });
}

/**
 * Names of all environments, one `Pulumi.<env>.yaml` each, sorted.
 * @throws Failure E_PATH when the folder is no project, E_NAME for names that can't be environments
 */
export async function listEnvironments(project: string): Promise<string[]> {
  const files = await readdir(project).catch(() => [] as string[]);
  if (!files.includes('Pulumi.yaml')) {
    fail('E_PATH', 'directory', project, 'the folder of the project, with Pulumi.yaml in it', 'name it with -C');
  }
  const names = files.flatMap((file) => stackFile.exec(file)?.[1] ?? []).sort();
  failIfAny([...names.flatMap((name) => checkName(`Pulumi.${name}.yaml`, name)), ...checkEnvironmentNames(names)]);
  return names;
}

/**
 * Configuration of the environment that was asked for, or of all of them in the order of promotion.
 * @throws Failure like {@link loadStack}, with the problems of all environments
 */
export async function loadStacks(
  project: string,
  environment: string | undefined,
  options: Pick<ParseOptions, 'local'> = {},
): Promise<StackConfig[]> {
  const environments = environment === undefined ? await listEnvironments(project) : [environment];
  const loaded = await Promise.allSettled(environments.map((name) => loadStack(project, name, options)));
  const errors = loaded.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  for (const error of errors) if (!(error instanceof Failure)) throw error;
  failIfAny(errors.flatMap((failure: Failure) => failure.problems));
  const stacks = loaded.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  failIfAny(checkTogether(stacks));
  return inPromotionOrder(stacks);
}

/** Sorts environments so that each follows the one it is promoted from; by name where that leaves a choice. */
export function inPromotionOrder<Stack extends Pick<StackConfig, 'promotion' | 'environment'>>(stacks: readonly Stack[]): Stack[] {
  const byName = new Map(stacks.map((stack) => [stack.environment.name, stack]));
  const depth = ({ promotion }: Stack, seen = 0): number => {
    const source = promotion.from === undefined ? undefined : byName.get(promotion.from);
    return source === undefined || seen > stacks.length ? seen : depth(source, seen + 1);
  };
  return [...stacks].sort((a, b) => depth(a) - depth(b) || (a.environment.name < b.environment.name ? -1 : 1));
}

/** `checkEnvironmentName(name, known): Problem[]` - E_ENV unless one of the known ones, with did-you-mean. */
export function checkEnvironmentName(name: string, known: readonly string[]): Problem[] {
  if (known.includes(name)) return [];
  const meant = suggest(name, known);
  const rule = known.length > 0 ? `one of ${known.join(', ')}` : 'an environment has a file Pulumi.<env>.yaml, there is none';
  return [
    {
      code: 'E_ENV',
      field: 'env',
      value: quoted(name),
      rule,
      fix: meant ? `did you mean ${meant}?` : `name one of them, or add a Pulumi.<env>.yaml`,
    },
  ];
}

async function read(project: string, file: string): Promise<Uint8Array> {
  const path = join(project, file);
  try {
    const found = await stat(path);
    if (!found.isFile()) fail('E_PATH', file, undefined, 'a plain file', 'replace it by one');
    if (found.size > mostBytes) failIfAny([tooLarge(file, found.size)]);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    return fail('E_IO', file, (cause as NodeJS.ErrnoException).code, 'a file that can be read', 'look at it and at its permissions', {
      cause,
    });
  }
}

/** Space at the ends and characters that can't be seen are what is wrong with `prod `: they are shown. */
function quoted(name: string): string {
  const escaped = JSON.stringify(name).replace(
    /[^\P{C}\p{Co}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped === `"${name}"` && name.trim() === name && name !== '' ? name : escaped;
}
