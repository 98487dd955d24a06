import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../delivery/errors.ts';
import { nonroot } from './base.ts';
import { debianPackages } from './debian.ts';
import type { Artifact, BuildJob, ImageBuilder, ImageRequest, Platform, Surroundings } from './image.ts';
import { recipe } from './inputs.ts';
import { packLayer } from './layer.ts';
import { architectureOf, dependenciesLayer, nodeLayer, nodeRecipe, nodeVersion, rootLayer } from './node-layers.ts';
import { type ContainerConfig, type Layer, type PlatformImage, writeImages } from './oci-layout.ts';
import { describeImage, listPackages, type SbomPart } from './sbom.ts';
import { listNpmPackages } from './source-packages.ts';

/**
 * Node services without Docker and without an image to start from: a minimal Debian root, the Node binary, the dependencies and the
 * source, each a layer, so that a change of the source pushes the source. What can't reach the image: secrets beside the source too.
 */
export function createLayersBuilder(surroundings: Surroundings): ImageBuilder {
  return {
    kind: 'layers',
    ignored: ['**/node_modules', '.git', '.dockerignore', 'Dockerfile', '**/.env', '**/.env.*', '**/.npmrc'],
    inputs: async ({ platforms, service }) => [
      ...nodeRecipe,
      ...recipe(new URL(import.meta.url), new URL('base.ts', import.meta.url), new URL('oci-layout.ts', import.meta.url)),
      ...platforms.map((platform) => `platform ${platform}`),
      `port ${service.port}`,
    ],
    build: (job) => build(job, surroundings),
  };
}

async function build(job: BuildJob, surroundings: Surroundings): Promise<Artifact> {
  const { request, source, inputs, scratch } = job;
  const { name } = request.service;
  const config = containerConfig(job);
  const shared = request.platforms.map((platform) => sharedLayers(platform, source, name, surroundings));
  const layers = await Promise.all(shared);
  const npm = await listNpmPackages(source, name, surroundings);
  const app = await packSource(source, scratch, name);
  const layout = join(scratch, 'image');
  await mkdir(layout);
  const images = request.platforms.map((platform, index): PlatformImage => ({ platform, config, layers: [...(layers[index] ?? []), app] }));
  const image = writeImages(layout, images);
  return { layout, image, sboms: [describeImage(name, image.digest, inputs, [npm, runtimePackages(request.platforms)])] };
}

/** What changes least lies lowest. */
function sharedLayers(platform: Platform, source: string, service: string, surroundings: Surroundings): Promise<Layer[]> {
  return Promise.all([
    rootLayer(platform, surroundings),
    nodeLayer(platform, surroundings),
    dependenciesLayer(platform, source, service, surroundings),
  ]);
}

async function packSource(source: string, scratch: string, service: string): Promise<Layer> {
  const root = join(scratch, 'app-layer');
  await mkdir(root);
  await rename(source, join(root, 'app'));
  return packLayer(root, service);
}

function containerConfig({ request: { service }, source, inputs }: BuildJob): ContainerConfig {
  return {
    User: nonroot,
    WorkingDir: '/app',
    Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_ENV=production', `APP_BUILD=${inputs}`],
    Entrypoint: ['/usr/local/bin/node', ...startArguments(source, service.name)],
    ExposedPorts: { [`${service.port}/tcp`]: {} },
  };
}

/** What `npm start` would give to node. Without npm and a shell in the image, the script must be a plain call of node. */
function startArguments(source: string, service: string): string[] {
  for (const file of ['package.json', 'package-lock.json']) {
    if (existsSync(join(source, file))) continue;
    fail('E_BUILD', service, file, 'a Node service has a package.json and a package-lock.json', 'run npm install in its folder');
  }
  const start = readStartScript(join(source, 'package.json'));
  const [program, ...args] = start?.split(' ') ?? [];
  if (program === 'node' && args.length > 0 && args.every((arg) => /^[\w./:=@,-]+$/.test(arg))) return args;
  const rule = 'a plain call of node, without shell syntax';
  return fail('E_BUILD', `${service}: package.json: scripts.start`, start, rule, 'write it like "node server.ts"');
}

/** Undefined when there is none; what else may be wrong with the file, npm tells better. */
function readStartScript(file: string): string | undefined {
  try {
    const { start } = (JSON.parse(readFileSync(file, 'utf8')) as { scripts: { start?: unknown } }).scripts;
    return typeof start === 'string' ? start : undefined;
  } catch {
    return undefined;
  }
}

function runtimePackages(platforms: ImageRequest['platforms']): SbomPart {
  const node = { name: 'node', version: nodeVersion, purl: `pkg:generic/node@${nodeVersion}`, license: 'MIT' };
  return listPackages([node, ...platforms.flatMap((platform) => debianPackages(architectureOf(platform)))]);
}
