import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { goldenTrees } from './trees.ts';

/** `node test/golden/update.ts`: the only way to change golden files. Their diff is what a change of the charts does to clusters. */
for (const { name, files } of await goldenTrees()) {
  const folder = join(import.meta.dirname, name);
  await rm(folder, { recursive: true, force: true });
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
