import { Provider } from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { ArgoCdInstall } from '../charts/argocd/install/settings.ts';
import type { KubernetesObject } from '../charts/environment.ts';
import { AppImage, type DockerSource } from './app-image.ts';
import { ArgoCd, type ArgoCdSecretArgs, RootApplication } from './argocd.ts';
import type { StackConfig } from './config.ts';
import { GitOpsDelivery } from './gitops-delivery.ts';

/** Everything that is known before the first resource is made. */
export interface StackPlan {
  readonly stack: StackConfig;
  readonly cluster: ClusterAccess;
  /** Services to build, and their sources where @pulumi/docker builds them. */
  readonly services: Readonly<Record<string, DockerSource | undefined>>;
  /** Argo CD, when this stack is the one that installs it. */
  readonly argocd?: {
    readonly install: ArgoCdInstall;
    readonly manifest: readonly KubernetesObject[];
    readonly secrets: ArgoCdSecretArgs;
  };
}

/** The checked cluster. */
export interface ClusterAccess {
  /** Text of a kubeconfig that holds this one context. */
  readonly kubeconfig: string;
  readonly context: string;
  /** UID of the namespace kube-system; undefined in a preview that could not ask. */
  readonly identity: string | undefined;
}

/** Outputs of a stack. */
export interface StackOutputs {
  /** Image digest by service. */
  readonly digests: Readonly<Record<string, pulumi.Output<string>>>;
  /** Commit of the GitOps repo that holds the environment's manifests. */
  readonly commit: pulumi.Output<string>;
  /** Names of the environment's Applications, the root one first. */
  readonly applications: readonly string[];
  /** Argo CD, when this stack installs it: where its API and web page are inside the cluster, and what webhooks are signed with. */
  readonly argocd: ArgoCdOutputs | undefined;
  /** Context and identity of the cluster. */
  readonly cluster: { readonly context: string; readonly identity: string | undefined };
}

export interface ArgoCdOutputs {
  readonly namespace: string;
  readonly address: string;
  readonly webhookSecret: pulumi.Output<string>;
}

/** Declares the resources of one environment: images → delivery, Argo CD beside them, and the root Application when both are there. */
export function createStack({ stack, cluster, services, argocd }: StackPlan): StackOutputs {
  const { environment, image, argocd: settings } = stack;
  const provider = new Provider('cluster', {
    kubeconfig: pulumi.secret(cluster.kubeconfig),
    context: cluster.context,
    enableServerSideApply: true,
    enableConfigMapMutable: true,
    enableSecretMutable: true,
    upsertExistingObjects: settings.adopt,
    enablePatchForce: settings.adopt,
  });
  const images = Object.entries(services).map(([service, docker]) => [service, new AppImage(service, { service, image, docker })] as const);
  const released = Object.fromEntries(images.map(([service, { released }]) => [service, released]));
  const delivery = new GitOpsDelivery(environment.name, { environment: environment.name, images: released });
  const installed = argocd && new ArgoCd('argocd', argocd, { providers: [provider] });
  const dependsOn = installed ? [delivery, installed] : [delivery];
  const root = new RootApplication(environment.name, { environment }, { providers: [provider], dependsOn });
  return {
    digests: Object.fromEntries(images.map(([service, { digest }]) => [service, digest])),
    commit: delivery.commit,
    applications: root.applications,
    argocd: installed && { namespace: installed.namespace, address: installed.address, webhookSecret: installed.webhookSecret },
    cluster: { context: cluster.context, identity: cluster.identity },
  };
}
