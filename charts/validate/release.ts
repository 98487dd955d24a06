import type { Catalog, Environment, Release } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { checkDigest, checkImageName, checkTag } from './image.ts';

/** `checkRelease(release, environment, catalog): Problem[]` - E_IMAGE unless each service of the environment has an image, pinned. */
export function checkRelease(release: Release, environment: Environment, catalog: Catalog): Problem[] {
  return catalog.flatMap(({ name }): Problem[] => {
    if (!Object.hasOwn(environment.services, name)) return [];
    const field = `images.${name}`;
    const image = Object.hasOwn(release.images, name) ? release.images[name] : undefined;
    if (!image)
      return [
        {
          code: 'E_IMAGE',
          field,
          rule: 'every service of the environment has an image',
          fix: 'build it, or promote a release that has it',
        },
      ];
    return [
      ...checkImageName(`${field}.name`, image.name),
      ...checkTag(`${field}.tag`, image.tag),
      ...checkDigest(`${field}.digest`, image.digest),
    ];
  });
}
