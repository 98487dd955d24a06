import { join } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import type { Release, ReleasedImage, Service, Source } from '../../charts/environment.ts';
import type { StackConfig } from '../config.ts';
import { buildImage } from '../image/build.ts';
import type { BuiltImage, ImageRequest } from '../image/image.ts';
import { type LocalEnvironment, localNames, pushAddress } from '../local/addresses.ts';
import type { Output } from './output.ts';
import { type SourceState, sourceState } from './source.ts';

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
  const images: BuiltImage[] = [];
  const services = deployedServices(stack);
  const state = await sourceState(
    project,
    services.map(({ source }) => source),
  );
  for (const service of services) {
    const request = imageRequest(project, stack, local, service, state);
    images.push(await output.step(`image ${service.name}`, (say) => buildImage(request, { onProgress: say })));
  }
  return {
    release: {
      source: sourceOf(state),
      images: Object.fromEntries(services.map(({ name }, index) => [name, released(images[index] as BuiltImage)])),
    },
    images,
  };
}

/** Services of the catalog that an environment runs. */
export function deployedServices({ environment }: StackConfig): Service[] {
  return catalog.filter(({ name }) => Object.hasOwn(environment.services, name));
}

/** What to build for one service. Images for the local registry are built for this machine only. */
export function imageRequest(
  project: string,
  { image }: StackConfig,
  local: LocalEnvironment | undefined,
  service: Service,
  state: SourceState,
): ImageRequest {
  const name = `${image.repository}/${service.name}`;
  const isLocal = name.startsWith(`${localNames.registry}/`);
  return {
    service,
    context: join(project, service.source),
    name,
    pushTo: pushAddress(name, local),
    tag: state.dirty ? `${state.commit}-dirty-${state.dirtyHash}` : state.commit,
    platforms: isLocal ? [process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64'] : image.platforms,
    builder: image.builder,
  };
}

function sourceOf({ commit, dirty }: SourceState): Source {
  return { commit, dirty };
}

function released({ name, tag, digest, inputs }: BuiltImage): ReleasedImage {
  return { name, tag, digest, inputs };
}
