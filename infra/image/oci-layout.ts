import { createHash } from 'node:crypto';
import { copyFileSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from './image.ts';

/** How one object of an image points to another. Source: https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly platform?: OciPlatform;
}

export interface OciPlatform {
  readonly architecture: string;
  readonly os: string;
}

/** A compressed layer on disk. */
export interface Layer {
  /** Absolute path of the gzipped tar. */
  readonly file: string;
  readonly digest: string;
  /** Bytes, compressed. */
  readonly size: number;
  /** Digest of the tar itself. */
  readonly diffId: string;
}

/** What a container of this image runs. Source: https://github.com/opencontainers/image-spec/blob/main/config.md */
export interface ContainerConfig {
  readonly User: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** One platform's image. */
export interface PlatformImage {
  readonly platform: Platform;
  readonly config: ContainerConfig;
  readonly layers: readonly Layer[];
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** A time that is the same at every build, in every field that wants one. */
export const epoch = '1970-01-01T00:00:00Z';

/** Writes an OCI image layout that holds one image, or an index when there are several. Returns what to push. */
export function writeImages(folder: string, images: readonly PlatformImage[]): Descriptor {
  return writeTop(
    folder,
    images.map((image) => writeImage(folder, image)),
  );
}

/** Makes a layout of manifests that are written already: of several, an index. Returns what to push. */
export function writeTop(folder: string, manifests: readonly Descriptor[]): Descriptor {
  const [only] = manifests;
  const top = only && manifests.length === 1 ? only : writeIndex(folder, manifests);
  writeEntries(folder, [top]);
  return top;
}

/** Writes the files that make a folder of blobs a layout. */
export function writeEntries(folder: string, manifests: readonly Descriptor[]): void {
  writeFileSync(join(folder, 'index.json'), indexText(manifests));
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

/** An index blob. */
export function writeIndex(folder: string, manifests: readonly Descriptor[]): Descriptor {
  return addBlob(folder, mediaTypes.index, indexText(manifests));
}

/** An image manifest around a config that is given as text. */
export function writeManifest(
  folder: string,
  config: string,
  layers: readonly Layer[],
  annotations?: Readonly<Record<string, string>>,
  layerType: string = mediaTypes.layer,
): Descriptor {
  for (const layer of layers) addFile(folder, layer);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: addBlob(folder, mediaTypes.config, config),
    layers: layers.map(({ digest, size }) => ({ mediaType: layerType, digest, size })),
    annotations,
  };
  return addBlob(folder, mediaTypes.manifest, JSON.stringify(manifest));
}

/** `linux/arm64` in the notation of an index. */
export function ociPlatform(platform: Platform): OciPlatform {
  const [os = '', architecture = ''] = platform.split('/');
  return { architecture, os };
}

export function sha256(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** One platform's manifest, its config and its layers. */
export function writeImage(folder: string, { platform, config, layers }: PlatformImage): Descriptor {
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const text = JSON.stringify({ created: epoch, ...ociPlatform(platform), config, rootfs });
  return { ...writeManifest(folder, text, layers), platform: ociPlatform(platform) };
}

function indexText(manifests: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
}

function addBlob(folder: string, mediaType: string, text: string): Descriptor {
  const digest = sha256(text);
  writeFileSync(blobPath(folder, digest), text);
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

/** Links the file into the layout where the file system can, else copies it. */
function addFile(folder: string, { file, digest }: Layer): void {
  const path = blobPath(folder, digest);
  try {
    linkSync(file, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') copyFileSync(file, path);
  }
}

function blobPath(folder: string, digest: string): string {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  return join(folder, 'blobs/sha256', digest.slice('sha256:'.length));
}
