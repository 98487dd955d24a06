import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fail } from '../delivery/errors.ts';
import { buildCommand } from './build-command.ts';
import pins from './debian.json' with { type: 'json' };
import type { Surroundings } from './image.ts';
import type { Package } from './sbom.ts';

/** Debian's names of the architectures that images are built for. */
export type Architecture = 'amd64' | 'arm64';

const telling = {
  field: 'debian packages',
  missing: 'build on Debian or Ubuntu, or set image.builder to docker',
  fix: `give apt a mirror that has Debian ${pins.suite}, pin anew with node infra/image/pin-debian.ts, or set image.builder to docker`,
};

const aptHelper = '/usr/lib/apt/apt-helper';

/**
 * Unpacks the pinned libraries that the Node binary is linked with into a root. apt fetches them, from the mirrors and through the
 * proxies it is set up for, and checks their content: no root, no package lists, and any architecture.
 * @throws Failure E_TOOL or E_BUILD
 */
export async function unpackDebian(architecture: Architecture, root: string, scratch: string, surroundings: Surroundings): Promise<void> {
  const options = { ...telling, env: surroundings.env, signal: surroundings.signal };
  const status = join(root, 'var/lib/dpkg/status.d');
  await mkdir(status, { recursive: true });
  for (const file of await download(architecture, scratch, surroundings)) {
    await buildCommand(['dpkg-deb', '--extract', file, root], options);
    // Where scanners look for the packages of an image that has no package manager.
    const { stdout } = await buildCommand(['dpkg-deb', '--field', file], options);
    await writeFile(join(status, basename(file, '.deb')), stdout);
  }
  await writeFile(join(root, 'etc/os-release'), `ID=debian\nVERSION_ID="${pins.release}"\nVERSION_CODENAME=${pins.suite}\n`);
  await keepCopyrightOnly(join(root, 'usr/share'));
}

/** The pinned packages of an architecture, for the SBOM. */
export function debianPackages(architecture: Architecture): Package[] {
  return pins.packages.map(({ name, files }) => {
    const { version, sha256 } = files[architecture];
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-${pins.release}`;
    return { name, version, purl, sha256 };
  });
}

/** All from one mirror, the first that has them. */
async function download(architecture: Architecture, folder: string, { env, signal, say }: Surroundings): Promise<string[]> {
  const options = { ...telling, env, signal };
  const wanted = pins.packages.map(({ name, files }) => ({ ...files[architecture], target: join(folder, `${name}.deb`) }));
  say(`fetching ${wanted.length} Debian packages for ${architecture}`);
  let failure: unknown;
  for (const mirror of await listMirrors(options)) {
    const files = wanted.flatMap(({ path, sha256, target }) => [`${mirror}/${path}`, target, `SHA256:${sha256}`]);
    try {
      await buildCommand([aptHelper, '-o', 'Acquire::Retries=3', 'download-file', ...files], options);
      return wanted.map(({ target }) => target);
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? fail('E_BUILD', telling.field, undefined, 'apt must have at least one mirror', telling.fix);
}

/** Roots of the mirrors that apt is set up for, whether their lists are there or not. */
async function listMirrors(options: typeof telling & Pick<Surroundings, 'env' | 'signal'>): Promise<string[]> {
  const command = ['apt-get', '--no-release-info', 'indextargets', '--format=$(REPO_URI)', 'Identifier: Packages'] as const;
  const { stdout } = await buildCommand([...command], options);
  return [...new Set(stdout.split('\n').map((line) => line.replace(/\/+$/, '')))].filter(Boolean);
}

/** Manuals, translations and debugger scripts are for people at a machine; licences go where the files go. */
async function keepCopyrightOnly(share: string): Promise<void> {
  for (const entry of await readdir(share)) {
    if (entry !== 'doc') await rm(join(share, entry), { recursive: true });
  }
  for (const entry of await readdir(join(share, 'doc'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name !== 'copyright') await rm(join(entry.parentPath, entry.name));
  }
}
