import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../delivery/process.ts';

/** A minimal Debian as a tar file, from which images are made where none can be downloaded. */
export interface RootFilesystem {
  /** Debian release. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** Shell command that is run with the new root as `$1`. */
  readonly customization: string;
}

const unwanted = ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/man/*'];
const minutes = 60_000;

/** Hash of what decides its content, as far as it is ours to decide: Debian's own updates within a release don't count. */
export function rootFilesystemHash(wanted: RootFilesystem): string {
  return createHash('sha256')
    .update(JSON.stringify([wanted, unwanted, process.arch]))
    .digest('hex');
}

/** Absolute path of the tar file, made by mmdebstrap when it isn't in the folder yet. @throws CommandError with mmdebstrap's last words */
export async function rootFilesystem(wanted: RootFilesystem, folder: string, onProgress: (line: string) => void): Promise<string> {
  const file = join(folder, `debian-${rootFilesystemHash(wanted).slice(0, 16)}.tar`);
  if (existsSync(file)) return file;
  onProgress(`assembling a minimal Debian ${wanted.suite} for the images, about 1 minute`);
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  try {
    const options = unwanted.map((path) => `--dpkgopt=path-exclude=${path}`);
    const hook = `--customize-hook=${wanted.customization}`;
    const packages = `--include=${wanted.packages.join(',')}`;
    // Without unsafe-io every file is waited for, which triples the time for a folder that is thrown away.
    const command = ['mmdebstrap', '--quiet', '--variant=essential', '--format=tar', '--dpkgopt=force-unsafe-io'] as const;
    await run([...command, ...options, packages, hook, wanted.suite, unfinished], {
      env: { SOURCE_DATE_EPOCH: '0' },
      timeout: 20 * minutes,
    });
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return file;
}
