import { isObject, type Json, type JsonObject } from './json.ts';

/** Kind of an object and the version of its API. */
export interface TypeMeta {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
}

/** Where an object is in a cluster. */
export interface ObjectReference extends TypeMeta {
  readonly name: string;
  /** Undefined for objects that belong to no namespace. */
  readonly namespace?: string;
}

/** The value at a path; undefined where it leads nowhere. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<Json | undefined>((parent, step) => {
    if (typeof step === 'number') return Array.isArray(parent) ? (parent[step] as Json | undefined) : undefined;
    return isObject(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined;
  }, value);
}

export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The number at a path; 0 where there is none, as the API means it for counts. */
export function countAt(value: Json | undefined, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

/** The objects in the list at a path. */
export function objectsAt(value: Json | undefined, ...path: readonly (string | number)[]): JsonObject[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as Json[]).filter(isObject) : [];
}

/** A copy with another value at a path, or without it; objects on the way are made where they are missing. */
export function withAt(value: JsonObject, [step, ...rest]: readonly string[], wanted: Json | undefined): JsonObject {
  if (step === undefined) return value;
  const child = at(value, step);
  const { [step]: _, ...others } = value;
  const inner = rest.length === 0 ? wanted : withAt(isObject(child) ? child : {}, rest, wanted);
  return inner === undefined ? others : { ...others, [step]: inner };
}

/** `Deployment team/web`: an object in messages. */
export function describe({ kind, namespace, name }: ObjectReference): string {
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}
