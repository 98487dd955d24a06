import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../infra/delivery/process.ts';

/** What tests keep in the user's cache. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fullcycle', 'test');

/**
 * Debian packages of this machine's architecture, unpacked in a folder of their own, where they start nothing, configure nothing and
 * get in nobody's way. Kept in the user's cache.
 * @returns the folder
 */
export async function unpackPackages(names: readonly string[]): Promise<string> {
  const folder = join(cacheFolder, `apt-${createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const work = await mkdtemp(join(cacheFolder, '.apt-'));
  try {
    for (const part of ['lists/partial', 'cache/archives/partial', 'debs', 'root']) await mkdir(join(work, part), { recursive: true });
    await writeFile(join(work, 'status'), '');
    const settings = [`Dir::State=${work}`, `Dir::State::status=${work}/status`, `Dir::Cache=${work}/cache`, 'APT::Sandbox::User=root'];
    const options = settings.flatMap((setting) => ['-o', setting]);
    await run(['apt-get', ...options, '-qq', 'update']);
    await run(['apt-get', ...options, '-qq', 'download', ...names], { cwd: join(work, 'debs') });
    for (const file of await readdir(join(work, 'debs')))
      await run(['dpkg-deb', '--extract', join(work, 'debs', file), join(work, 'root')]);
    await rename(join(work, 'root'), folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
