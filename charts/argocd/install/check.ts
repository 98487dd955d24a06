import type { KubernetesObject } from '../../environment.ts';
import type { Problem } from '../../problem.ts';
import { checkImage, parseImage } from '../../validate/image.ts';
import { checkName } from '../../validate/name.ts';
import { checkReplicas, isWithin, type Range } from '../../validate/number.ts';
import { checkAllowance, checkQuantity } from '../../validate/quantity.ts';
import { secretIn } from '../../validate/secret.ts';
import { typedData } from './config.ts';
import { containerResources, ownValue } from './containers.ts';
import { controller, repoServer } from './fit.ts';
import { belongsTo, partsOff } from './parts.ts';
import type { ArgoCdInstall, ConfigMapName } from './settings.ts';
import { checkVersion, isAtLeast } from './version.ts';
import { containersOf, isWorkload } from './workload.ts';

/** `checkInstall(manifest, install): Problem[]` - everything that is wrong with the settings, and with this manifest for them. */
export function checkInstall(manifest: readonly KubernetesObject[], install: ArgoCdInstall): Problem[] {
  const problems = [...checkSettings(install), ...checkManifest(manifest, install)];
  // what a wrong manifest lacks need not be told by each setting that misses it
  return problems.length > 0 ? problems : [...checkParameters(manifest, install), ...checkContainers(manifest, install)];
}

function checkSettings(install: ArgoCdInstall): Problem[] {
  const { controller: queues, reconciliation } = install;
  const shares: Range = { min: 1, max: 100 };
  const processors: Range = { min: 1, max: 1000 };
  return [
    ...checkName('argocd.namespace', install.namespace),
    ...checkVersion('argocd.version', install.version),
    ...checkReplicas('argocd.controllerShards', install.controllerShards, shares),
    ...checkReplicas('argocd.repoServerReplicas', install.repoServerReplicas, shares),
    ...Object.entries(queues).flatMap(([name, value]) => checkWhole(`argocd.controller.${name}`, value, processors)),
    ...checkWhole('argocd.reconciliation.seconds', reconciliation.seconds, { min: 10, max: 86_400 }),
    ...checkWhole('argocd.reconciliation.jitterSeconds', reconciliation.jitterSeconds, { min: 0, max: 86_400 }),
    ...checkWhole('argocd.sessionHours', install.sessionHours, { min: 1, max: 168 }),
    ...Object.entries(install.images).flatMap(([name, image]) => checkImage(`argocd.images.${name}`, image)),
    ...Object.entries(install.resources).flatMap(([name, { cpu, memory }]) => [
      ...checkQuantity(`argocd.resources.${name}.cpu`, cpu, 'cpu'),
      ...checkAllowance(`argocd.resources.${name}.memory`, memory, 'memory'),
    ]),
    ...Object.keys(install.repositories).flatMap((name) => checkName(`argocd.repositories.${name}`, name)),
    ...checkMutualTls(install),
    ...checkConfig(install),
  ];
}

function checkWhole(field: string, value: unknown, range: Range): Problem[] {
  if (isWithin(value, range)) return [];
  const rule = `a whole number from ${range.min} to ${range.max}`;
  return [{ code: 'E_TYPE', field, value, rule, fix: 'write a number in this range' }];
}

function checkMutualTls({ repoServerAccess, version }: ArgoCdInstall): Problem[] {
  if (repoServerAccess === 'network' || isAtLeast(version, '3.5')) return [];
  const rule = `needs Argo CD 3.5, this is ${version}`;
  return [{ code: 'E_ARGO_VERSION', field: 'argocd.repoServerAccess', value: repoServerAccess, rule, fix: 'take 3.5 or network' }];
}

/** Keys that have a setting are set by it alone, and a ConfigMap is no place for secrets. */
function checkConfig(install: ArgoCdInstall): Problem[] {
  const typed = typedData(install);
  const names = Object.keys(typed) as ConfigMapName[];
  return names.flatMap((name) =>
    Object.entries(install.config[name] ?? {}).flatMap(([key, value]): Problem[] => {
      const field = `argocd.config.${name}.${key}`;
      if (Object.hasOwn(typed[name], key)) {
        return [{ code: 'E_KEY', field, value, rule: 'set by the installation', fix: 'use its setting, if it has one, or leave it out' }];
      }
      const kind = secretIn(value);
      if (!kind) return [];
      const fix = 'put it into argocd-secret and write $<its key> here';
      return [{ code: 'E_SECRET_IN_RENDER', field, rule: `no secrets in a ConfigMap, this looks like ${kind}`, fix }];
    }),
  );
}

/** The manifest is the one of the version and variant, and has everything that is changed. */
function checkManifest(manifest: readonly KubernetesObject[], install: ArgoCdInstall): Problem[] {
  const has = (kind: string, name: string) => manifest.some((object) => object.kind === kind && object.metadata.name === name);
  const expected: readonly (readonly [kind: string, name: string])[] = [
    ['StatefulSet', controller],
    ['Deployment', repoServer],
    ['Deployment', 'argocd-server'],
    ...Object.keys(typedData(install)).map((name) => ['ConfigMap', name] as const),
  ];
  const missing = expected.filter(([kind, name]) => !has(kind, name)).map(([kind, name]) => `${kind} ${name}`);
  const parts = partsOff(install).filter((part) => !manifest.some((object) => belongsTo(part, object)));
  const isHighlyAvailable = has('StatefulSet', 'argocd-redis-ha-server');
  const variant = isHighlyAvailable ? 'manifests/ha/install.yaml' : 'manifests/install.yaml';
  const tags = versionsOf(manifest);
  return [
    ...missing.map((object) => unfit(undefined, `must contain ${object}`)),
    ...parts.map((part) => unfit(undefined, `must contain the objects of ${part} by their label app.kubernetes.io/component`)),
    ...(isHighlyAvailable === install.highAvailability
      ? []
      : [unfit(variant, `must be the other variant, as highAvailability is ${install.highAvailability}`)]),
    ...tags.filter((tag) => tag !== `v${install.version}`).map((tag) => unfit(tag, `must be of the version ${install.version}`)),
  ];
}

/** Tags of the image of Argo CD; one in a manifest as published. */
function versionsOf(manifest: readonly KubernetesObject[]): string[] {
  const images = manifest.filter(isWorkload).flatMap((workload) => containersOf(workload).map(({ image }) => parseImage(image)));
  return [...new Set(images.filter(({ name }) => name === 'quay.io/argoproj/argocd').map(({ tag }) => tag ?? 'no tag'))];
}

/** A key of argocd-cmd-params-cm that no container takes would be without effect, and nobody would notice. */
function checkParameters(manifest: readonly KubernetesObject[], install: ArgoCdInstall): Problem[] {
  const name = 'argocd-cmd-params-cm';
  const references = manifest
    .filter(isWorkload)
    .flatMap(containersOf)
    .flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef ?? []));
  const keys = new Set(references.filter((reference) => reference.name === name).map(({ key }) => key));
  const ours = Object.keys(typedData(install)[name]).filter((key) => !keys.has(key));
  const theirs = Object.keys(install.config[name] ?? {}).filter((key) => !keys.has(key));
  return [
    ...ours.map((key) => unfit(undefined, `must read ${key} of ${name}`)),
    ...theirs.map((key): Problem => {
      const rule = `read by no container of ${install.version}`;
      return { code: 'E_KEY', field: `argocd.config.${name}.${key}`, rule, fix: 'correct the key, or leave it out' };
    }),
  ];
}

/** Every container has its requests, and every image and container of the settings exists. */
function checkContainers(manifest: readonly KubernetesObject[], install: ArgoCdInstall): Problem[] {
  const containers = manifest.filter(isWorkload).flatMap(containersOf);
  const names = new Set(containers.map(({ name }) => name));
  const images = new Set(containers.map(({ image }) => parseImage(image).name));
  const without = [...names].filter((name) => !ownValue(install.resources, name) && !ownValue(containerResources, name));
  const unused = (setting: string, given: object, known: ReadonlySet<string>): Problem[] =>
    Object.keys(given)
      .filter((key) => !known.has(key))
      .map((key) => ({
        code: 'E_KEY',
        field: `argocd.${setting}.${key}`,
        rule: 'not in the manifest',
        fix: `use one of ${[...known].join(', ')}`,
      }));
  return [
    ...without.map((name): Problem => {
      const field = `argocd.resources.${name}`;
      return { code: 'E_ARGO_MANIFEST', field, rule: 'the manifest has a container without known requests', fix: 'add them' };
    }),
    ...unused('images', install.images, images),
    ...unused('resources', install.resources, names),
  ];
}

function unfit(value: string | undefined, rule: string): Problem {
  return { code: 'E_ARGO_MANIFEST', field: 'manifest', value, rule, fix: 'pass the install manifest as published for this version' };
}
