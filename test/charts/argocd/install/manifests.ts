import { installArgoCd } from '../../../../charts/argocd/install/install.ts';
import { type ArgoCdInstall, defaultInstall } from '../../../../charts/argocd/install/settings.ts';
import { isWorkload, type Workload } from '../../../../charts/argocd/install/workload.ts';
import type { KubernetesObject } from '../../../../charts/environment.ts';
import { argoCdManifest, type ManifestVariant, manifestChecksums } from '../../../../infra/argocd-manifest.ts';

/** Version that is installed unless another one is asked for. */
export const version = '3.5.7';

/** Settings of a small installation on a laptop. */
export const dev: ArgoCdInstall = { ...defaultInstall, version, admin: true };

/** Settings of one that many depend on. */
export const prod: ArgoCdInstall = {
  ...defaultInstall,
  version,
  highAvailability: true,
  controllerShards: 2,
  repoServerReplicas: 3,
  controller: { statusProcessors: 50, operationProcessors: 25, kubectlParallelism: 40 },
  repoServerAccess: 'mutualTls',
};

/** Every manifest that may be installed. */
export const published = await Promise.all(
  Object.keys(manifestChecksums).flatMap((each) =>
    (['standard', 'highAvailability'] as const).map(async (variant) => ({
      version: each,
      variant,
      manifest: frozen(await argoCdManifest(each, variant)),
      install: { ...dev, version: each, highAvailability: variant === 'highAvailability' } satisfies ArgoCdInstall,
    })),
  ),
);

/** The manifest for the settings. */
export function manifestFor(install: ArgoCdInstall): readonly KubernetesObject[] {
  const variant: ManifestVariant = install.highAvailability ? 'highAvailability' : 'standard';
  const found = published.find((each) => each.version === install.version && each.variant === variant);
  if (!found) throw new Error(`no manifest of ${install.version}`);
  return found.manifest;
}

/** Everything that is applied for the settings but Secrets. */
export function installed(install: ArgoCdInstall): readonly KubernetesObject[] {
  const { crds, objects } = installArgoCd(manifestFor(install), install);
  return [...crds, ...objects];
}

/** The object of that kind and name. */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** The workload of that name, whatever its kind. */
export function workload(objects: readonly KubernetesObject[], name: string): Workload {
  const found = objects.filter(isWorkload).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`no workload ${name}`);
  return found;
}

/** Data of a ConfigMap. */
export function dataOf(objects: readonly KubernetesObject[], name: string): Readonly<Record<string, string>> {
  return (find(objects, 'ConfigMap', name) as unknown as { data: Record<string, string> }).data;
}

/** A value that throws when it is changed. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
