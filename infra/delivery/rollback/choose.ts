import { type Hold, isHeld } from '../release/hold.ts';
import type { MissingImages } from '../release/missing-images.ts';
import type { ReleaseRecord } from '../release/release.ts';
import type { EnvironmentCommit } from '../release/release-history.ts';

/** Where to go back to, or the first reason why not. */
export type Choice =
  | { readonly commit: string }
  /** The release that was meant has lost its images; `offer` is the newest earlier one that has not. */
  | { readonly gone: readonly string[]; readonly meant: string; readonly offer: string | undefined }
  | { readonly none: true };

/** Releases whose images are looked for before giving up: each asks the registry. */
const mostLooked = 50;

/**
 * The newest earlier release of an environment that runs other digests and brings back nothing held. What somebody changed by hand
 * is no release to go back to, and one whose images the registry lost is no help.
 * @param history newest first
 */
export async function chooseRelease(
  history: AsyncIterable<EnvironmentCommit>,
  current: ReleaseRecord,
  holds: readonly Hold[],
  missing: MissingImages,
): Promise<Choice> {
  const looked = new Set<string>([digestsOf(current)]);
  let meant: { commit: string; gone: readonly string[] } | undefined;
  for await (const { commit, release, verb } of history) {
    if (!release || verb === 'by hand' || looked.has(digestsOf(release)) || isHeld(holds, release.images)) continue;
    if (looked.size > mostLooked) break;
    looked.add(digestsOf(release));
    const gone = await missing(Object.values(release.images));
    if (gone.length === 0) return meant ? { gone: meant.gone, meant: meant.commit, offer: commit } : { commit };
    meant ??= { commit, gone };
  }
  return meant ? { gone: meant.gone, meant: meant.commit, offer: undefined } : { none: true };
}

function digestsOf({ images }: ReleaseRecord): string {
  return Object.entries(images)
    .map(([service, { digest }]) => `${service} ${digest}`)
    .sort()
    .join('\n');
}

/** The images that go: those of the release that is left which the one gone back to does not run. */
export function leftBehind(current: ReleaseRecord, target: ReleaseRecord): Hold['digests'] {
  return Object.entries(current.images)
    .filter(([service, { digest }]) => target.images[service]?.digest !== digest)
    .map(([service, { digest }]) => ({ service, digest }))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}
