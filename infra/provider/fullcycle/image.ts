import { catalog } from '../../../charts/catalog.ts';
import { suggest } from '../../config/suggestion.ts';
import { imageRequest } from '../../delivery/build.ts';
import { Failure } from '../../delivery/errors.ts';
import { buildImage, imageInputs, requireImages, tryBuild } from '../../image/build.ts';
import type { BuilderName, BuiltImage, ImageRequest, Platform } from '../../image/image.ts';
import { pushAddress } from '../../local/addresses.ts';
import { findLocal } from '../../local/local.ts';
import { compare, difference } from '../difference.ts';
import type { Call, Found, PropertyProblem, ReadRequest } from '../provider.ts';
import { hasUnknown, type PropertyMap, reveal, unknown } from '../value.ts';
import { type Project, type ResourceType, wrong } from './resource.ts';

const builders: readonly BuilderName[] = ['auto', 'ko', 'layers', 'docker'];
const platforms: readonly Platform[] = ['linux/amd64', 'linux/arm64'];

/** Inputs of `fullcycle:image:Image`, as {@link check} leaves them. */
interface ImageInputs {
  readonly service: string;
  readonly repository: string;
  readonly builder: BuilderName;
  readonly platforms: readonly Platform[];
  /** A preview builds too, and pushes nothing. */
  readonly buildOnPreview: boolean;
  /** Hash of everything that goes into the image: what the source, the toolchain and the base are now. */
  readonly inputs: string;
}

/**
 * The image of a service. What goes into it is part of its inputs, so that it changes exactly when a build would give another image;
 * a preview only computes that hash. Removing the resource leaves the image in its registry: releases of the past refer to it.
 */
export function image(project: () => Project): ResourceType {
  // Each build uses all cores.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
  const optionsOf = (call: Call) => ({ onProgress: (line: string) => call.status(line), signal: call.signal });
  const build = (inputs: PropertyMap, call: Call): Promise<PropertyMap> =>
    inTurn(async () => outputsOf(await buildImage(await requestOf(project(), inputs), optionsOf(call)), inputs));
  const foresee = async (inputs: PropertyMap, call: Call): Promise<PropertyMap> => {
    if (inputs.buildOnPreview === true) await inTurn(async () => tryBuild(await requestOf(project(), inputs), optionsOf(call)));
    return undecided(inputs);
  };
  return {
    async check({ news }, call) {
      const problems = checkInputs(news);
      const completed: PropertyMap = { builder: 'auto', platforms, buildOnPreview: false, ...news };
      if (problems.length > 0 || hasUnknown(news)) return { inputs: completed, problems };
      const inputs = await imageInputs(await requestOf(project(), completed), optionsOf(call));
      return { inputs: { ...completed, inputs }, problems };
    },
    async diff({ oldInputs, news, ignoreChanges }) {
      return difference(
        compare(oldInputs, news).map((change) => ({ ...change, fromInputs: true })),
        ignoreChanges,
      );
    },
    async create({ inputs, preview }, call) {
      if (preview) return { id: '', outputs: await foresee(inputs, call) };
      return { id: reveal(inputs).service as string, outputs: await build(inputs, call) };
    },
    update: ({ news, preview }, call) => (preview ? foresee(news, call) : build(news, call)),
    read: (request) => read(project(), request),
    async delete() {},
  };
}

function checkInputs(news: PropertyMap): PropertyProblem[] {
  const { service, repository, builder, platforms: wanted } = news;
  const names = catalog.map(({ name }) => name);
  const problems: PropertyProblem[] = [];
  if (service !== unknown && !names.includes(service as string)) {
    const meant = suggest(String(service ?? ''), names);
    problems.push(
      wrong('service', {
        code: 'E_KEY',
        value: service,
        rule: `one of ${names.join(', ')}`,
        fix: meant ? `did you mean ${meant}?` : 'name one of them',
      }),
    );
  }
  if (repository === undefined || repository === null || repository === '') {
    problems.push(wrong('repository', { code: 'E_KEY', rule: 'required', fix: 'name the registry, and the path in it, to push below' }));
  }
  if (builder !== undefined && builder !== unknown && !builders.includes(builder as BuilderName)) {
    problems.push(wrong('builder', { code: 'E_TYPE', value: builder, rule: `one of ${builders.join(', ')}`, fix: 'choose one of them' }));
  }
  const isList = Array.isArray(wanted) && wanted.length > 0 && wanted.every((item) => item === unknown || platforms.includes(item));
  if (wanted !== undefined && wanted !== unknown && !isList) {
    const rule = `a list of one or more of ${platforms.join(', ')}`;
    problems.push(wrong('platforms', { code: 'E_TYPE', value: reveal(wanted), rule, fix: 'list those that the cluster has' }));
  }
  return problems;
}

async function requestOf({ folder }: Project, inputs: PropertyMap): Promise<ImageRequest> {
  const { service, ...settings } = reveal(inputs) as unknown as ImageInputs;
  const found = catalog.find(({ name }) => name === service);
  if (!found) throw new Failure(checkInputs(inputs).map(({ problem }) => problem));
  return imageRequest(folder, { image: settings }, await findLocal(folder), found);
}

function outputsOf({ name, tag, digest, sbom, inputs }: BuiltImage, given: PropertyMap): PropertyMap {
  return { ...given, name, tag, digest, sbom, inputs, reference: `${name}:${tag}@${digest}` };
}

/** What only a build tells. */
function undecided(inputs: PropertyMap): PropertyMap {
  const { repository, service } = inputs;
  const name = typeof repository === 'string' && typeof service === 'string' ? `${repository}/${service}` : unknown;
  return { ...inputs, name, tag: unknown, digest: unknown, sbom: unknown, reference: unknown, inputs: inputs.inputs ?? unknown };
}

/** Gone when its registry no longer holds it: the next update builds it again. */
async function read({ folder }: Project, { id, inputs, outputs }: ReadRequest): Promise<Found | undefined> {
  const { name, digest } = reveal(outputs);
  if (typeof name !== 'string' || typeof digest !== 'string') return undefined;
  try {
    await requireImages([{ name, digest, pushTo: pushAddress(name, await findLocal(folder)) }]);
    return { id, inputs, outputs };
  } catch (error) {
    if (error instanceof Failure && error.problems.every(({ code }) => code === 'E_IMAGE_GONE')) return undefined;
    throw error;
  }
}
