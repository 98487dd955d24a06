import type { Environment, KubernetesObject, ManifestFile } from '../environment.ts';
import { isKustomization, type Kustomization } from '../kustomization.ts';
import { items, read, strings, text } from './read.ts';

/** Rendered files with the questions that rules ask of them. */
export interface Tree {
  /** Every file that is an object in the cluster, images as the cluster gets them. */
  readonly objects: readonly ManifestFile[];
  /** The files that Argo CD builds folders by. */
  readonly kustomizations: readonly (ManifestFile & { readonly object: Kustomization })[];
  /** Objects that make pods. */
  readonly workloads: readonly Workload[];
  /** Containers of all workloads, init and ephemeral ones too. */
  readonly containers: readonly Container[];
  /** Set when the files are of one environment whose settings are known. */
  readonly environment: Environment | undefined;
  /** Objects of a kind, in one namespace when it is given. */
  ofKind(kind: string, namespace?: string): readonly ManifestFile[];
  /** The object of a kind, namespace and name. */
  find(kind: string, namespace: string | undefined, name: string | undefined): ManifestFile | undefined;
  /** Workloads of a namespace whose pods bear all these labels. */
  selected(namespace: string | undefined, labels: Readonly<Record<string, string>>): readonly Workload[];
}

/** An object that makes pods. */
export interface Workload {
  readonly file: ManifestFile;
  readonly namespace: string | undefined;
  /** Labels of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** PodSpec, of unknown shape. */
  readonly pod: unknown;
  /** Where the PodSpec is in the object: `spec.template.spec`. */
  readonly path: string;
}

/** A container of a workload. */
export interface Container {
  readonly workload: Workload;
  readonly type: 'containers' | 'initContainers' | 'ephemeralContainers';
  /** Of unknown shape. */
  readonly value: unknown;
  /** Where it is in the object: `spec.template.spec.containers[0]`. */
  readonly path: string;
}

const podPaths: Readonly<Record<string, string>> = {
  Pod: '',
  Deployment: 'spec.template.',
  StatefulSet: 'spec.template.',
  DaemonSet: 'spec.template.',
  ReplicaSet: 'spec.template.',
  ReplicationController: 'spec.template.',
  Job: 'spec.template.',
  CronJob: 'spec.jobTemplate.spec.template.',
};

/** Indexes files for rules. Linear in their number. */
export function treeOf(files: readonly ManifestFile[], environment?: Environment): Tree {
  const kustomizations = files.filter((file): file is ManifestFile & { object: Kustomization } => isKustomization(file.object));
  const objects = applyImages(
    files.filter((file) => !isKustomization(file.object)),
    kustomizations,
  );
  const workloads = objects.flatMap(workloadOf);
  const byKind = groupBy(objects, ({ object }) => [
    object.kind,
    `${object.kind} ${object.metadata.namespace}`,
    `${object.kind} ${object.metadata.namespace} ${object.metadata.name}`,
  ]);
  const byLabel = groupBy(workloads, ({ namespace, labels }) => [
    `${namespace}`,
    ...Object.entries(labels).map(([key, value]) => `${namespace} ${key}=${value}`),
  ]);
  return {
    objects,
    kustomizations,
    workloads,
    containers: workloads.flatMap(containersOf),
    environment,
    ofKind: (kind, namespace) => byKind.get(namespace === undefined ? kind : `${kind} ${namespace}`) ?? [],
    find: (kind, namespace, name) => byKind.get(`${kind} ${namespace} ${name}`)?.[0],
    selected(namespace, labels) {
      const wanted = Object.entries(labels);
      const [first] = wanted;
      const candidates = byLabel.get(first ? `${namespace} ${first[0]}=${first[1]}` : `${namespace}`) ?? [];
      return candidates.filter((workload) => wanted.every(([key, value]) => workload.labels[key] === value));
    },
  };
}

/** The folder of a path, without a trailing slash. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

function workloadOf(file: ManifestFile): Workload[] {
  const prefix = podPaths[file.object.kind];
  if (prefix === undefined) return [];
  const labels = strings(file.object, `${prefix}metadata.labels`);
  return [{ file, namespace: file.object.metadata.namespace, labels, pod: read(file.object, `${prefix}spec`), path: `${prefix}spec` }];
}

function containersOf(workload: Workload): Container[] {
  return (['containers', 'initContainers', 'ephemeralContainers'] as const).flatMap((type) =>
    items(workload.pod, type).map((value, index) => ({ workload, type, value, path: `${workload.path}.${type}[${index}]` })),
  );
}

/** What `kustomize build` does to images, for the placeholders of Deployments. */
function applyImages(files: readonly ManifestFile[], kustomizations: readonly { path: string; object: Kustomization }[]): ManifestFile[] {
  if (kustomizations.length === 0) return [...files];
  const byFolder = new Map(kustomizations.map(({ path, object }) => [folderOf(path), object]));
  return files.map((file) => {
    const kustomization = byFolder.get(folderOf(file.path));
    return kustomization && file.object.kind === 'Deployment' ? { ...file, object: withImages(file.object, kustomization) } : file;
  });
}

function withImages(deployment: KubernetesObject, kustomization: Kustomization): KubernetesObject {
  const replaced = structuredClone(deployment);
  for (const container of items(replaced, 'spec.template.spec.containers') as { image?: unknown }[]) {
    const entry = items(kustomization, 'images').find((image) => text(image, 'name') === container?.image);
    if (typeof container?.image !== 'string' || !entry) continue;
    const { newName, newTag, digest } = strings({ entry }, 'entry');
    container.image = `${newName ?? container.image}${newTag ? `:${newTag}` : ''}${digest ? `@${digest}` : ''}`;
  }
  return replaced;
}

function groupBy<T>(values: readonly T[], keysOf: (value: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    for (const key of keysOf(value)) {
      const group = groups.get(key);
      if (group) group.push(value);
      else groups.set(key, [value]);
    }
  }
  return groups;
}
