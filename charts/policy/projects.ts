import { cascade } from '../argocd/application.ts';
import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { items, read } from './read.ts';
import { type Rule, violation } from './rule.ts';

const rule = 'projects';

/** Lists whose absence means everything. */
const lists = ['sourceRepos', 'destinations', 'clusterResourceWhitelist', 'namespaceResourceWhitelist'];

/**
 * An AppProject names what it allows, one by one: no pattern and no negation, no list left out, cluster-scoped objects by name.
 * https://argo-cd.readthedocs.io/en/release-3.5/user-guide/projects/ · argocd-autopilot#632 is what happens otherwise
 */
export const projects: Rule = (tree) => tree.ofKind('AppProject').flatMap(checkProject);

function checkProject(file: ManifestFile): Problem[] {
  const { object } = file;
  const problems: Problem[] = [];
  if (object.metadata.name === 'default')
    problems.push(violation(rule, file, 'metadata.name', 'default', 'not default: every Application may use it', 'rename it'));
  for (const list of lists) {
    const found = read(object, `spec.${list}`);
    if (!Array.isArray(found))
      problems.push(violation(rule, file, `spec.${list}`, found, 'a list, if need be an empty one', 'write it out'));
  }
  items(object, 'spec.clusterResourceWhitelist').forEach((entry, index) => {
    if (typeof read(entry, 'name') === 'string') return;
    problems.push(violation(rule, file, `spec.clusterResourceWhitelist[${index}].name`, undefined, 'is set', 'name the one object'));
  });
  if (read(object, 'spec.orphanedResources.warn') !== true) {
    problems.push(violation(rule, file, 'spec.orphanedResources.warn', undefined, 'true: what nobody owns is shown', 'set true'));
  }
  if (!items(object, 'metadata.finalizers').includes(cascade)) {
    const must = `contains ${cascade}: Applications need their project to delete what they made`;
    problems.push(violation(rule, file, 'metadata.finalizers', read(object, 'metadata.finalizers'), must, 'add it'));
  }
  return [...problems, ...checkPatterns(file, read(object, 'spec'), 'spec')];
}

function checkPatterns(file: ManifestFile, node: unknown, field: string): Problem[] {
  if (typeof node === 'string') {
    const isPattern = !field.endsWith('.description') && /[*?[\]{}]|^!/.test(node);
    return isPattern ? [violation(rule, file, field, node, 'no pattern and no negation', 'write out what is allowed')] : [];
  }
  if (typeof node !== 'object' || node === null) return [];
  const isList = Array.isArray(node);
  return Object.entries(node).flatMap(([key, value]) => checkPatterns(file, value, isList ? `${field}[${key}]` : `${field}.${key}`));
}
