import type { ArgoCdInstall } from '../../charts/argocd/install/settings.ts';
import type { Environment } from '../../charts/environment.ts';
import type { Identity } from '../delivery/git/identity.ts';
import type { BuilderName, Platform } from '../image/image.ts';

/** Everything that the files say about one environment: complete, checked, defaults filled in. */
export interface StackConfig {
  /** What `render` knows. */
  readonly environment: Environment;
  readonly image: ImageConfig;
  readonly gitops: GitOpsConfig;
  readonly cluster: ClusterConfig;
  readonly argocd: ArgoCdConfig;
  readonly promotion: PromotionConfig;
  /** Objects that one delivery may delete without naming them. @default 0 */
  readonly deletionBudget: number;
}

/** How images are built and where they are pushed. */
export interface ImageConfig {
  /** @default auto */
  readonly builder: BuilderName;
  /** Registry, and path in it: an image is `<repository>/<service>`. @default the local registry's fixed name */
  readonly repository: string;
  /** At least one. @default linux/amd64 and linux/arm64 */
  readonly platforms: readonly Platform[];
  /** `pulumi preview` builds too, and pushes nothing. @default false */
  readonly buildOnPreview: boolean;
}

/** How commits to the GitOps repo are made; where they go is in `environment.gitops`. */
export interface GitOpsConfig {
  /** @default the program itself */
  readonly author: Identity;
  /** Sign commits with the `user.signingKey` of the user's Git settings. @default false */
  readonly sign: boolean;
}

/** Which cluster an environment lives on. */
export interface ClusterConfig {
  /** Context of the kubeconfig. @default the kubeconfig's current one */
  readonly context?: string;
  /** UID of the namespace kube-system; on another cluster everything stops before the first write. @default any cluster */
  readonly identity?: string;
}

/** How Argo CD is installed, as far as a stack file decides it. @default version 3.5.7, the rest as in `defaultInstall` */
export interface ArgoCdConfig extends Omit<ArgoCdInstall, 'kustomize' | 'exclusions' | 'repoServerAccess'> {
  /** Take over an Argo CD that was installed by other means. @default false */
  readonly adopt: boolean;
}

/** What a release must have behind it to come here. */
export interface PromotionConfig {
  /** Environment it comes from; none for the first one. */
  readonly from?: string;
  /** Seconds it has been there. @default 0 */
  readonly soak: number;
  /** It is healthy there. @default true */
  readonly requireHealthy: boolean;
}
