import { homedir } from 'node:os';
import { join } from 'node:path';
import { tool } from '../local/tools.ts';
import { chooseBuilder } from './builder.ts';
import type { Artifact, BuiltImage, ImageBuilder, ImageRequest, Surroundings } from './image.ts';
import { hashInputs, recipe } from './inputs.ts';
import { adopt, findPublished, isDirty, publish, sbomTag } from './publish.ts';
import { type PinnedImage, Registry } from './registry.ts';
import { withScratch } from './scratch.ts';
import { copySource, describeSourceFile, readSource, type SourceFile } from './source.ts';

export interface BuildOptions {
  /** Told what is being done, a line at a time. @default nothing is said */
  readonly onProgress?: (line: string) => void;
  /** Environment of every program that is run: PATH, HOME, DOCKER_HOST, proxies. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of what outlives a build. @default $XDG_CACHE_HOME/fullcycle */
  readonly cacheDirectory?: string;
  readonly signal?: AbortSignal;
}

/**
 * Returns the image of a service: the one that the registry already holds for the same inputs, or a new one, built and pushed.
 * @throws Failure E_BUILD, E_TOOL, E_SYMLINK, E_AUTH, E_REGISTRY, E_NO_SPACE or E_IO
 */
export async function buildImage(request: ImageRequest, options: BuildOptions = {}): Promise<BuiltImage> {
  const surroundings = surround(options);
  const examined = await examine(request, surroundings);
  const published = await findPublished(examined.registry, request, examined.inputs);
  if (!published) return buildAndPublish(request, examined, surroundings);
  return isDirty(published.tag) && !isDirty(request.tag) ? adopt(examined.registry, request, published) : published;
}

/**
 * Builds the image of a service and throws it away, to find out whether it can be built; one that the registry holds can. Pushes nothing.
 * @throws Failure like {@link buildImage}
 */
export async function tryBuild(request: ImageRequest, options: BuildOptions = {}): Promise<void> {
  const surroundings = surround(options);
  const examined = await examine(request, surroundings);
  if (await findPublished(examined.registry, request, examined.inputs)) return;
  await withArtifact(request, examined, surroundings, async () => {});
}

/** The inputs hash that a build would have now; nothing is built. @throws Failure E_BUILD, E_TOOL or E_SYMLINK; with Docker also E_AUTH or E_REGISTRY */
export async function imageInputs(request: ImageRequest, options: BuildOptions = {}): Promise<string> {
  return (await examine(request, surround(options))).inputs;
}

/**
 * Refuses images that their registry no longer holds, all of them at once: before a release goes back to them.
 * @throws Failure E_IMAGE_GONE, E_AUTH or E_REGISTRY
 */
export async function requireImages(images: readonly PinnedImage[], options: BuildOptions = {}): Promise<void> {
  await (await openRegistry(surround(options))).requireImages(images);
}

/** Digest of the SPDX document beside an image; undefined when its registry holds none. @throws Failure E_AUTH or E_REGISTRY */
export async function findSbom({ name, pushTo = name, digest }: PinnedImage, options: BuildOptions = {}): Promise<string | undefined> {
  const registry = await openRegistry(surround(options));
  return (await registry.manifest(`${pushTo}:${sbomTag(digest)}`))?.layers[0]?.digest;
}

/** The form in which every builder gets the source. */
const sourceRecipe = recipe(new URL('source.ts', import.meta.url));

/** What a build starts from. */
interface Examined {
  readonly registry: Registry;
  readonly builder: ImageBuilder;
  readonly files: readonly SourceFile[];
  readonly inputs: string;
}

async function examine(request: ImageRequest, surroundings: Surroundings): Promise<Examined> {
  const registry = await openRegistry(surroundings);
  const builder = await chooseBuilder(request, registry, surroundings);
  const [lines, files] = await Promise.all([builder.inputs(request), readSource(request.context, builder.ignored)]);
  const inputs = hashInputs([`builder ${builder.kind}`, ...lines, ...sourceRecipe, ...files.map(describeSourceFile)]);
  return { registry, builder, files, inputs };
}

async function openRegistry({ env, say, signal }: Surroundings): Promise<Registry> {
  return new Registry({ crane: await tool('crane', { env, onProgress: say }), env, signal });
}

function surround({ env = process.env, onProgress = () => {}, cacheDirectory, signal }: BuildOptions): Surroundings {
  const cache = cacheDirectory ?? join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'fullcycle');
  return { env, cacheDirectory: cache, say: onProgress, signal };
}

function buildAndPublish(request: ImageRequest, examined: Examined, surroundings: Surroundings): Promise<BuiltImage> {
  return withArtifact(request, examined, surroundings, (artifact, scratch) => {
    surroundings.say(`pushing ${request.service.name}`);
    return publish(examined.registry, request, examined.inputs, artifact, scratch);
  });
}

/** Builds in a folder that goes when the work is done. */
function withArtifact<T>(
  request: ImageRequest,
  { builder, files, inputs }: Examined,
  { cacheDirectory, say }: Surroundings,
  work: (artifact: Artifact, scratch: string) => Promise<T>,
): Promise<T> {
  const { name } = request.service;
  return withScratch(cacheDirectory, name, async (scratch) => {
    const source = join(scratch, 'source');
    await copySource(request.context, files, source);
    say(`building ${name} with ${builder.kind}`);
    return work(await builder.build({ request, source, inputs, scratch }), scratch);
  });
}
