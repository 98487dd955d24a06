import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import type { Catalog, ManifestFile, Release } from '../../charts/environment.ts';
import { render } from '../../charts/render.ts';
import { loadStacks, type StackConfig } from '../config.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, fail } from './errors.ts';
import { recordRelease } from './release/record.ts';
import { formatRelease, parseRelease, type ReleaseRecord, releasePath } from './release/release.ts';

export interface SynthOptions {
  readonly env?: string;
  readonly out: string;
  readonly release?: string;
}

/** A file of the GitOps repo's tree. */
export type TreeFile = Pick<ManifestFile, 'path' | 'text'>;

/** `fullcycle synth`: renders to a directory. */
export async function run({ env, out, release }: SynthOptions, { project, output, local }: Context): Promise<ExitCode> {
  const stacks = await loadStacks(project, env, { local });
  const text = release === undefined ? undefined : await readRelease(release, stacks.length);
  const files = await synth(stacks, resolve(out), text);
  if (text === undefined) output.note('Images are placeholders: no --release was given.');
  output.print(`${files.length} files in ${out}`);
  output.data({ out: resolve(out), files: files.map(({ path }) => path) });
  return exit.ok;
}

/**
 * Renders environments into a directory, which is replaced as a whole.
 * @param release text of a release.json to take the images from. @default placeholders
 */
export async function synth(stacks: readonly StackConfig[], out: string, release?: string): Promise<TreeFile[]> {
  const files = stacks.flatMap((stack) =>
    synthesize(stack, release === undefined ? placeholderRelease(stack, catalog) : parseRelease(stack.environment.name, release)),
  );
  await writeTree(out, files);
  return files;
}

/** Everything `deliver` would put in the GitOps repo for one environment, except the ownership ledger. Pure. */
export function synthesize(stack: StackConfig, release: Release | ReleaseRecord): TreeFile[] {
  const record = 'schema' in release ? release : recordRelease(stack.environment, release, catalog);
  const manifests = render(stack.environment, release, catalog);
  return [...manifests, { path: releasePath(stack.environment.name), text: formatRelease(record) }];
}

/** Images that name no real build, so that a tree can be rendered and looked at without building anything. */
export function placeholderRelease({ environment, image }: StackConfig, services: Catalog): Release {
  const commit = '0'.repeat(40);
  const digest = `sha256:${'0'.repeat(64)}`;
  const deployed = services.filter(({ name }) => name in environment.services);
  const images = deployed.map(({ name }) => [name, { name: `${image.repository}/${name}`, tag: commit, digest, inputs: digest }] as const);
  return { source: { commit, dirty: false }, images: Object.fromEntries(images) };
}

async function readRelease(file: string, environments: number): Promise<string> {
  if (environments !== 1) fail('E_USAGE', '--release', file, 'a release belongs to one environment', 'name it with --env');
  if (!existsSync(file)) fail('E_PATH', '--release', file, 'a release.json of the GitOps repo', 'check the path');
  return readFile(file, 'utf8');
}

/** Replaces a directory that an earlier synth wrote. Written beside it and renamed, so that a crash leaves the old tree or the new one. */
async function writeTree(out: string, files: readonly TreeFile[]): Promise<void> {
  const foreign = existsSync(out) ? readdirSync(out).filter((name) => name !== 'environments' && name !== 'argocd') : [];
  if (foreign.length > 0)
    fail(
      'E_PATH',
      '--out',
      out,
      `only an empty directory or an earlier tree is replaced; this one holds ${foreign[0]}`,
      'choose another directory',
    );
  const next = `${out}.${process.pid}.tmp`;
  const folders = new Set(files.map(({ path }) => dirname(join(next, path))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  for (const { path, text } of files) await writeFile(join(next, path), text);
  await rm(out, { recursive: true, force: true });
  await rename(next, out);
}
