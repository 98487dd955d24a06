import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { catalog } from '../../charts/catalog.ts';
import { loadStack, parseStack, type StackConfig } from '../../infra/config.ts';
import { Failure, formatProblem } from '../../infra/delivery/errors.ts';

/** Environments of the project that is written to disk. */
export const environments = ['dev', 'prod', 'staging'];

/** A project file that declares nothing but a secret: every default is the schema's. */
export const projectText = 'name: fullcycle\nruntime: nodejs\nconfig:\n  webhookSecret:\n    type: string\n    secret: true\n';

/** Values of a small environment that is right. */
export function values(): Record<string, unknown> {
  const resources = { cpu: { request: '50m', limit: '250m' }, memory: { request: '64Mi', limit: '128Mi' } };
  const ingress = { host: 'hello.example.com', className: 'nginx', controllerNamespace: 'ingress-nginx' };
  return {
    'fullcycle:replicas': { min: 1, max: 3 },
    'fullcycle:services': { goserver: { replicas: 1, resources, ingress }, nodeserver: { replicas: 1, resources } },
  };
}

/** Text of a stack file. */
export function stackText(config: unknown): string {
  return stringify({ config }, { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** The right values with one of them replaced, or removed when undefined: `services.goserver.replicas`. */
export function withValue(field: string, value: unknown): string {
  const [key, ...path] = field.split('.');
  return stackText(replaced(values(), [`fullcycle:${key}`, ...path], value));
}

function replaced(
  object: Readonly<Record<string, unknown>>,
  [key = '', ...path]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (path.length === 0) return { ...object, [key]: value };
  return { ...object, [key]: replaced((object[key] ?? {}) as Record<string, unknown>, path, value) };
}

/** What a text is refused with, a line each: by the pure parser and, the same, from files; and nothing on disk was touched. */
export async function refusal(text: string | Uint8Array, project: string | Uint8Array = projectText): Promise<string[]> {
  const parsed = await linesOf(() => parseStack('dev', project, text, catalog, { environments }));
  await inProject(project, text, async (directory) => {
    const before = await snapshot(directory);
    expect(await linesOf(() => loadStack(directory, 'dev'))).toEqual(parsed);
    expect(await snapshot(directory)).toEqual(before);
  });
  return parsed;
}

/** What a text is taken for, by both ways in. */
export async function taken(text: string | Uint8Array, project: string | Uint8Array = projectText): Promise<StackConfig> {
  const parsed = parseStack('dev', project, text, catalog, { environments });
  await inProject(project, text, async (directory) => expect(await loadStack(directory, 'dev')).toEqual(parsed));
  return parsed;
}

/** Lines without the place in the file. */
export function withoutPlace(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/ \(Pulumi\.[^()]*\)$/, ''));
}

/** The problems that a call throws, a line each. Anything but a Failure fails the test. */
export async function linesOf(call: () => unknown): Promise<string[]> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Failure) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

/** Runs with a project on disk that is removed afterwards. */
export async function inProject(
  project: string | Uint8Array,
  dev: string | Uint8Array,
  run: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'fullcycle-config-'));
  try {
    await writeFile(join(directory, 'Pulumi.yaml'), project);
    for (const name of environments) await writeFile(join(directory, `Pulumi.${name}.yaml`), name === 'dev' ? dev : stackText(values()));
    await run(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function snapshot(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory, { recursive: true })).sort();
  const entries = names.map(async (name) => [name, await readFile(join(directory, name), 'hex')] as const);
  return Object.fromEntries(await Promise.all(entries));
}
