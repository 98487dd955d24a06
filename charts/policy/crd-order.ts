import { groupOf } from '../manifest.ts';
import { strings, text } from './read.ts';
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
  const waveOf = waves(tree);
  return tree.objects.flatMap((file) => {
    const definition = definitions.get(`${groupOf(file.object)}/${file.object.kind}`);
    if (!definition) return [];
    const [before, after] = [waveOf(definition.path, definition.object), waveOf(file.path, file.object)];
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

function waves(tree: Tree) {
  const wave = (object: unknown) => Number(strings(object, 'metadata.annotations')['argocd.argoproj.io/sync-wave'] ?? 0);
  const applications = new Map(tree.ofKind('Application').map(({ object }) => [text(object, 'spec.source.path'), wave(object)]));
  return (path: string, object: unknown) => ({ own: wave(object), application: applications.get(folderOf(path)) ?? 0 });
}
