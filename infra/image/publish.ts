import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTag } from '../../charts/validate/image.ts';
import type { Artifact, BuiltImage, ImageRequest } from './image.ts';
import { inputsTag } from './inputs.ts';
import { type Layer, sha256, writeManifest, writeTop } from './oci-layout.ts';
import type { Registry } from './registry.ts';
import type { Sbom } from './sbom.ts';

/** Annotation of the SBOM's manifest that says under which tag the image was first pushed. */
const revision = 'org.opencontainers.image.revision';
const spdxType = 'text/spdx+json';

/**
 * The image that the registry holds for these inputs. Reads only. The tag comes from the manifest of the SBOM: the image itself
 * must not know it, since it is a function of its inputs alone.
 */
export async function findPublished(registry: Registry, request: ImageRequest, inputs: string): Promise<BuiltImage | undefined> {
  const image = await registry.manifest(`${request.pushTo}:${inputsTag(inputs)}`);
  if (!image) return undefined;
  const record = await registry.manifest(`${request.pushTo}:${sbomTag(image.digest)}`);
  const tag = record?.annotations[revision];
  const sbom = record?.layers[0]?.digest;
  // What was cut short, cleaned up by half or written by others counts as never built.
  if (checkTag('tag', tag).length > 0 || !tag || !sbom) return undefined;
  return { name: request.name, tag, digest: image.digest, inputs, sbom, built: false };
}

/**
 * Pushes the image under its tag, the SBOMs beside it, `latest` for a clean tree, and last the tag of the inputs: a push that is
 * cut short is done again, never believed.
 * @param scratch folder for the SBOMs' layouts
 */
export async function publish(
  registry: Registry,
  request: ImageRequest,
  inputs: string,
  artifact: Artifact,
  scratch: string,
): Promise<BuiltImage> {
  const { name, pushTo, tag } = request;
  const { digest } = artifact.image;
  await registry.push(artifact.layout, `${pushTo}:${tag}`);
  for (const sbom of artifact.sboms) await pushSbom(registry, request, sbom, scratch);
  if (!isDirty(tag)) await registry.tag(`${pushTo}@${digest}`, 'latest');
  await registry.tag(`${pushTo}@${digest}`, inputsTag(inputs));
  return { name, tag, digest, inputs, sbom: sha256(artifact.sboms[0].text), built: true };
}

/** Gives an image that was built from uncommitted work the tag of the commit that holds the same source. */
export async function adopt(registry: Registry, { pushTo, tag }: ImageRequest, image: BuiltImage): Promise<BuiltImage> {
  await registry.tag(`${pushTo}@${image.digest}`, tag);
  await registry.tag(`${pushTo}@${image.digest}`, 'latest');
  await registry.annotate(`${pushTo}:${sbomTag(image.digest)}`, revision, tag);
  return { ...image, tag };
}

/** Whether a tag says that the tree had uncommitted changes. */
export function isDirty(tag: string): boolean {
  return /-dirty-[0-9a-f]+$/.test(tag);
}

/** Where cosign looks for an image's SBOM. Source: https://github.com/sigstore/cosign/blob/main/specs/SBOM_SPEC.md */
export function sbomTag(digest: string): string {
  return `${digest.replace(':', '-')}.sbom`;
}

async function pushSbom(registry: Registry, { pushTo, tag }: ImageRequest, { subject, text }: Sbom, scratch: string): Promise<void> {
  const folder = join(scratch, sbomTag(subject));
  mkdirSync(folder);
  const file = join(folder, 'spdx.json');
  writeFileSync(file, text);
  const digest = sha256(text);
  const layer: Layer = { file, digest, size: Buffer.byteLength(text), diffId: digest };
  const config = JSON.stringify({ architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: [digest] } });
  writeTop(folder, [writeManifest(folder, config, [layer], { [revision]: tag }, spdxType)]);
  await registry.push(folder, `${pushTo}:${sbomTag(subject)}`);
}
