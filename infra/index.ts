import { fileURLToPath } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import { checkInstall } from '../charts/argocd/install/check.ts';
import { checkSecrets, type RepositoryCredential, type SecretValues } from '../charts/argocd/install/secrets.ts';
import { checkUpgrade } from '../charts/argocd/install/version.ts';
import type { ArgoCdSecretArgs } from './argocd.ts';
import { installedVersion } from './argocd-installed.ts';
import { argoCdManifest } from './argocd-manifest.ts';
import { argoCdInstall, installsArgoCd, servedTogether } from './config/argocd-owner.ts';
import { checkEnvironmentName, loadStacks, type StackConfig } from './config.ts';
import { deployedServices, imageRequest } from './delivery/build.ts';
import { Failure, failIfAny } from './delivery/errors.ts';
import { imageInputs } from './image/build.ts';
import { type ClusterPin, findCluster, openCluster } from './kubernetes/cluster-guard.ts';
import { findLocal } from './local/local.ts';
import { createStack, type StackOutputs, type StackPlan } from './stack.ts';

/**
 * The Pulumi program: one stack per environment. Everything is read and checked before the first resource is declared; what is wrong is told
 * at once, and nothing is written.
 */
const project = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const config = new pulumi.Config();

/** A cluster that `fullcycle up` has started, in the configuration it makes for its own stacks. */
interface LocalCluster {
  readonly kubeconfig: string;
  readonly context: string;
  readonly identity: string;
}

export const { digests, commit, applications, argocd, cluster } = await explained(async () => createStack(await plan()));

async function plan(): Promise<StackPlan> {
  const local = config.getBoolean('local') ?? false;
  const stacks = await loadStacks(project, undefined, { local });
  const name = pulumi.getStack();
  failIfAny(
    checkEnvironmentName(
      name,
      stacks.map(({ environment }) => environment.name),
    ),
  );
  const stack = stacks.find(({ environment }) => environment.name === name) as StackConfig;
  const pin = local ? config.requireObject<LocalCluster>('localCluster') : stack.cluster;
  const [access, services] = await Promise.all([reach({ environment: name, ...pin }), servicesOf(stack)]);
  const owns = installsArgoCd(stack, stacks);
  return { stack, cluster: access, services, ...(owns && { argocd: await argoCdOf(stack, stacks, access) }) };
}

type Access = StackPlan['cluster'] & { readonly connection?: Awaited<ReturnType<typeof openCluster>>['connection'] };

/** A preview of a cluster that can't be asked shows what the program describes; everything else stops there. */
async function reach(pin: ClusterPin): Promise<Access> {
  try {
    return await openCluster(pin);
  } catch (error) {
    const isUnreachable = error instanceof Failure && error.problems.every(({ code }) => code === 'E_REMOTE_UNREACHABLE');
    if (!pulumi.runtime.isDryRun() || !isUnreachable) throw error;
    await pulumi.log.warn(`${error.message}\nThe preview goes on without the cluster; an update would stop here.`);
    return { ...(await findCluster(pin)), identity: undefined };
  }
}

async function servicesOf(stack: StackConfig): Promise<StackPlan['services']> {
  const local = await findLocal(project);
  const sources = deployedServices(stack).map(async (service) => {
    if (stack.image.builder !== 'docker') return [service.name, undefined] as const;
    const request = await imageRequest(project, stack, local, service);
    return [service.name, { context: request.context, tag: request.tag, inputs: await imageInputs(request) }] as const;
  });
  return Object.fromEntries(await Promise.all(sources));
}

async function argoCdOf(stack: StackConfig, stacks: readonly StackConfig[], { connection }: Access): Promise<StackPlan['argocd']> {
  const install = argoCdInstall(servedTogether(stack, stacks) as [StackConfig, ...StackConfig[]]);
  const manifest = await argoCdManifest(install.version, install.highAvailability ? 'highAvailability' : 'standard');
  const installed = connection && (await installedVersion(connection, install.namespace));
  const { secrets, names } = secretsOf();
  failIfAny([
    ...checkInstall(manifest, install),
    ...checkSecrets(install, names),
    ...(installed ? checkUpgrade(installed, install.version) : []),
  ]);
  return { install, manifest, secrets };
}

/** Secrets of the stack's configuration, and for the checks which of them there are. */
function secretsOf(): { secrets: ArgoCdSecretArgs; names: SecretValues<true> } {
  const adminPasswordHash = config.getSecret('adminPasswordHash');
  // Config itself would warn of a secret that is read as anything else than one output: here each field becomes one.
  const stated = pulumi.runtime.getConfig('fullcycle:repositoryCredentials');
  const credentials: Record<string, Record<string, string>> = stated ? JSON.parse(stated) : {};
  const named = <Value>(wrap: (text: string) => Value) =>
    Object.fromEntries(
      Object.entries(credentials).map(([name, fields]) => [
        name,
        Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, wrap(text)])) as unknown as RepositoryCredential<Value>,
      ]),
    );
  return {
    secrets: { adminPasswordHash, webhook: config.getSecret('webhookSecret'), repositories: named((text) => pulumi.secret(text)) },
    names: { repositories: named(() => true), ...(adminPasswordHash && { adminPassword: { hash: true, changedAt: '' } }) },
  };
}

/** A failure is told in its own lines: a stack trace would say nothing to who reads them. */
async function explained(work: () => Promise<StackOutputs>): Promise<StackOutputs> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw new pulumi.RunError(error.message);
    throw error;
  }
}
