import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../infra/delivery/process.ts';
import { cacheFolder } from '../../infra/delivery/target.ts';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

/** Absolute path of zizmor as requirements.txt pins it; installed into the user's cache the first time, with Python's own tools. */
export async function installZizmor(): Promise<string> {
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  const parent = join(cacheFolder(process.env), 'test');
  const folder = join(parent, `zizmor-${key}`);
  if (!existsSync(folder)) {
    mkdirSync(parent, { recursive: true });
    const building = mkdtempSync(join(parent, '.zizmor-'));
    await run(['python3', '-m', 'venv', building]);
    const pip = join(building, 'bin/pip');
    await run([pip, 'install', '--quiet', '--require-hashes', '--no-deps', '--only-binary=:all:', '--requirement', requirements]);
    // whoever is second finds it done
    if (existsSync(folder)) rmSync(building, { recursive: true });
    else renameSync(building, folder);
  }
  return join(folder, 'bin/zizmor');
}
