/** The vocabulary of the render: what goes in (`Environment`, `Release`, `Service`) and what comes out (`ManifestFile`). */

/**
 * How a service's manifests are laid out in the GitOps repo.
 * - `rendered`: final manifests, images pinned in place.
 * - `kustomize`: a placeholder image and a `kustomization.yaml` that pins it, so that a release is a one-line diff.
 */
export type Layout = 'rendered' | 'kustomize';

/** Settings of one environment: everything `render` may know about it. Parsed from `Pulumi.<env>.yaml` by `infra/config.ts`. */
export interface Environment {
  /** DNS-1123 label; the folder in the GitOps repo and the prefix of its Applications. */
  readonly name: string;
  /** Namespace of all its workloads. @default the environment's name */
  readonly namespace: string;
  readonly gitops: GitOpsTarget;
  readonly argocd: ArgoCdTarget;
  /** Smallest and largest replica count a service may ask for here. */
  readonly replicas: { readonly min: number; readonly max: number };
  /** Namespace-wide limits; quantities in Kubernetes notation. */
  readonly quota: Quota;
  /** Settings per service, by the service's name; a service of the catalog without an entry is not deployed here. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
}

/** Where manifests are committed, as Argo CD sees it. */
export interface GitOpsTarget {
  /** URL that Argo CD reads; http(s) or ssh. */
  readonly repository: string;
  /** Branch name without `refs/heads/`. @default main */
  readonly branch: string;
  /** @default rendered */
  readonly layout: Layout;
}

/** Where Argo CD runs and which cluster it applies to. */
export interface ArgoCdTarget {
  /** @default argocd */
  readonly namespace: string;
  /** API server that Applications are applied to. @default https://kubernetes.default.svc */
  readonly server: string;
}

/** ResourceQuota of the namespace. */
export interface Quota {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: number;
}

/** What an environment decides about one service. */
export interface ServiceSettings {
  /** Fixed number of pods; left out of the Deployment when `autoscaling` is set. */
  readonly replicas: number;
  readonly autoscaling?: Autoscaling;
  readonly resources: Resources;
  /** Plain environment variables; never secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly ingress?: IngressSettings;
}

/** HorizontalPodAutoscaler on CPU utilisation. */
export interface Autoscaling {
  readonly min: number;
  readonly max: number;
  /** Target average CPU utilisation, percent of the request, 1–100. */
  readonly cpuPercent: number;
}

/** Requests and limits per container, in Kubernetes quantities. */
export interface Resources {
  readonly cpu: Allowance;
  readonly memory: Allowance;
  readonly ephemeralStorage: Allowance;
}

export interface Allowance {
  readonly request: string;
  readonly limit: string;
}

/** HTTP route from outside. The load balancer's behaviour is set through `annotations` of the ingress controller in use. */
export interface IngressSettings {
  readonly host: string;
  /** @default / */
  readonly path: string;
  readonly className: string;
  /** Name of the TLS Secret; none means plain HTTP. */
  readonly tlsSecret?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Namespace the ingress controller runs in: the only one let through to the pods besides the environment's own. */
  readonly controllerNamespace: string;
}

/** A service of the catalog: what is true of it in every environment. One file in `charts/services/`. */
export interface Service {
  /** DNS-1035 label; also the folder in app/, the image name and the container name. */
  readonly name: string;
  /** Folder of the source, relative to the project. */
  readonly source: string;
  /** Container port, 1024–65535 (the container is not root). */
  readonly port: number;
  /** Port of the Service object, 1–65535. @default the container port */
  readonly servicePort: number;
  readonly probes: Probes;
  /** Seconds between the wish to end a pod and SIGKILL, 10–3600; the first 5 it serves on, then comes SIGTERM. */
  readonly terminationGracePeriodSeconds: number;
}

export interface Probes {
  readonly startup: Probe;
  readonly readiness: Probe;
  readonly liveness: Probe;
}

/** HTTP GET probe on the container port. */
export interface Probe {
  readonly path: string;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** All services, in the order of `charts/catalog.ts`. */
export type Catalog = readonly Service[];

/** Which image each service runs: the record that promotion and rollback read. Written as `environments/<env>/release.json`. */
export interface Release {
  readonly source: Source;
  /** By service name. */
  readonly images: Readonly<Record<string, ReleasedImage>>;
}

/** The source a release was made from. */
export interface Source {
  /** Full commit id, 40 or 64 hex digits. */
  readonly commit: string;
  /** True when the work tree had uncommitted changes anywhere; such a release can't be verified from source. */
  readonly dirty: boolean;
}

/** One image, pinned. */
export interface ReleasedImage {
  /** Registry host and repository, without tag or digest. */
  readonly name: string;
  /** Full source commit at which it was built, with `-dirty-<hash>` appended when the tree was dirty. */
  readonly tag: string;
  /** `sha256:` and 64 hex digits; the manifest list when there are several platforms. */
  readonly digest: string;
  /** `sha256:` hash of everything that went into the build. */
  readonly inputs: string;
}

/** A Kubernetes object as rendered: plain data. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  readonly [field: string]: unknown;
}

/** A file of the GitOps repo as a value: nothing is written until a plan is executed. */
export interface ManifestFile {
  /** Relative to the root of the GitOps repo, `/` separated. */
  readonly path: string;
  readonly text: string;
  /** The object that `text` prints. */
  readonly object: KubernetesObject;
}
