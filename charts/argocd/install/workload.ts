import type { KubernetesObject } from '../../environment.ts';

/** A Deployment or StatefulSet of the manifest. */
export interface Workload extends KubernetesObject {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: PodTemplate;
    readonly [field: string]: unknown;
  };
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly serviceAccountName?: string;
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly env?: readonly Variable[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources?: unknown;
  readonly [field: string]: unknown;
}

/** An environment variable. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly configMapKeyRef?: KeyReference; readonly secretKeyRef?: KeyReference };
}

/** A key of a ConfigMap or Secret. */
export interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly secret?: { readonly secretName: string; readonly optional?: boolean; readonly items?: readonly { readonly key: string }[] };
  readonly configMap?: { readonly name: string; readonly optional?: boolean };
}

/** True for what runs pods. */
export function isWorkload(object: KubernetesObject): object is Workload {
  return object.kind === 'Deployment' || object.kind === 'StatefulSet';
}

/** All containers of a workload, the init containers first. */
export function containersOf({ spec }: Workload): readonly Container[] {
  return [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers];
}

/** The workload with each of its containers changed. */
export function mapContainers(workload: Workload, change: (container: Container) => Container): Workload {
  return mapPod(workload, (pod) => ({
    ...pod,
    containers: pod.containers.map(change),
    ...(pod.initContainers && { initContainers: pod.initContainers.map(change) }),
  }));
}

/** The workload with another pod. */
export function mapPod(workload: Workload, change: (pod: PodSpec) => PodSpec): Workload {
  const { template } = workload.spec;
  return { ...workload, spec: { ...workload.spec, template: { ...template, spec: change(template.spec) } } };
}
