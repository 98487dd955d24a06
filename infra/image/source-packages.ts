import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommand } from './build-command.ts';
import type { Surroundings } from './image.ts';
import { listPackages, readNpmSbom, type SbomPart } from './sbom.ts';

/** What the lock files of a source say that its image holds. @throws Failure E_BUILD or E_TOOL */
export async function describeDependencies(source: string, field: string, surroundings: Surroundings): Promise<SbomPart[]> {
  const parts: SbomPart[] = [];
  if (existsSync(join(source, 'go.mod'))) parts.push(listGoModules(readFileSync(join(source, 'go.mod'), 'utf8')));
  if (existsSync(join(source, 'package-lock.json'))) parts.push(await listNpmPackages(source, field, surroundings));
  return parts;
}

/** Packages of the lock file, development ones left out. @throws Failure E_BUILD or E_TOOL */
export async function listNpmPackages(source: string, field: string, { env, signal }: Surroundings): Promise<SbomPart> {
  const command = ['npm', 'sbom', '--package-lock-only', '--omit=dev', '--sbom-format=spdx', '--loglevel=error'] as const;
  const missing = 'install Node with npm';
  const { stdout } = await buildCommand([...command], { cwd: source, field, missing, env, signal });
  return readNpmSbom(stdout);
}

/** Modules that a go.mod requires. Source of the syntax: https://go.dev/ref/mod#go-mod-file */
export function listGoModules(goMod: string): SbomPart {
  const required = [...goMod.matchAll(/^require\s*(?:\(([^)]*)\)|(\S+ +\S+))/gm)].map(([, block, line]) => block ?? line ?? '');
  const modules = required.flatMap((text) => [...text.matchAll(/^\s*([^\s/]\S*)\s+(v\S+)/gm)]);
  return listPackages(modules.map(([, name = '', version = '']) => ({ name, version, purl: `pkg:golang/${name}@${version}` })));
}
