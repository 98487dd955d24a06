import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../delivery/errors.ts';
import { createDockerBuilder, findDocker } from './docker.ts';
import type { BuilderName, ImageBuilder, ImageRequest, Surroundings } from './image.ts';
import { createKoBuilder } from './ko.ts';
import { createLayersBuilder } from './layers.ts';
import type { Registry } from './registry.ts';

/** The file by which each builder knows its services. */
const signs = { docker: 'Dockerfile', ko: 'go.mod', layers: 'package.json' } as const;

/**
 * The builder that a request names. `auto` takes Docker where the service has a Dockerfile and a daemon answers, else ko for Go and
 * layers for Node.
 * @throws Failure E_BUILD when the service isn't of that kind; E_TOOL when Docker is asked for and doesn't answer
 */
export async function chooseBuilder(request: ImageRequest, registry: Registry, surroundings: Surroundings): Promise<ImageBuilder> {
  const { builder, context, service } = request;
  const fits = (kind: Exclude<BuilderName, 'auto'>) => (builder === kind || builder === 'auto') && existsSync(join(context, signs[kind]));
  if (fits('docker')) {
    const docker = await findDocker(surroundings);
    if (typeof docker !== 'string') return createDockerBuilder(docker, registry, surroundings);
    if (builder === 'docker')
      fail('E_TOOL', 'docker', undefined, `a daemon must answer: ${docker}`, 'start Docker, or set image.builder to auto');
  }
  if (fits('ko')) return createKoBuilder(surroundings);
  if (fits('layers')) return createLayersBuilder(surroundings);
  const wanted = builder === 'auto' ? 'a go.mod, a package.json, or a Dockerfile and Docker' : `a ${signs[builder]}`;
  return fail(
    'E_BUILD',
    service.name,
    builder,
    `this builder needs ${wanted} in ${service.source}`,
    'set image.builder to another one, or add the file',
  );
}
