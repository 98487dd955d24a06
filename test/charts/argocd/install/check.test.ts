import { describe, expect, it } from 'vitest';
import { checkInstall } from '../../../../charts/argocd/install/check.ts';
import { typedData } from '../../../../charts/argocd/install/config.ts';
import { type ArgoCdInstall, defaultInstall } from '../../../../charts/argocd/install/settings.ts';
import { containersOf, isWorkload, mapContainers } from '../../../../charts/argocd/install/workload.ts';
import type { KubernetesObject } from '../../../../charts/environment.ts';
import { exit, Failure, formatProblem } from '../../../../infra/delivery/errors.ts';
import { dev, manifestFor, prod, published } from './manifests.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const told = (install: ArgoCdInstall, manifest = manifestFor(dev)) => checkInstall(manifest, install).map(formatProblem);
const unfit = (rule: string) => `error[E_ARGO_MANIFEST] manifest: - ${rule} - pass the install manifest as published for this version`;

describe('a setting is refused', () => {
  it.each<[string, Partial<ArgoCdInstall>, string]>([
    [
      'namespace',
      { namespace: 'Argo' },
      'error[E_NAME] argocd.namespace: Argo - a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends - rename it, for example to argo',
    ],
    ...[0, 101, 1.5].map((count): [string, Partial<ArgoCdInstall>, string] => [
      `controllerShards ${count}`,
      { controllerShards: count },
      `error[E_REPLICAS] argocd.controllerShards: ${count} - a whole number from 1 to 100 - stay within the environment's range, or widen it`,
    ]),
    [
      'repoServerReplicas',
      { repoServerReplicas: 0 },
      "error[E_REPLICAS] argocd.repoServerReplicas: 0 - a whole number from 1 to 100 - stay within the environment's range, or widen it",
    ],
    ...(['statusProcessors', 'operationProcessors', 'kubectlParallelism'] as const).map(
      (name): [string, Partial<ArgoCdInstall>, string] => [
        name,
        { controller: { ...defaultInstall.controller, [name]: 0 } },
        `error[E_TYPE] argocd.controller.${name}: 0 - a whole number from 1 to 1000 - write a number in this range`,
      ],
    ),
    [
      'reconciliation.seconds',
      { reconciliation: { seconds: 0, jitterSeconds: 0 } },
      'error[E_TYPE] argocd.reconciliation.seconds: 0 - a whole number from 10 to 86400 - write a number in this range',
    ],
    [
      'reconciliation.jitterSeconds',
      { reconciliation: { seconds: 120, jitterSeconds: -1 } },
      'error[E_TYPE] argocd.reconciliation.jitterSeconds: -1 - a whole number from 0 to 86400 - write a number in this range',
    ],
    [
      'sessionHours',
      { sessionHours: 169 },
      'error[E_TYPE] argocd.sessionHours: 169 - a whole number from 1 to 168 - write a number in this range',
    ],
    [
      'images by tag',
      { images: { 'quay.io/argoproj/argocd': 'mirror.example.com/argocd:v3.5.7' } },
      'error[E_IMAGE] argocd.images.quay.io/argoproj/argocd: mirror.example.com/argocd:v3.5.7 - name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest - pin the image by the digest that the registry reports',
    ],
    [
      'images that are not used',
      { images: { 'quay.io/argoproj/argo': `a@${digest}` } },
      'error[E_KEY] argocd.images.quay.io/argoproj/argo: - not in the manifest - use one of quay.io/argoproj/argocd, ghcr.io/dexidp/dex, public.ecr.aws/docker/library/redis',
    ],
    [
      'resources by bad quantity',
      { resources: { redis: { cpu: '1 core', memory: { request: '64Mi', limit: '128Mi' } } } },
      'error[E_QUANTITY] argocd.resources.redis.cpu: 1 core - a CPU quantity above 0: cores such as 2 or 0.5, or millicores such as 250m, at most 6 digits - write it like 250m',
    ],
    [
      'resources with a request over the limit',
      { resources: { redis: { cpu: '10m', memory: { request: '1Gi', limit: '128Mi' } } } },
      'error[E_QUANTITY] argocd.resources.redis.memory.request: 1Gi - at most the limit, which is 128Mi - lower the request or raise the limit',
    ],
    [
      'resources of no container',
      { resources: { haproxy: { cpu: '10m', memory: { request: '64Mi', limit: '128Mi' } } } },
      'error[E_KEY] argocd.resources.haproxy: - not in the manifest - use one of argocd-applicationset-controller, copyutil, dex, argocd-notifications-controller, secret-init, redis, argocd-repo-server, argocd-server, argocd-application-controller',
    ],
    [
      'repositories',
      { repositories: { 'my repo': { url: 'https://git.example.com/a.git' } } },
      'error[E_NAME] argocd.repositories.my repo: my repo - a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends - rename it, for example to my-repo',
    ],
    [
      'a key that has a setting',
      { config: { 'argocd-cm': { 'admin.enabled': 'true' } } },
      'error[E_KEY] argocd.config.argocd-cm.admin.enabled: true - set by the installation - use its setting, if it has one, or leave it out',
    ],
    [
      'a key that no container reads',
      { config: { 'argocd-cmd-params-cm': { 'server.log.levle': 'warn' } } },
      'error[E_KEY] argocd.config.argocd-cmd-params-cm.server.log.levle: - read by no container of 3.5.7 - correct the key, or leave it out',
    ],
    [
      'a secret in a ConfigMap',
      { config: { 'argocd-cm': { 'oidc.config': `clientSecret: ghp_${'a1B2'.repeat(9)}` } } },
      'error[E_SECRET_IN_RENDER] argocd.config.argocd-cm.oidc.config: - no secrets in a ConfigMap, this looks like a GitHub token - put it into argocd-secret and write $<its key> here',
    ],
  ])('%s', (_what, change, problem) => {
    expect(told({ ...dev, ...change })).toEqual([problem]);
  });

  it('mutual TLS before 3.5', () => {
    const install: ArgoCdInstall = { ...prod, version: '3.4.13' };
    expect(told(install, manifestFor(install))).toEqual([
      'error[E_ARGO_VERSION] argocd.repoServerAccess: mutualTls - needs Argo CD 3.5, this is 3.4.13 - take 3.5 or network',
    ]);
  });

  it('a version below the fixes, whatever the manifest', () => {
    expect(told({ ...dev, version: '3.4.1' })).toEqual([
      'error[E_ARGO_VERSION] argocd.version: 3.4.1 - at least 3.2.12, 3.3.10, 3.4.2 on its line: earlier ones show Secrets to readers (CVE-2026-42880, CVE-2026-45737) - take a newer version',
      'error[E_ARGO_MANIFEST] manifest: v3.5.7 - must be of the version 3.4.1 - pass the install manifest as published for this version',
    ]);
  });

  it('together with all others, bad input first', () => {
    const problems = checkInstall(manifestFor(dev), { ...dev, namespace: '', controllerShards: 0, sessionHours: 0 });
    expect(problems.map(({ field }) => field)).toEqual(['argocd.namespace', 'argocd.controllerShards', 'argocd.sessionHours']);
    expect(new Failure(problems).exitCode).toBe(exit.usage);
  });
});

describe('a manifest is refused', () => {
  const manifest = manifestFor(dev);
  const without = (kind: string, name: string) => manifest.filter((object) => object.kind !== kind || object.metadata.name !== name);

  it.each([
    ['StatefulSet', 'argocd-application-controller'],
    ['Deployment', 'argocd-repo-server'],
    ['Deployment', 'argocd-server'],
    ['ConfigMap', 'argocd-cm'],
    ['ConfigMap', 'argocd-cmd-params-cm'],
    ['ConfigMap', 'argocd-rbac-cm'],
  ])('without the %s %s', (kind, name) => {
    expect(told(dev, without(kind, name))).toEqual([unfit(`must contain ${kind} ${name}`)]);
  });

  it.each([
    ['dex', 'dex-server'],
    ['notifications', 'notifications-controller'],
    ['applicationSets', 'applicationset-controller'],
  ])('without the label by which %s is found', (part, component) => {
    const unlabelled = JSON.parse(JSON.stringify(manifest).replaceAll(`"app.kubernetes.io/component":"${component}"`, '"a":"b"'));
    expect(told(dev, unlabelled)).toEqual([unfit(`must contain the objects of ${part} by their label app.kubernetes.io/component`)]);
  });

  it('of the other variant', () => {
    expect(told({ ...dev, highAvailability: true })).toEqual([
      'error[E_ARGO_MANIFEST] manifest: manifests/install.yaml - must be the other variant, as highAvailability is true - pass the install manifest as published for this version',
    ]);
    expect(told({ ...prod, highAvailability: false }, manifestFor(prod))).toEqual([
      'error[E_ARGO_MANIFEST] manifest: manifests/ha/install.yaml - must be the other variant, as highAvailability is false - pass the install manifest as published for this version',
    ]);
  });

  it('of another version, as a guard', () => {
    const problems = checkInstall(manifestFor({ ...dev, version: '3.4.13' }), dev);
    expect(problems.map(formatProblem)).toEqual([
      'error[E_ARGO_MANIFEST] manifest: v3.4.13 - must be of the version 3.5.7 - pass the install manifest as published for this version',
    ]);
    expect(new Failure(problems).exitCode).toBe(exit.guard);
  });

  it('that is empty', () => {
    expect(told(dev, [])).toHaveLength(9);
  });

  it('with a container that has no known requests', () => {
    const renamed = manifest.map((object) =>
      isWorkload(object) ? mapContainers(object, (each) => (each.name === 'redis' ? { ...each, name: 'valkey' } : each)) : object,
    );
    expect(told(dev, renamed)).toEqual([
      'error[E_ARGO_MANIFEST] argocd.resources.valkey: - the manifest has a container without known requests - add them',
    ]);
    const given = { valkey: { cpu: '20m', memory: { request: '64Mi', limit: '512Mi' } } };
    expect(told({ ...dev, resources: given }, renamed)).toEqual([]);
  });
});

describe('no parameter can be without effect unnoticed', () => {
  const installs = published.map(({ install, manifest }) => ({
    manifest,
    install: {
      ...install,
      repoServerAccess: install.version.startsWith('3.4') ? 'network' : 'mutualTls',
      parts: { dex: true, notifications: true, applicationSets: true },
    } as ArgoCdInstall,
  }));
  const cases = installs.flatMap(({ install, manifest }) =>
    Object.keys(typedData(install)['argocd-cmd-params-cm']).map((key) => ({
      key,
      version: install.version,
      variant: install.highAvailability ? 'highAvailability' : 'standard',
      install,
      manifest,
    })),
  );

  it.each(cases)('$key of $version, $variant', ({ key, install, manifest }) => {
    expect(told(install, manifest)).toEqual([]);
    expect(told(install, forgetting(manifest, key))).toEqual([unfit(`must read ${key} of argocd-cmd-params-cm`)]);
  });
});

/** The manifest when no container took the key any more. */
function forgetting(manifest: readonly KubernetesObject[], key: string): KubernetesObject[] {
  const changed = manifest.map((object) =>
    isWorkload(object)
      ? mapContainers(object, (container) => ({
          ...container,
          env: container.env?.filter(({ valueFrom }) => valueFrom?.configMapKeyRef?.key !== key),
        }))
      : object,
  );
  const count = (objects: readonly KubernetesObject[]) =>
    objects
      .filter(isWorkload)
      .flatMap(containersOf)
      .flatMap(({ env = [] }) => env).length;
  expect(count(changed)).toBeLessThan(count(manifest));
  return changed;
}
