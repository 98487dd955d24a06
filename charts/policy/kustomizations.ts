import type { Problem } from '../problem.ts';
import { items, read, text } from './read.ts';
import { type Rule, violation } from './rule.ts';
import { folderOf } from './tree.ts';

const rule = 'kustomizations';

/** Fields that reach outside the folder, or run programs. */
const refused = ['bases', 'components', 'crds', 'generators', 'helmCharts', 'openapi', 'transformers', 'validators'];

/** A kustomization lists the files of its folder, all of them and nothing else: a file left out is in Git and never in the cluster. */
export const kustomizations: Rule = (tree) => {
  const folders = Map.groupBy(tree.objects, ({ path }) => folderOf(path));
  const containers = Map.groupBy(tree.containers, ({ workload }) => folderOf(workload.file.path));
  return tree.kustomizations.flatMap((file): Problem[] => {
    const folder = folderOf(file.path);
    const names = (folders.get(folder) ?? []).map(({ path }) => path.slice(folder.length + 1));
    const listed = items(file.object, 'resources');
    const at = (field: string, value: unknown, must: string, fix: string) => violation(rule, file, field, value, must, fix, 'E_REFERENCE');
    const images = (containers.get(folder) ?? []).map(({ value }) => text(value, 'image') ?? '');
    return [
      ...listed
        .filter((name) => !names.includes(String(name)))
        .map((name) => at('resources', name, 'a file of the folder', 'remove the line')),
      ...names
        .filter((name) => !listed.includes(name))
        .map((name) => at('resources', name, 'listed, or it is never applied', 'add the line')),
      ...refused.filter((field) => read(file.object, field) !== undefined).map((field) => at(field, undefined, 'not used', 'remove it')),
      ...items(file.object, 'images')
        .filter((image) => !images.some((used) => used.startsWith(text(image, 'newName') ?? '\n')))
        .map((image) => at('images', text(image, 'name'), 'the placeholder of a container', 'correct the name')),
    ];
  });
};
