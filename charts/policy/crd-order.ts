import type { ManifestFile } from '../environment.ts';
import { groupOf } from '../manifest.ts';
import { text, waveOf } from './read.ts';
import { type Rule, violation } from './rule.ts';
import { folderOf, type Tree } from './tree.ts';

/**
 * A CustomResourceDefinition of the tree is applied before its objects: in an earlier wave, or in the same wave of the same Application,
 * where Argo CD puts definitions first by itself.
 */
export const crdOrder: Rule = (tree) => {
  const definitions = new Map(
    tree
      .ofKind('CustomResourceDefinition')
      .map((file) => [`${text(file.object, 'spec.group')}/${text(file.object, 'spec.names.kind')}`, file]),
  );
  if (definitions.size === 0) return [];
  const order = orderIn(tree);
  return tree.objects.flatMap((file) => {
    const definition = definitions.get(`${groupOf(file.object)}/${file.object.kind}`);
    if (!definition) return [];
    const [before, after] = [order(definition), order(file)];
    const isSameApplication = folderOf(definition.path) === folderOf(file.path);
    if (isSameApplication ? before.own <= after.own : before.application < after.application) return [];
    const must = `applied after ${definition.path}, which defines its kind`;
    return [
      violation(
        'crd-order',
        file,
        'metadata.annotations.argocd.argoproj.io/sync-wave',
        after.own,
        must,
        'put it into a later wave',
        'E_REFERENCE',
      ),
    ];
  });
};

/** The wave of a file's Application, and its own within. */
function orderIn(tree: Tree) {
  const applications = new Map(tree.ofKind('Application').map(({ object }) => [text(object, 'spec.source.path'), waveOf(object)]));
  return ({ path, object }: ManifestFile) => ({ own: waveOf(object), application: applications.get(folderOf(path)) ?? 0 });
}
