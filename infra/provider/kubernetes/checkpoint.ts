import type { JsonObject } from '../../kubernetes/json.ts';
import { at, textAt } from '../../kubernetes/object.ts';
import { isMap, markSecrets, type PropertyMap, type PropertyValue, reveal, Secret, unknown } from '../value.ts';
import { sdkSpelling } from './manifest.ts';
import type { Target } from './target.ts';

/**
 * Outputs of a resource: the object as it is, without the book-keeping of field managers. What is secret in the inputs is secret in it,
 * and so is all data of a Secret. The keys with underscores are the vendor's, so that either plugin can take over the other's state.
 */
export function checkpoint(
  object: JsonObject,
  inputs: PropertyMap,
  { reference, manager }: Pick<Target, 'reference' | 'manager'>,
): PropertyMap {
  const { managedFields: _, ...metadata } = (at(object, 'metadata') ?? {}) as JsonObject;
  const marked = markSecrets(sdkSpelling({ ...object, metadata }), inputs) as PropertyMap;
  return {
    ...(reference.kind === 'Secret' && reference.apiVersion === 'v1' ? hideSecretData(marked) : marked),
    __inputs: inputs,
    __initialApiVersion: textAt(reveal(inputs), 'apiVersion') ?? reference.apiVersion,
    __fieldManager: manager,
  };
}

/** The same for a preview: what only a real run decides is unknown, and there is no status. */
export function previewed(object: JsonObject, inputs: PropertyMap, target: Target, isNew: boolean): PropertyMap {
  const { status: _, ...rest } = checkpoint(object, inputs, target);
  const decidedLater = isNew ? ['creationTimestamp', 'generation', 'resourceVersion', 'uid'] : ['generation', 'resourceVersion'];
  const metadata = { ...(rest.metadata as PropertyMap), ...undecided(decidedLater) };
  const isService = target.reference.apiVersion === 'v1' && target.reference.kind === 'Service';
  return { ...rest, metadata, ...(isNew && isService && isMap(rest.spec) ? { spec: withoutAddresses(rest.spec, target.manifest) } : {}) };
}

/** A dry run allocates addresses and ports, and gives them back. */
function withoutAddresses(spec: PropertyMap, manifest: JsonObject): PropertyMap {
  const stated = (at(manifest, 'spec') ?? {}) as JsonObject;
  const addresses = ['clusterIP', 'clusterIPs', 'healthCheckNodePort'].filter((key) => key in spec && !(key in stated));
  const ports = ((spec.ports ?? []) as readonly PropertyMap[]).map((port, index) =>
    'nodePort' in port && at(stated, 'ports', index, 'nodePort') === undefined ? { ...port, ...undecided(['nodePort']) } : port,
  );
  return { ...spec, ...undecided(addresses), ...(spec.ports ? { ports } : {}) };
}

function undecided(keys: readonly string[]): PropertyMap {
  return Object.fromEntries(keys.map((key) => [key, unknown]));
}

function hideSecretData(outputs: PropertyMap): PropertyMap {
  const hide = (value: PropertyValue) => (value instanceof Secret ? value : new Secret(value));
  const hidden = Object.entries(outputs).map(([key, value]) => [key, key === 'data' || key === 'stringData' ? hide(value) : value]);
  const object = Object.fromEntries(hidden) as PropertyMap;
  // kubectl leaves a copy of everything that it applied here.
  const applied = textAt(reveal(outputs), 'metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration');
  if (applied === undefined) return object;
  const { metadata } = object as { metadata: PropertyMap };
  return { ...object, metadata: { ...metadata, annotations: hide(metadata.annotations ?? {}) } };
}
