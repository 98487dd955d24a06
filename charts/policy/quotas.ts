import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { items, read } from './read.ts';
import { type Rule, violation } from './rule.ts';
import type { Tree } from './tree.ts';

const bounded = ['limits.cpu', 'limits.memory', 'pods'];
const forbidden = ['services.loadbalancers', 'services.nodeports'];
const defaulted = ['cpu', 'memory', 'ephemeral-storage'];

/**
 * A namespace bounds what is in it altogether, and gives containers that state nothing, such as debug containers, something small.
 * CIS 5.7 · NSA/CISA hardening guide, resource policies
 */
export const quotas: Rule = (tree) => tree.ofKind('Namespace').flatMap((file) => [...checkQuota(tree, file), ...checkDefaults(tree, file)]);

function checkQuota(tree: Tree, file: ManifestFile): Problem[] {
  const [quota] = tree.ofKind('ResourceQuota', file.object.metadata.name);
  if (!quota) return [violation('quotas', file, 'metadata.name', file.object.metadata.name, 'has a ResourceQuota', 'add one')];
  const hard = (read(quota.object, 'spec.hard') ?? {}) as Readonly<Record<string, unknown>>;
  const at = (resource: string, must: string) => violation('quotas', quota, `spec.hard.${resource}`, hard[resource], must, `set ${must}`);
  return [
    ...bounded.filter((resource) => hard[resource] === undefined).map((resource) => at(resource, 'a bound')),
    ...forbidden.filter((resource) => hard[resource] !== '0').map((resource) => at(resource, '0')),
  ];
}

function checkDefaults(tree: Tree, file: ManifestFile): Problem[] {
  const [range] = tree.ofKind('LimitRange', file.object.metadata.name);
  if (!range) return [violation('quotas', file, 'metadata.name', file.object.metadata.name, 'has a LimitRange', 'add one')];
  const limits = items(range.object, 'spec.limits').find((entry) => read(entry, 'type') === 'Container');
  return ['default', 'defaultRequest'].flatMap((field) =>
    defaulted
      .filter((resource) => read(limits, `${field}.${resource}`) === undefined)
      .map((resource) =>
        violation('quotas', range, `spec.limits[].${field}.${resource}`, undefined, 'is set for type Container', 'set it'),
      ),
  );
}
