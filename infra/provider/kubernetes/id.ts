import type { ObjectReference } from '../../kubernetes/object.ts';

/** What the engine knows an object by: `namespace/name`, or `name`. */
export function idOf({ namespace, name }: ObjectReference): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** The opposite of {@link idOf}. */
export function parseId(id: string): { readonly namespace?: string; readonly name: string } {
  const slash = id.indexOf('/');
  return slash < 0 ? { name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}
