import { join } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import type { Release, ReleasedImage, Service } from '../../charts/environment.ts';
import type { StackConfig } from '../config.ts';
import { buildImage, imageInputs } from '../image/build.ts';
import type { BuiltImage, ImageRequest } from '../image/image.ts';
import { type LocalEnvironment, localNames, pushAddress } from '../local/addresses.ts';
import { sourceState } from './git/source.ts';
import type { Output } from './output.ts';

/** What was built for one environment. */
export interface Build {
  readonly release: Release;
  readonly images: readonly BuiltImage[];
}

/** Builds, or finds in the registry, the image of every service of an environment. Services are built one after the other: each uses all cores. */
export async function buildRelease(
  project: string,
  stack: StackConfig,
  local: LocalEnvironment | undefined,
  output: Output,
): Promise<Build> {
  const { commit, dirty } = await sourceState(project);
  const images: BuiltImage[] = [];
  for (const service of deployedServices(stack)) {
    const request = await imageRequest(project, stack, local, service);
    images.push(await output.step(`image ${service.name}`, (say) => buildImage(request, { onProgress: say })));
  }
  const released = deployedServices(stack).map(({ name }, index) => [name, releasedImage(images[index] as BuiltImage)] as const);
  return { release: { source: { commit, dirty }, images: Object.fromEntries(released) }, images };
}

/** Services whose image in a release was made from other inputs than the work tree holds. Nothing is built. */
export async function staleImages(
  project: string,
  stack: StackConfig,
  local: LocalEnvironment | undefined,
  release: Release,
): Promise<string[]> {
  const services = deployedServices(stack);
  const inputs = await Promise.all(services.map(async (service) => imageInputs(await imageRequest(project, stack, local, service))));
  return services.flatMap(({ name }, index) => (release.images[name]?.inputs === inputs[index] ? [] : [name]));
}

/** Services of the catalog that an environment runs. */
export function deployedServices({ environment }: StackConfig): Service[] {
  return catalog.filter(({ name }) => Object.hasOwn(environment.services, name));
}

/** What to build for one service, tagged by what its own folder holds. Images for the local registry are built for this machine only. */
export async function imageRequest(
  project: string,
  { image }: Pick<StackConfig, 'image'>,
  local: LocalEnvironment | undefined,
  service: Service,
): Promise<ImageRequest> {
  const { commit, dirty, dirtyHash } = await sourceState(project, [service.source]);
  const name = `${image.repository}/${service.name}`;
  const isLocal = name.startsWith(`${localNames.registry}/`);
  return {
    service,
    context: join(project, service.source),
    name,
    pushTo: pushAddress(name, local),
    tag: dirty ? `${commit}-dirty-${dirtyHash}` : commit,
    platforms: isLocal ? [process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64'] : image.platforms,
    builder: image.builder,
  };
}

function releasedImage({ name, tag, digest, inputs }: BuiltImage): ReleasedImage {
  return { name, tag, digest, inputs };
}
