import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from './errors.ts';
import { tryRun } from './process.ts';

/** Source that decides what is delivered, and what decides how it is type-checked. */
const sources = ['charts/**/*.ts', 'infra/**/*.ts', 'tsconfig.json', 'infra/tsconfig.json', 'package-lock.json'];

/**
 * Refuses source that does not type-check. Node strips types without checking them, so a misspelt constant would be
 * rendered as `null`. Each content is checked once; the verdict is kept in the user's cache.
 * @throws Failure E_UNCHECKED with the compiler's first lines
 */
export async function requireChecked(project: string, cacheDirectory: string): Promise<void> {
  const verdict = join(cacheDirectory, 'checked', hashSources(project));
  if (existsSync(verdict)) return;
  const tsc = join(project, 'node_modules/typescript/bin/tsc');
  const { exitCode, stdout, stderr } = await tryRun([process.execPath, tsc, '--noEmit', '--project', 'infra'], { cwd: project });
  if (exitCode !== 0) {
    const words = (stdout || stderr).split('\n').slice(0, 5).join('; ');
    fail(
      'E_UNCHECKED',
      'source',
      words,
      'only source that type-checks is delivered',
      'run npx tsc --noEmit --project infra and mend what it lists',
    );
  }
  await mkdir(dirname(verdict), { recursive: true });
  await writeFile(verdict, '');
}

/** One hash over names and contents, in sorted order. */
export function hashSources(project: string): string {
  const hash = createHash('sha256');
  for (const path of globSync(sources, { cwd: project, exclude: (name) => name.includes('node_modules') }).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(project, path)))
      .update('\0');
  }
  return hash.digest('hex');
}
