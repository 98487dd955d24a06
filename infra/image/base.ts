import type { Platform } from './image.ts';
import { type Descriptor, writeEntries, writeImage, writeIndex } from './oci-layout.ts';

/** User and group of every container: not root, the number that distroless images made customary. */
export const nonroot = '65532:65532';

const platforms: readonly Platform[] = ['linux/amd64', 'linux/arm64'];

/**
 * What a static binary needs under it: no file at all, and a user that is not root. A service that calls others over TLS embeds
 * the roots (`golang.org/x/crypto/x509roots/fallback`), one that names time zones embeds them (`time/tzdata`).
 * @param folder where the OCI layout is written: ko looks up both the index and each platform's image in it
 * @returns the index
 */
export function writeEmptyBase(folder: string): Descriptor {
  const images = platforms.map((platform) => writeImage(folder, { platform, config: { User: nonroot }, layers: [] }));
  const index = writeIndex(folder, images);
  writeEntries(folder, [index, ...images]);
  return index;
}
