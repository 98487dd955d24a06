import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../charts/environment.ts';

/** A Kubernetes object whose values may be outputs, such as secrets. */
export type ObjectInput = Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'> & { readonly [field: string]: unknown };

/** Any Kubernetes object, under the type token that the typed class of @pulumi/kubernetes has. */
class AnyObject extends pulumi.CustomResource {
  constructor(name: string, object: ObjectInput, options: pulumi.CustomResourceOptions) {
    const version = object.apiVersion.includes('/') ? object.apiVersion : `core/${object.apiVersion}`;
    super(`kubernetes:${version}:${object.kind}`, name, { ...object }, options);
  }
}

/** Makes the object a resource, called after its kind and name. @param options.provider explicit: no object goes to a cluster by accident */
export function kubernetesObject(object: ObjectInput, options: pulumi.CustomResourceOptions): pulumi.CustomResource {
  const { name, namespace } = object.metadata;
  return new AnyObject([object.kind, namespace, name].filter(Boolean).join('/'), object, options);
}
