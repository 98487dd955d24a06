import type { Allowance } from '../../environment.ts';

/**
 * How Argo CD is installed: the official manifest of a version, changed by these settings and nothing else. What has no setting is fixed
 * in `config.ts`. No secret is ever part of it (see `secrets.ts`).
 * Documentation of the settings: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/
 */
export interface ArgoCdInstall {
  /** DNS-1123 label; Applications and AppProjects live there too. @default argocd */
  readonly namespace: string;
  /** Version of the manifest and of the image, `3.5.7`. */
  readonly version: string;
  /**
   * Redis, repo servers and API servers several times, each on a node of its own: asks for three nodes. See high_availability/.
   * @default false
   */
  readonly highAvailability: boolean;
  /**
   * Application controllers that share the clusters, 1–100: StatefulSet replicas and ARGOCD_CONTROLLER_REPLICAS. See high_availability/.
   * @default 1
   */
  readonly controllerShards: number;
  /** Repo servers, 1–100; with high availability at least the manifest's own two. See high_availability/. @default 1 */
  readonly repoServerReplicas: number;
  readonly controller: ControllerSettings;
  readonly reconciliation: ReconciliationSettings;
  /** Parts of the manifest that are optional; one that is off leaves nothing behind. @default all off */
  readonly parts: Readonly<Record<Part, boolean>>;
  /**
   * `kustomize.enable` of argocd-cm, for the kustomize layout; Helm and Jsonnet are always off. See ../user-guide/tool_detection/.
   * @default false
   */
  readonly kustomize: boolean;
  /** `admin.enabled` of argocd-cm: the built-in user. See user-management/. @default false */
  readonly admin: boolean;
  /** `users.session.duration` of argocd-cm, in hours, 1–168. See user-management/. @default 8 */
  readonly sessionHours: number;
  /** `policy.default` of argocd-rbac-cm: what everybody may do who logged in. See rbac/. @default nothing */
  readonly defaultRole: '' | 'role:readonly';
  /**
   * Added to `resource.exclusions` of argocd-cm: kinds that are neither watched nor managed. See declarative-setup/.
   * @default what Kubernetes writes for itself
   */
  readonly exclusions: readonly ResourceExclusion[];
  /** `installationID` of argocd-cm: tells two Argo CDs on one cluster apart. See ../user-guide/resource_tracking/. @default none */
  readonly installationId?: string;
  /** Who may talk to the repo server, which runs what it is told to by anyone who reaches it (CVE-2026-15416). @default network */
  readonly repoServerAccess: RepoServerAccess;
  /** Git repositories that need a credential, by a name of ours. See declarative-setup/. @default none */
  readonly repositories: Readonly<Record<string, Repository>>;
  /**
   * Images to take instead, by the image's name in the manifest: `name[:tag]@sha256:<digest>`, from whatever registry.
   * @default those of the manifest
   */
  readonly images: Readonly<Record<string, string>>;
  /** Requests and limits by container name, instead of those in `containers.ts`. @default none */
  readonly resources: Readonly<Record<string, ContainerResources>>;
  /** Any other key of the ConfigMaps, such as `url` or `oidc.config`; a secret is written as `$<key of argocd-secret>`. @default none */
  readonly config: Readonly<Partial<Record<ConfigMapName, Readonly<Record<string, string>>>>>;
}

/** Queues of the application controller. Docs: high_availability/, argocd-cmd-params-cm-yaml/. */
export interface ControllerSettings {
  /** `controller.status.processors` of argocd-cmd-params-cm: Applications compared at a time, 1–1000. @default 20 */
  readonly statusProcessors: number;
  /** `controller.operation.processors` of argocd-cmd-params-cm: Applications synced at a time, 1–1000. @default 10 */
  readonly operationProcessors: number;
  /** `controller.kubectl.parallelism.limit` of argocd-cmd-params-cm: applies at a time, 1–1000. @default 20 */
  readonly kubectlParallelism: number;
}

/** How often Git is asked without a webhook. Docs: high_availability/, argocd-cm-yaml/. */
export interface ReconciliationSettings {
  /** `timeout.reconciliation` of argocd-cm, in seconds, 10–86400. @default 120 */
  readonly seconds: number;
  /** `timeout.reconciliation.jitter` of argocd-cm: at most so many seconds later, 0–86400. @default 60 */
  readonly jitterSeconds: number;
}

/** `dex`: single sign-on. `notifications`: messages about Applications. `applicationSets`: Applications from generators. */
export type Part = 'dex' | 'notifications' | 'applicationSets';

/**
 * - `network`: whoever the NetworkPolicies let through; void where the cluster's network does not enforce them.
 * - `mutualTls`: besides, only holders of a client certificate, and the clients verify the repo server. Since 3.5. Docs: mtls/.
 */
export type RepoServerAccess = 'network' | 'mutualTls';

/** Kinds by glob. */
export interface ResourceExclusion {
  readonly apiGroups: readonly string[];
  readonly kinds: readonly string[];
}

/** A repository without its credential. */
export interface Repository {
  readonly url: string;
  /** AppProject that alone may use the credential. @default every project whose sourceRepos has the URL */
  readonly project?: string;
}

/** What a container is promised and what it may take; there is no CPU limit, as a throttled controller only gets late. */
export interface ContainerResources {
  /** CPU request. */
  readonly cpu: string;
  readonly memory: Allowance;
}

/** ConfigMaps that Argo CD is configured by. */
export type ConfigMapName = 'argocd-cm' | 'argocd-cmd-params-cm' | 'argocd-rbac-cm';

/** What a small, closed installation has; spread it and change what differs. */
export const defaultInstall: Omit<ArgoCdInstall, 'version'> = {
  namespace: 'argocd',
  highAvailability: false,
  controllerShards: 1,
  repoServerReplicas: 1,
  controller: { statusProcessors: 20, operationProcessors: 10, kubectlParallelism: 20 },
  reconciliation: { seconds: 120, jitterSeconds: 60 },
  parts: { dex: false, notifications: false, applicationSets: false },
  kustomize: false,
  admin: false,
  sessionHours: 8,
  defaultRole: '',
  exclusions: [
    { apiGroups: ['apps'], kinds: ['ControllerRevision'] },
    { apiGroups: ['storage.k8s.io'], kinds: ['CSINode', 'CSIStorageCapacity', 'VolumeAttachment'] },
    { apiGroups: ['resource.k8s.io'], kinds: ['ResourceSlice'] },
    { apiGroups: ['flowcontrol.apiserver.k8s.io', 'internal.apiserver.k8s.io'], kinds: ['*'] },
  ],
  repoServerAccess: 'network',
  repositories: {},
  images: {},
  resources: {},
  config: {},
};
