import { existsSync, realpathSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../infra/delivery/process.ts';
import { nodeLayer } from '../../infra/image/node-layers.ts';
import { unpackPackages } from './apt.ts';
import type { DockerDaemon } from './docker-daemon.ts';
import { own } from './project.ts';

/** What stands in for a small Debian: a shell and what the Dockerfiles call. */
const packages = [
  'bash',
  'dash',
  'coreutils',
  'grep',
  'libc-bin',
  'libc6',
  'libstdc++6',
  'libgcc-s1',
  'libselinux1',
  'libacl1',
  'libattr1',
  'libgmp10',
  'libpcre2-8-0',
  'libtinfo6',
];

/**
 * Gives the daemon the images that the Dockerfiles start from, made of this machine's Go and the pinned Node: no image can be
 * pulled here.
 */
export async function makeBases(daemon: DockerDaemon, cacheDirectory: string): Promise<void> {
  const debian = await unpackPackages(packages);
  const goRoot = (await run(['go', 'env', 'GOROOT'])).stdout.trim();
  await makeBase(daemon, 'golang:1.26.8-alpine', ['PATH=/usr/local/go/bin:/usr/bin:/bin', 'HOME=/root'], debian, async (root) => {
    await mkdir(join(root, 'usr/local'), { recursive: true });
    await cp(goRoot, join(root, 'usr/local/go'), { recursive: true, verbatimSymlinks: true, filter: (path) => !path.includes('/test/') });
  });
  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  const trust = certificates ? ['NODE_EXTRA_CA_CERTS=/etc/certificates.pem'] : [];
  await makeBase(daemon, 'node:24.21.0-slim', ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/root', ...trust], debian, async (root) => {
    const layer = await nodeLayer(own, { env: process.env, cacheDirectory, say: () => {} });
    await run(['tar', '--extract', `--file=${layer.file}`, `--directory=${root}`]);
    const npm = dirname(dirname(realpathSync((await run(['which', 'npm'])).stdout.trim())));
    await cp(npm, join(root, 'usr/local/lib/npm'), { recursive: true, verbatimSymlinks: true });
    await symlink('../lib/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
    if (certificates) await cp(certificates, join(root, 'etc/certificates.pem'), { dereference: true });
  });
}

async function makeBase(
  daemon: DockerDaemon,
  image: string,
  variables: readonly string[],
  debian: string,
  add: (root: string) => Promise<void>,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'docker-base-'));
  try {
    const root = join(scratch, 'root');
    await cp(debian, root, { recursive: true, verbatimSymlinks: true });
    await mkdir(join(root, 'tmp'), { recursive: true });
    if (!existsSync(join(root, 'bin/sh'))) await symlink('dash', join(root, 'bin/sh'));
    await add(root);
    await run(['tar', '--create', `--file=${scratch}/root.tar`, `--directory=${root}`, '.']);
    await daemon.docker('import', ...variables.flatMap((variable) => ['--change', `ENV ${variable}`]), `${scratch}/root.tar`, image);
  } finally {
    await rm(scratch, { recursive: true });
  }
}
