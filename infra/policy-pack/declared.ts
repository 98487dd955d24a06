import type { KubernetesObject, ManifestFile } from '../../charts/environment.ts';
import { read } from '../../charts/policy/read.ts';
import type { Problem } from '../../charts/problem.ts';
import { isList, isMap, type PropertyMap, type PropertyValue, Secret } from '../provider/value.ts';

/** A Kubernetes object that a program declares. */
export interface DeclaredObject {
  /** Name of its resource in the program: problems are told of it. */
  readonly path: string;
  /** Type of its resource: `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** Its fields as the program gives them. */
  readonly inputs: PropertyMap;
  /** The same with secrets opened; what isn't known yet stays `unknown`. */
  readonly object: KubernetesObject;
  /** Fields that the resource's class makes secret as a whole, whatever the program passes. */
  readonly sealed: readonly string[];
  /** The provider that applies it; undefined when the engine names none. */
  readonly provider: DeclaredProvider | undefined;
}

export interface DeclaredProvider {
  /** Name of its resource; that of a default provider begins with `default`. */
  readonly name: string;
  readonly inputs: PropertyMap;
}

/** What rules know besides the object. */
export interface Bootstrap {
  /** Namespace of Argo CD. */
  readonly namespace: string;
}

/** Finds what is wrong with an object of the bootstrap. */
export type BootstrapRule = (declared: DeclaredObject, bootstrap: Bootstrap) => Problem[];

const prefix = 'kubernetes:';

/** The object that a resource stands for; undefined when it is none, such as an image or a provider. */
export function declaredObject(resource: Omit<DeclaredObject, 'path' | 'object'> & { readonly name: string }): DeclaredObject | undefined {
  const { name, type, inputs, sealed, provider } = resource;
  if (!type.startsWith(prefix)) return undefined;
  const { kind = type.slice(type.lastIndexOf(':') + 1), metadata = {}, ...fields } = open(inputs) as PropertyMap;
  return { path: name, type, inputs, sealed, provider, object: { ...fields, kind, metadata } as unknown as KubernetesObject };
}

/** The object as the only file of a tree, as rules of the rendered tree take it. */
export function asFile({ path, object }: DeclaredObject): ManifestFile {
  return { path, text: '', object };
}

/** The text at a dotted path of the object: undefined when there is none, or none that is known yet. */
export function known(declared: DeclaredObject, path: string): string | undefined {
  const found = read(declared.object, path);
  return typeof found === 'string' ? found : undefined;
}

function open(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return open(value.value);
  if (isList(value)) return value.map(open);
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item)])) : value;
}
