import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildCommand } from './build-command.ts';
import type { Layer } from './oci-layout.ts';
import { withScratch } from './scratch.ts';

/** With these, the same content gives the same bytes: order, times, owners and modes are not the file system's. */
const tarFlags = [
  '--format=gnu',
  '--sort=name',
  '--mtime=@0',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX',
  '--hard-dereference',
] as const;

const missing = 'install GNU tar and gzip, or set image.builder to docker';

/** Packs the content of a folder into a gzipped tar beside it. @throws Failure E_TOOL or E_BUILD */
export async function packLayer(root: string, field: string): Promise<Layer> {
  const tar = `${root}.tar`;
  const entries = (await readdir(root)).sort();
  const options = { field, missing, env: { LC_ALL: 'C', TAR_OPTIONS: undefined, GZIP: undefined } };
  await buildCommand(['tar', '--create', `--file=${tar}`, `--directory=${root}`, ...tarFlags, '--', ...entries], options);
  return compressLayer(tar, field);
}

/** Replaces a tar by its gzipped form, without name and time. @throws Failure E_TOOL or E_BUILD */
export async function compressLayer(tar: string, field: string): Promise<Layer> {
  const diffId = await hashFile(tar);
  await buildCommand(['gzip', '--no-name', tar], { field, missing, env: { GZIP: undefined } });
  return readLayer(`${tar}.gz`, diffId);
}

/** A layer of a gzipped tar that is there. */
export async function readLayer(file: string, diffId: string): Promise<Layer> {
  return { file, digest: await hashFile(file), size: statSync(file).size, diffId };
}

/**
 * A layer that is made once and kept in the cache.
 * @param key everything that decides the content
 * @param fill puts the content into an empty folder; the second one is for what it needs on the way
 * @throws Failure E_TOOL, E_BUILD, E_NO_SPACE, E_IO, and what `fill` throws
 */
export async function keepLayer(
  cacheDirectory: string,
  key: readonly string[],
  field: string,
  fill: (root: string, scratch: string) => Promise<void>,
): Promise<Layer> {
  const store = join(cacheDirectory, 'layers');
  const folder = join(store, createHash('sha256').update(JSON.stringify(key)).digest('hex'));
  const kept = readKept(folder);
  if (kept) return kept;
  return withScratch(cacheDirectory, 'layer', async (work) => {
    const [kept, root, scratch] = ['kept', 'kept/layer', 'scratch'].map((name) => join(work, name)) as [string, string, string];
    await mkdir(root, { recursive: true });
    await mkdir(scratch);
    await fill(root, scratch);
    const { file: _, ...facts } = await packLayer(root, field);
    await rm(root, { recursive: true });
    await writeFile(join(kept, 'layer.json'), JSON.stringify(facts));
    await mkdir(store, { recursive: true });
    // Another process may have been first: its layer holds the same bytes. One that was cut short makes room.
    if (!readKept(folder)) await rm(folder, { recursive: true, force: true });
    await rename(kept, folder).catch(acceptOther);
    return { file: layerFile(folder), ...facts };
  });
}

function acceptOther(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}

/** A kept layer, unless it was cut short. */
function readKept(folder: string): Layer | undefined {
  const facts = join(folder, 'layer.json');
  if (!existsSync(facts)) return undefined;
  const layer: Layer = { ...JSON.parse(readFileSync(facts, 'utf8')), file: layerFile(folder) };
  return statSync(layer.file, { throwIfNoEntry: false })?.size === layer.size ? layer : undefined;
}

function layerFile(folder: string): string {
  return join(folder, 'layer.tar.gz');
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}`;
}
