import * as pulumi from '@pulumi/pulumi';
import { installArgoCd } from '../charts/argocd/install/install.ts';
import { inInstallOrder } from '../charts/argocd/install/order.ts';
import { argoCdSecrets, type RepositoryCredential } from '../charts/argocd/install/secrets.ts';
import type { ArgoCdInstall } from '../charts/argocd/install/settings.ts';
import { rootApplication } from '../charts/argocd/root.ts';
import type { Environment, KubernetesObject } from '../charts/environment.ts';
import { kubernetesObject, type ObjectInput } from './kubernetes-object.ts';
import { Password } from './provider/resources.ts';

/** How to install Argo CD. */
export interface ArgoCdArgs {
  readonly install: ArgoCdInstall;
  /** Objects of the official install manifest of the version. */
  readonly manifest: readonly KubernetesObject[];
  readonly secrets: ArgoCdSecretArgs;
}

/** Secrets of the stack. */
export interface ArgoCdSecretArgs {
  /** bcrypt hash of the password of the user admin. @default Argo CD makes up a password */
  readonly adminPasswordHash?: pulumi.Output<string>;
  /** What pushes of the GitOps repo are signed with. @default made up, and kept in the state */
  readonly webhook?: pulumi.Output<string>;
  /** Credentials by the names in `argocd.repositories`. @default none */
  readonly repositories?: Readonly<Record<string, RepositoryCredential<pulumi.Output<string>>>>;
}

/** Kinds whose loss takes the workloads, or the record of them, along: they outlive the installation. */
const lasting: readonly string[] = ['CustomResourceDefinition', 'Namespace'];

/**
 * Argo CD: the official manifest of a version, changed by the settings, applied in waves: what a wave needs is there, and works, before
 * it starts. Destroying it stops Argo CD and leaves Applications and workloads as they are, for the next installation to go on with.
 */
export class ArgoCd extends pulumi.ComponentResource {
  readonly namespace: string;
  /** Address of the API and web page inside the cluster. */
  readonly address: string;
  /** What a webhook is signed with. */
  readonly webhookSecret: pulumi.Output<string>;

  constructor(name: string, { install, manifest, secrets }: ArgoCdArgs, options: pulumi.ComponentResourceOptions) {
    super('fullcycle:index:ArgoCd', name, {}, options);
    this.namespace = install.namespace;
    this.address = `https://argocd-server.${install.namespace}.svc`;
    const password = (use: string) => new Password(`${name}-${use}`, {}, { parent: this }).value;
    this.webhookSecret = secrets.webhook ?? password('webhook');
    const values = {
      ...(secrets.adminPasswordHash && { adminPassword: { hash: secrets.adminPasswordHash, changedAt: passwordEpoch } }),
      redisPassword: password('redis'),
      webhooks: { github: this.webhookSecret },
      repositories: secrets.repositories,
    };
    const { crds, objects } = installArgoCd(manifest, install);
    applyInWaves([...crds, ...objects, ...argoCdSecrets(install, values)], this);
    this.registerOutputs({ namespace: this.namespace, address: this.address, webhookSecret: this.webhookSecret });
  }
}

/** Sessions from before a password's time are over. A changed hash ends none: Argo CD refuses the old password at the next login. */
const passwordEpoch = '2000-01-01T00:00:00Z';

function applyInWaves(objects: readonly ObjectInput[], parent: pulumi.ComponentResource): void {
  let before: pulumi.Resource[] = [];
  for (const wave of inInstallOrder(objects)) {
    const dependsOn = before;
    before = wave.map((object) => kubernetesObject(object, { parent, dependsOn, retainOnDelete: lasting.includes(object.kind) }));
  }
}

/** Which environment Argo CD shall follow. */
export interface RootApplicationArgs {
  readonly environment: Environment;
}

/** The root Application of an environment and its AppProject: the only ones that don't come from Git. Destroying them leaves the workloads. */
export class RootApplication extends pulumi.ComponentResource {
  /** Names of the environment's Applications, the root one first. */
  readonly applications: readonly string[];

  constructor(name: string, { environment }: RootApplicationArgs, options: pulumi.ComponentResourceOptions) {
    super('fullcycle:index:RootApplication', name, {}, options);
    const { project, application } = rootApplication(environment);
    const made = kubernetesObject(project, { parent: this });
    kubernetesObject(application, { parent: this, dependsOn: made });
    const units = ['root', 'namespace', ...Object.keys(environment.services).sort()];
    this.applications = units.map((unit) => `${environment.name}-${unit}`);
    this.registerOutputs({ applications: this.applications });
  }
}
