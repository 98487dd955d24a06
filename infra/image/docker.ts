import { readFileSync, realpathSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseImage } from '../../charts/validate/image.ts';
import { clean, fail } from '../delivery/errors.ts';
import { type RunResult, tryRun } from '../delivery/process.ts';
import { buildCommand } from './build-command.ts';
import { baseImages } from './dockerfile.ts';
import type { Artifact, BuildJob, ImageBuilder, ImageRequest, Platform, Surroundings } from './image.ts';
import { recipe } from './inputs.ts';
import { compressLayer, readLayer } from './layer.ts';
import { type Descriptor, type Layer, ociPlatform, writeManifest, writeTop } from './oci-layout.ts';
import type { Registry } from './registry.ts';
import { describeImage, listPackages, type Package } from './sbom.ts';
import { describeDependencies } from './source-packages.ts';

/** A Docker daemon that answers, and how to build with it. */
export interface Docker {
  /** What the daemon runs itself, like `linux/amd64`. */
  readonly platform: string;
  /** `buildx` where its plugin is; `buildkit` in clients before 23, which have it built in; else `legacy`: the daemon's own platform only. */
  readonly engine: 'buildx' | 'buildkit' | 'legacy';
}

const missing = 'install Docker, or set image.builder to auto, ko or layers';
const buildCommands = {
  buildx: ['docker', 'buildx', 'build', '--load', '--provenance=false', '--progress=plain'],
  buildkit: ['docker', 'build', '--progress=plain'],
  legacy: ['docker', 'build'],
} as const;

/** The daemon that the docker client is set up for; the text says why there is none. */
export async function findDocker({ env, signal }: Surroundings): Promise<Docker | string> {
  const format = '{{.Server.Os}}/{{.Server.Arch}} {{.Client.Version}}';
  const options = { env, signal, timeout: 10_000 };
  const version = await tryRun(['docker', 'version', '--format', format], options);
  if (version.exitCode !== 0) return clean(version.stderr).trim().slice(0, 200);
  const buildx = await tryRun(['docker', 'buildx', 'version'], options);
  const [platform = '', client = ''] = version.stdout.trim().split(' ');
  const hasBuildKit = Number.parseInt(client, 10) < 23;
  return { platform, engine: buildx.exitCode === 0 ? 'buildx' : hasBuildKit ? 'buildkit' : 'legacy' };
}

/**
 * Any service with a Dockerfile, which gets the inputs hash as the build argument `BUILD_ID`. What Docker builds is saved and pushed
 * like every other image, so the daemon needs neither credentials nor a way to the registry. Docker dates what it builds: the same
 * inputs built twice are two images, so the first one counts, for every machine that asks the registry.
 */
export function createDockerBuilder(docker: Docker, registry: Registry, surroundings: Surroundings): ImageBuilder {
  return {
    kind: 'docker',
    ignored: ['.git', '!Dockerfile', '!.dockerignore'],
    inputs: async (request) => [
      ...recipe(...['docker.ts', 'layer.ts', 'oci-layout.ts'].map((file) => new URL(file, import.meta.url))),
      ...choosePlatforms(docker, request).map((platform) => `platform ${platform}`),
      ...(await findBases(request, registry, surroundings)).map(({ image, digest }) => `base ${image} ${digest}`),
    ],
    build: (job) => build(job, docker, registry, surroundings),
  };
}

async function build(job: BuildJob, docker: Docker, registry: Registry, surroundings: Surroundings): Promise<Artifact> {
  const { request, inputs, source, scratch } = job;
  const { name } = request.service;
  const layout = join(scratch, 'image');
  await mkdir(layout);
  const wanted = choosePlatforms(docker, request);
  if (wanted.length < request.platforms.length) {
    surroundings.say(
      `Docker without BuildKit builds for its own platform only: ${wanted.join(', ')} instead of ${request.platforms.join(', ')}`,
    );
  }
  const manifests: Descriptor[] = [];
  for (const platform of wanted) manifests.push(await buildPlatform(job, platform, layout, docker, surroundings));
  const image = writeTop(layout, manifests);
  const bases = await findBases({ ...request, context: source }, registry, surroundings);
  const parts = [...(await describeDependencies(source, name, surroundings)), listPackages(bases.map(describeBase))];
  return { layout, image, sboms: [describeImage(name, image.digest, inputs, parts)] };
}

/** All that are wanted, or without BuildKit the daemon's own if it is among them. @throws Failure E_BUILD */
function choosePlatforms({ platform, engine }: Docker, { platforms, service }: ImageRequest): readonly Platform[] {
  if (engine !== 'legacy') return platforms;
  const own = platforms.filter((wanted) => wanted === platform);
  if (own.length > 0) return own;
  const rule = `Docker without BuildKit builds for its own platform only: ${platform}`;
  return fail('E_BUILD', service.name, platforms.join(', '), rule, 'install the buildx plugin of Docker');
}

interface Base {
  readonly image: string;
  readonly digest: string;
}

/** Which image each `FROM` means today: what the daemon holds under that name, else what the registry says. @throws Failure E_BUILD, E_AUTH or E_REGISTRY */
async function findBases({ context, service }: ImageRequest, registry: Registry, { env, signal }: Surroundings): Promise<Base[]> {
  const images = baseImages(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  return Promise.all(
    images.map(async (image) => {
      const pinned = parseImage(image).digest;
      if (pinned) return { image, digest: pinned };
      const format = '{{range .RepoDigests}}{{.}} {{end}}{{.Id}}';
      const local = await tryRun(['docker', 'image', 'inspect', '--format', format, image], { env, signal });
      if (local.exitCode === 0) return { image, digest: (local.stdout.trim().split(' ')[0] ?? '').replace(/^.*@/, '') };
      const manifest = await registry.manifest(image);
      if (manifest) return { image, digest: manifest.digest };
      const rule = 'what the Dockerfile starts from must be in its registry';
      return fail('E_BUILD', `${service.name}: Dockerfile`, image, rule, 'mend its FROM');
    }),
  );
}

function describeBase({ image, digest }: Base): Package {
  return { name: image, version: digest, purl: `pkg:docker/${parseImage(image).name}@${encodeURIComponent(digest)}` };
}

async function buildPlatform(
  job: BuildJob,
  platform: Platform,
  layout: string,
  docker: Docker,
  surroundings: Surroundings,
): Promise<Descriptor> {
  const { request, inputs, source, scratch } = job;
  const { env, signal, say } = surroundings;
  const idFile = join(scratch, 'image-id');
  const options = {
    field: request.service.name,
    missing,
    signal,
    env: { ...env, DOCKER_BUILDKIT: docker.engine === 'legacy' ? '0' : '1' },
  };
  const forPlatform = docker.engine === 'legacy' ? [] : ['--platform', platform];
  const named = ['--tag', `${request.name}:${request.tag}`, '--iidfile', idFile, '--build-arg', `BUILD_ID=${inputs}`];
  await buildCommand([...buildCommands[docker.engine], ...forPlatform, ...named, source], { ...options, onLine: say, excerpt: failedStep });
  const saved = join(scratch, `saved-${ociPlatform(platform).architecture}`);
  await mkdir(saved);
  await buildCommand(['docker', 'save', '--output', `${saved}.tar`, readFileSync(idFile, 'utf8').trim()], options);
  await buildCommand(['tar', '--extract', `--file=${saved}.tar`, `--directory=${saved}`], options);
  return { ...(await convert(saved, layout, request.service.name)), platform: ociPlatform(platform) };
}

/** What the failed step said, without the progress of the others. Builders before BuildKit write all on stdout, in order. */
function failedStep({ stdout, stderr }: RunResult): string {
  const said = `${stdout}\n${stderr}`;
  const [, step] = /^#(\d+) ERROR/m.exec(said) ?? [];
  if (step === undefined) return said;
  const lines = said.split('\n').filter((line) => line.startsWith(`#${step} `) && !line.startsWith(`#${step} sha256:`));
  return lines.map((line) => line.replace(/^#\d+ (?:\d+\.\d+ )?/, '')).join('\n');
}

/** Turns what `docker save` wrote into a manifest of the layout; the config, and so the image's id, stays as it is. */
async function convert(saved: string, layout: string, field: string): Promise<Descriptor> {
  const [manifest] = JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')) as SavedImage[];
  if (!manifest) return fail('E_BUILD', field, undefined, 'docker save must write an image', 'rerun');
  const config = readFileSync(join(saved, manifest.Config), 'utf8');
  const { rootfs } = JSON.parse(config) as { rootfs: { diff_ids: string[] } };
  // An image may hold a layer twice: as a link, or under one path.
  const files = manifest.Layers.map((path) => realpathSync(join(saved, path)));
  const layers = new Map<string, Layer>();
  for (const [index, file] of files.entries()) {
    if (!layers.has(file)) layers.set(file, await readSavedLayer(file, rootfs.diff_ids[index] ?? '', field));
  }
  return writeManifest(
    layout,
    config,
    files.flatMap((file) => layers.get(file) ?? []),
  );
}

/** Daemons with containerd's image store keep layers compressed, the way they were pulled. */
async function readSavedLayer(file: string, diffId: string, field: string): Promise<Layer> {
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  await handle.close();
  return buffer.readUInt16BE() === gzipMagic ? readLayer(file, diffId) : compressLayer(file, field);
}

/** Source: RFC 1952, section 2.3.1 */
const gzipMagic = 0x1f8b;

interface SavedImage {
  readonly Config: string;
  readonly Layers: readonly string[];
}
