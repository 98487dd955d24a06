import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../delivery/errors.ts';
import { run, tryRun } from '../../delivery/process.ts';
import { ensureTools, moduleDirectory, type ToolOptions, tool } from '../tools.ts';
import { argoCdLayer } from './argocd-image.ts';
import { type RootFilesystem, rootFilesystem, rootFilesystemHash } from './root-filesystem.ts';

/** An image in the local registry, under its official name. */
export interface ClusterImage {
  /** As manifests say it: `quay.io/argoproj/argocd:v3.5.7`. */
  readonly name: string;
  readonly digest: string;
  /** False when the registry held one of the same inputs. */
  readonly built: boolean;
}

export interface ImageOptions extends ToolOptions {
  /** `host:port` under which the local registry takes images. */
  readonly registry: string;
}

/** What sets an image apart from its root filesystem. */
interface Recipe {
  /** Layers on top: makes tar files in a scratch folder. */
  readonly layers: (scratch: string) => Promise<readonly string[]>;
  /** Flags of `crane mutate`. */
  readonly settings: readonly string[];
  /** What decides its content besides. */
  readonly inputs: readonly string[];
}

const argoCdModule = 'github.com/argoproj/argo-cd/v3';
const platform = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;

const debian: RootFilesystem = {
  suite: 'bookworm',
  packages: ['ca-certificates', 'git', 'gpg', 'gpg-agent', 'openssh-client', 'redis-server', 'tini', 'tzdata'],
  customization: `echo 'argocd:x:999:' >> "$1/etc/group"; echo 'argocd:x:999:999::/home/argocd:/usr/sbin/nologin' >> "$1/etc/passwd"`,
};

/** Argo CD looks for Dex even where it never starts it. Dex's versions are no Go modules, so there is nothing to build it from. */
const withoutDex = '#!/bin/sh\necho "single sign-on needs Dex, which this image does not hold" >&2\nexit 1\n';

/**
 * Puts every image that Argo CD's official install manifest names into the local registry, made from pinned Go modules and Debian packages.
 * Nothing is built when the registry holds images of the same inputs.
 * @throws Failure E_TOOL, E_BUILD; CommandError
 */
export async function provideArgoCdImages(options: ImageOptions): Promise<ClusterImage[]> {
  const module = await moduleDirectory('cluster', argoCdModule, options);
  const names = imagesOf(readFileSync(join(module, 'manifests', 'install.yaml'), 'utf8'));
  const programs = await ensureTools(['argocd', 'kustomize', 'crane'], options);
  const images: ClusterImage[] = [];
  for (const name of names) images.push(await provide(name, recipeOf(name, module, programs), options));
  return images;
}

/** Puts the image that holds a pod's namespaces into the local registry. */
export async function provideSandboxImage(name: string, options: ImageOptions): Promise<ClusterImage> {
  const pause = await tool('pause', options);
  const layer = async (scratch: string) => [await pack(join(scratch, 'pause.tar'), dirname(pause), [basename(pause)])];
  const recipe: Recipe = { layers: layer, settings: ['--entrypoint=/pause', '--user=65535:65535'], inputs: [hashOf(pause)] };
  return publish(name, recipe, inputsTag(recipe), options, undefined);
}

/** Images that a manifest names, each once. */
export function imagesOf(manifest: string): string[] {
  return [...new Set([...manifest.matchAll(/^\s+(?:- )?image: (\S+)$/gm)].map(([, name = '']) => name))].sort();
}

/** Where the local registry keeps an image of another registry: the same repository, without that registry's host. */
export function inLocalRegistry(name: string, registry: string): string {
  return name.replace(/^[^/]+/, registry);
}

function recipeOf(name: string, module: string, { argocd, kustomize }: { argocd: string; kustomize: string }): Recipe {
  const repository = inLocalRegistry(name, '').split(':')[0];
  const none = () => Promise.resolve([]);
  switch (repository) {
    case '/argoproj/argocd':
      return {
        layers: async (scratch) => [await argoCdLayer({ module, argocd, kustomize, scratch })],
        settings: [
          '--user=999',
          '--workdir=/home/argocd',
          '--entrypoint=/usr/bin/tini,--',
          '--env=USER=argocd',
          '--env=GRPC_ENABLE_TXT_SERVICE_CONFIG=false',
        ],
        inputs: [hashOf(argocd), hashOf(kustomize), hashOf(join(import.meta.dirname, 'argocd-image.ts'))],
      };
    case '/docker/library/redis':
      return { layers: none, settings: ['--user=999', '--entrypoint=/usr/bin/redis-server', '--workdir=/tmp'], inputs: [] };
    // Runs Argo CD's own program, copied in by an init container; Dex itself is started only where single sign-on is configured.
    case '/dexidp/dex':
      return { layers: async (scratch) => [await dexLayer(scratch)], settings: ['--user=1001', '--workdir=/tmp'], inputs: [withoutDex] };
    default:
      return fail('E_BUILD', name, undefined, "Argo CD's manifest names an image that nobody here can make", 'add a recipe for it');
  }
}

async function dexLayer(scratch: string): Promise<string> {
  writeFileSync(join(scratch, 'dex'), withoutDex, { mode: 0o755 });
  return pack(join(scratch, 'dex.tar'), scratch, ['--transform=s,^,usr/local/bin/,', 'dex']);
}

/** Packs files reproducibly, all of them root's. */
async function pack(file: string, folder: string, args: readonly string[]): Promise<string> {
  await run(['tar', '--create', '--file', file, '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-C', folder, ...args]);
  return file;
}

async function provide(name: string, recipe: Recipe, options: ImageOptions): Promise<ClusterImage> {
  const tag = inputsTag(recipe, rootFilesystemHash(debian));
  return publish(name, recipe, tag, options, () => baseImage(options));
}

/** The root filesystem as an image, which the registry's other images share. */
async function baseImage(options: ImageOptions): Promise<string> {
  const image = `${options.registry}/fullcycle/debian:${rootFilesystemHash(debian).slice(0, 16)}`;
  const crane = await tool('crane', options);
  if ((await tryRun([crane, 'digest', image])).exitCode === 0) return image;
  const { env = process.env, onProgress = () => {} } = options;
  const { XDG_CACHE_HOME, HOME } = env;
  const file = await rootFilesystem(debian, join(XDG_CACHE_HOME || join(HOME || homedir(), '.cache'), 'fullcycle', 'images'), onProgress);
  await run([crane, 'append', '--oci-empty-base', '--new_layer', file, '--new_tag', image]);
  return image;
}

/** Builds the image unless the registry holds one with this tag, and gives it its official tag. */
async function publish(
  name: string,
  recipe: Recipe,
  tag: string,
  options: ImageOptions,
  base: (() => Promise<string>) | undefined,
): Promise<ClusterImage> {
  const crane = await tool('crane', options);
  const wanted = inLocalRegistry(name, options.registry);
  const known = wanted.replace(/:[^:/]+$/, `:${tag}`);
  const held = await tryRun([crane, 'digest', known]);
  if (held.exitCode !== 0) {
    options.onProgress?.(`building ${name}`);
    await build(crane, recipe, known, await base?.());
  }
  await run([crane, 'tag', known, wanted.split(':').at(-1) ?? '']);
  return { name, digest: held.stdout.trim() || (await run([crane, 'digest', known])).stdout.trim(), built: held.exitCode !== 0 };
}

async function build(crane: string, { layers, settings }: Recipe, image: string, base: string | undefined): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'fullcycle-image-'));
  try {
    const files = await layers(scratch);
    const from = base ? ['--base', base] : ['--oci-empty-base'];
    const unfinished = `${image}-unfinished`;
    if (files.length > 0) await run([crane, 'append', ...from, ...files.flatMap((file) => ['--new_layer', file]), '--new_tag', unfinished]);
    const source = files.length > 0 ? unfinished : (base ?? image);
    await run([crane, 'mutate', source, `--set-platform=${platform}`, ...settings, '--tag', image]);
    if (files.length > 0) await tryRun([crane, 'delete', unfinished]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function inputsTag({ settings, inputs }: Recipe, base = ''): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([settings, inputs, base, platform]))
    .digest('hex');
  return `inputs-${hash.slice(0, 32)}`;
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
