import type { ReleasedImage } from '../../../charts/environment.ts';
import { requireImages } from '../../image/build.ts';
import { type LocalEnvironment, pushAddress } from '../../local/addresses.ts';
import { Failure } from '../errors.ts';

/** Tells which images their registries no longer have, as `name@digest`. @throws Failure E_AUTH or E_REGISTRY when that can't be told */
export type MissingImages = (images: readonly ReleasedImage[]) => Promise<readonly string[]>;

/** Asks the registries themselves. */
export function missingFrom(local: LocalEnvironment | undefined, signal: AbortSignal): MissingImages {
  return async (images) => {
    try {
      const pinned = images.map(({ name, digest }) => ({ name, digest, pushTo: pushAddress(name, local) }));
      await requireImages(pinned, { signal });
      return [];
    } catch (error) {
      if (!(error instanceof Failure) || error.problems.some(({ code }) => code !== 'E_IMAGE_GONE')) throw error;
      return error.problems.map(({ field }) => field);
    }
  };
}
