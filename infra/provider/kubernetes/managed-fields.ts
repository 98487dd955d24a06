import type { Json, JsonObject } from '../../kubernetes/json.ts';
import { at, objectsAt, textAt } from '../../kubernetes/object.ts';
import type { PropertyPath } from '../property-path.ts';
import { isList, isMap } from '../value.ts';

/** A set of fields as the API server tells it: `metadata.managedFields[].fieldsV1`, a tree of `f:<key>`, `k:<keys>`, `v:<value>` and `.`. */
export type FieldSet = JsonObject;

/** The fields that a manager owns by server-side apply; undefined when it has applied nothing. */
export function appliedFields(object: JsonObject, manager: string): FieldSet | undefined {
  const entry = objectsAt(object, 'metadata', 'managedFields').find(
    (candidate) =>
      textAt(candidate, 'manager') === manager && textAt(candidate, 'operation') === 'Apply' && !textAt(candidate, 'subresource'),
  );
  const fields = at(entry, 'fieldsV1');
  return isMap(fields) ? (fields as FieldSet) : undefined;
}

/** The fields of both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  const merged = Object.entries(b).map(([key, child]) => [key, key in a ? union(a[key] as FieldSet, child as FieldSet) : child]);
  return { ...a, ...Object.fromEntries(merged) };
}

/** True when both hold the same fields. */
export function sameFields(a: FieldSet, b: FieldSet): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameFields(a[key] as FieldSet, b[key] as FieldSet));
}

/** The fields without those at a path; a position in a list, like `*`, means all of its items. */
export function withoutFields(fields: FieldSet, [step, ...rest]: PropertyPath): FieldSet {
  if (step === undefined) return fields;
  const kept = Object.entries(fields).flatMap(([key, child]) => {
    const isMeant = typeof step === 'number' || step === '*' ? key !== '.' : key === `f:${step}`;
    if (!isMeant) return [[key, child] as const];
    return rest.length === 0 ? [] : [[key, withoutFields(child as FieldSet, rest)] as const];
  });
  return Object.fromEntries(kept);
}

/** The object with nothing but these fields; items of lists keep the order that they have in it. */
export function pickFields(object: JsonObject, fields: FieldSet): JsonObject {
  // A bare Namespace is applied without a single field.
  return Object.keys(fields).length === 0 ? {} : (pick(object, fields) as JsonObject);
}

function pick(value: Json, fields: FieldSet): Json {
  const inner = Object.keys(fields).filter((key) => key !== '.');
  if (isList(value)) return pickItems(value as readonly Json[], fields, inner);
  if (!isMap(value)) return value;
  // A field without fields inside is atomic: it is owned as a whole, unless `.` says that only its existence is.
  if (inner.length === 0) return '.' in fields ? {} : (value as JsonObject);
  const owned = inner.flatMap((key) => {
    const name = key.slice('f:'.length);
    return key.startsWith('f:') && Object.hasOwn(value, name) ? [[name, pick(value[name] as Json, fields[key] as FieldSet)] as const] : [];
  });
  return Object.fromEntries(owned);
}

function pickItems(items: readonly Json[], fields: FieldSet, inner: readonly string[]): Json {
  if (inner.length === 0) return '.' in fields ? [] : items;
  return items.flatMap((item) => {
    const key = inner.find((candidate) => isItem(item, candidate));
    return key === undefined ? [] : [key.startsWith('k:') ? pick(item, fields[key] as FieldSet) : item];
  });
}

/** True for the item of a list that `k:{"name":"x"}` or `v:"x"` means. */
function isItem(item: Json, key: string): boolean {
  if (key.startsWith('v:')) return JSON.stringify(item) === JSON.stringify(JSON.parse(key.slice(2)));
  if (!key.startsWith('k:') || !isMap(item)) return false;
  const keys = JSON.parse(key.slice(2)) as JsonObject;
  return Object.entries(keys).every(([name, value]) => at(item as JsonObject, name) === value);
}
