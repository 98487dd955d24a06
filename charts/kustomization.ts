import type { KubernetesObject, ReleasedImage } from './environment.ts';

/** What a `kustomization.yaml` holds here: the files of its folder, the image behind the placeholder and the commit it was built at. */
export interface Kustomization extends KubernetesObject {
  readonly images: readonly KustomizeImage[];
  readonly resources: readonly string[];
}

/** Entry of `images:`, as `kustomize edit set image` writes it. */
export interface KustomizeImage {
  /** The placeholder in the manifests. */
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** Replaces the commit shown to the pod: with the image it is all that a release changes, so a release is a diff of this file alone. */
const commitPath = '/spec/template/spec/containers/0/env/0/value';

/** The kustomization of one service's folder. Placeholder, Deployment and folder bear the service's name. */
export function kustomization(service: string, image: ReleasedImage, commit: string, resources: readonly string[]): Kustomization {
  return {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    metadata: { name: service },
    images: [{ name: service, newName: image.name, newTag: image.tag, digest: image.digest }],
    patches: [
      {
        target: { kind: 'Deployment', name: service },
        patch: JSON.stringify([{ op: 'replace', path: commitPath, value: commit }]),
      },
    ],
    resources: [...resources].sort(),
  };
}

/** True for the kustomization that a folder is built by. */
export function isKustomization(object: KubernetesObject): object is Kustomization {
  return object.kind === 'Kustomization' && object.apiVersion.startsWith('kustomize.config.k8s.io/');
}
