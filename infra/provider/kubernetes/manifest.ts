import type { Json, JsonObject } from '../../kubernetes/json.ts';
import { at, type TypeMeta, textAt, withAt } from '../../kubernetes/object.ts';
import { isMap, type PropertyMap, type PropertyValue, reveal } from '../value.ts';

/** What the server sets in `metadata`, never the program. */
const serverSet: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/** The version and kind in `kubernetes:<group>/<version>:<Kind>`; group `core` stands for none. Undefined for other tokens. */
export function typeOfToken(token: string): TypeMeta | undefined {
  const [, version, kind] = /^kubernetes:((?:[^/:]+\/)?[^/:]+):([^/:]+)$/.exec(token) ?? [];
  return version && kind ? { apiVersion: version.replace(/^core\//, ''), kind } : undefined;
}

/** The object to apply: plain, without nulls and what only the server sets, in the API's spelling. */
export function manifestOf(inputs: PropertyMap, type: TypeMeta): JsonObject {
  const object = respell(dropNulls(reveal(inputs)) as JsonObject, type, /^x_kubernetes_/, '_', '-');
  const metadata = Object.entries((at(object, 'metadata') ?? {}) as JsonObject).filter(([key]) => !serverSet.has(key));
  const { apiVersion = type.apiVersion, kind = type.kind } = object;
  const manifest = { ...object, apiVersion, kind, metadata: Object.fromEntries(metadata) };
  return apiVersion === 'v1' && kind === 'Secret' ? encodeTexts(manifest) : manifest;
}

/** `stringData` as `data`: the server only ever writes it, and so doesn't remove what is taken out of it. */
function encodeTexts({ stringData = {}, ...secret }: JsonObject): JsonObject {
  const encoded = Object.entries(stringData as JsonObject).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]);
  return encoded.length === 0 ? secret : { ...secret, data: { ...(at(secret, 'data') as JsonObject), ...Object.fromEntries(encoded) } };
}

/** The inputs that would have made this object: it without what the server and its controllers add. */
export function inputsOf(object: JsonObject): JsonObject {
  const { status: _, ...rest } = sdkSpelling(object);
  const metadata = Object.entries((at(rest, 'metadata') ?? {}) as JsonObject).filter(([key]) => !serverSet.has(key));
  const annotations = Object.entries((at(rest, 'metadata', 'annotations') ?? {}) as JsonObject).filter(
    ([key]) => key !== 'deployment.kubernetes.io/revision' && key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  const without = Object.fromEntries(metadata.filter(([key]) => key !== 'annotations'));
  return { ...rest, metadata: annotations.length > 0 ? { ...without, annotations: Object.fromEntries(annotations) } : without };
}

/** Keys as the typed classes of the SDK spell them: `x_kubernetes_…` in schemas. */
export function sdkSpelling(object: JsonObject): JsonObject {
  return respell(object, { kind: textAt(object, 'kind') ?? '' }, /^x-kubernetes-/, '-', '_');
}

/** Version and kind that the inputs state, else those of the token. */
export function typeMeta(inputs: PropertyMap, token: string): TypeMeta | undefined {
  const stated = reveal(inputs);
  const fromToken = typeOfToken(token);
  const apiVersion = textAt(stated, 'apiVersion') ?? fromToken?.apiVersion;
  const kind = textAt(stated, 'kind') ?? fromToken?.kind;
  return apiVersion && kind ? { apiVersion, kind } : undefined;
}

/** The object in this namespace; without one where it is undefined. */
export function inNamespace(manifest: JsonObject, namespace: string | undefined): JsonObject {
  if (namespace !== undefined) return withAt(manifest, ['metadata', 'namespace'], namespace);
  const { namespace: _, ...metadata } = (at(manifest, 'metadata') ?? {}) as JsonObject;
  return { ...manifest, metadata };
}

/** Only schemas have such keys; in the data of a ConfigMap one would be the user's own. */
function respell(object: JsonObject, { kind }: Pick<TypeMeta, 'kind'>, pattern: RegExp, from: string, to: string): JsonObject {
  return kind === 'CustomResourceDefinition' ? (rename(object, pattern, from, to) as JsonObject) : object;
}

function rename(value: Json, pattern: RegExp, from: string, to: string): Json {
  if (Array.isArray(value)) return (value as Json[]).map((item) => rename(item, pattern, from, to));
  if (!isMap(value as PropertyValue)) return value;
  const entries = Object.entries(value as JsonObject);
  return Object.fromEntries(
    entries.map(([key, child]) => [pattern.test(key) ? key.replaceAll(from, to) : key, rename(child, pattern, from, to)]),
  );
}

function dropNulls(value: Json): Json {
  if (Array.isArray(value)) return (value as Json[]).map(dropNulls);
  if (!isMap(value as PropertyValue)) return value;
  const entries = Object.entries(value as JsonObject).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([key, child]) => [key, dropNulls(child)]));
}
