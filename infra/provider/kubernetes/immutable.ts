import type { ApiError, Cause } from '../../kubernetes/api-error.ts';
import type { ValueChange } from '../difference.ts';
import type { Settings } from './settings.ts';

/** How the API server's validation words that a field can't change on an existing object. */
const cannotChange = /immutable|(may not|cannot) (be )?change|updates to .+ (is|are) forbidden/i;

/** Kinds whose deletion takes other people's objects with it: they are never replaced, the user decides. */
const neverReplaced: ReadonlySet<string> = new Set(['CustomResourceDefinition', 'Namespace']);

/** The fields for whose sake the object must be made anew; empty when the refusal has another reason too. */
export function immutableFields(error: ApiError, kind: string): readonly Cause[] {
  if (error.status !== 422 || neverReplaced.has(kind)) return [];
  const isAll = error.causes.length > 0 && error.causes.every(({ message }) => cannotChange.test(message));
  return isAll ? error.causes : [];
}

/** Fields that are replaced by convention, so that whatever uses them is rolled out again: the data of ConfigMaps and Secrets. */
export function isReplacedByConvention({ path: [root] }: ValueChange, kind: string, settings: Settings): boolean {
  if (kind === 'ConfigMap') return !settings.enableConfigMapMutable && (root === 'data' || root === 'binaryData');
  return kind === 'Secret' && !settings.enableSecretMutable && (root === 'data' || root === 'stringData' || root === 'type');
}
