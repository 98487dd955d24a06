import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../charts/catalog.ts';
import { check } from '../../charts/policy/check.ts';
import { checkEnvironment } from '../../charts/validate/environment.ts';
import { goldenTrees } from '../golden/trees.ts';

const folder = new URL('../golden/', import.meta.url).pathname;
const trees = await goldenTrees();

it('there is a golden tree for every environment, and one for the kustomize layout', async () => {
  const folders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.sort()).toEqual(trees.map(({ name }) => name).sort());
});

describe.each(trees)('golden tree $name', ({ name, files, environment }) => {
  it('is what is rendered; node test/golden/update.ts accepts a change', async () => {
    const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, name).length + 1));
    expect(paths.sort()).toEqual(files.map(({ path }) => path));
    for (const { path, text } of files) expect(text, path).toBe(await readFile(join(folder, name, path), 'utf8'));
  });

  it('comes from settings that fit together', () => {
    expect(checkEnvironment(environment, catalog)).toEqual([]);
  });

  it('breaks no rule', () => {
    expect(check(files, environment)).toEqual([]);
  });
});
