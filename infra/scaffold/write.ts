import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../delivery/errors.ts';
import type { Scaffold } from './service.ts';

/** Writes everything or nothing: what can't be finished is taken back. @param project absolute folder @throws Failure E_IO */
export async function writeScaffold(project: string, { service, created, changed }: Scaffold): Promise<void> {
  const before = new Map<string, string>();
  try {
    for (const [path, text] of created) {
      await mkdir(dirname(join(project, path)), { recursive: true });
      await writeFile(join(project, path), text, { flag: 'wx' });
    }
    for (const [path, text] of changed) {
      before.set(path, await readFile(join(project, path), 'utf8'));
      await replace(join(project, path), text);
    }
  } catch (cause) {
    for (const [path, text] of before) await replace(join(project, path), text).catch(() => {});
    for (const path of created.keys()) await rm(join(project, path), { force: true });
    await rm(join(project, service.source), { recursive: true, force: true });
    fail(
      'E_IO',
      service.source,
      (cause as NodeJS.ErrnoException).code,
      'a place that can be written to',
      'nothing was changed; look at its permissions',
      {
        cause,
      },
    );
  }
}

/** Readers see the old file or the new one. */
async function replace(file: string, text: string): Promise<void> {
  const next = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(next, text);
    await rename(next, file);
  } finally {
    await rm(next, { force: true });
  }
}
