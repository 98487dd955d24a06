import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configData } from '../../../../charts/argocd/install/config.ts';
import { webhookKeys } from '../../../../charts/argocd/install/secrets.ts';
import { type ArgoCdInstall, type ConfigMapName, defaultInstall } from '../../../../charts/argocd/install/settings.ts';
import { argoCdModule, manifestChecksums } from '../../../../infra/argocd-manifest.ts';
import { moduleAt } from '../../../../infra/local/tools.ts';
import { dataOf, dev, installed, prod, published, version } from './manifests.ts';

describe('what every installation says', () => {
  const objects = installed(dev);

  it.each<[ConfigMapName, string, string]>([
    ['argocd-cm', 'application.resourceTrackingMethod', 'annotation'],
    ['argocd-cm', 'application.sync.requireOverridePrivilegeForRevisionSync', 'true'],
    ['argocd-cm', 'exec.enabled', 'false'],
    ['argocd-cm', 'helm.enable', 'false'],
    ['argocd-cm', 'jsonnet.enable', 'false'],
    ['argocd-cm', 'kustomize.enable', 'false'],
    ['argocd-cm', 'statusbadge.enabled', 'false'],
    ['argocd-cm', 'timeout.reconciliation', '120s'],
    ['argocd-cm', 'timeout.reconciliation.jitter', '60s'],
    ['argocd-cm', 'users.anonymous.enabled', 'false'],
    ['argocd-cm', 'users.session.duration', '8h'],
    ['argocd-cmd-params-cm', 'controller.diff.server.side', 'true'],
    ['argocd-cmd-params-cm', 'controller.self.heal.backoff.cap.seconds', '5'],
    ['argocd-cmd-params-cm', 'reposerver.allow.oob.symlinks', 'false'],
    ['argocd-cmd-params-cm', 'reposerver.enable.git.submodule', 'false'],
    ['argocd-cmd-params-cm', 'reposerver.tls.minversion', '1.2'],
    ['argocd-cmd-params-cm', 'server.disable.auth', 'false'],
    ['argocd-cmd-params-cm', 'server.enable.proxy.extension', 'false'],
    ['argocd-cmd-params-cm', 'server.insecure', 'false'],
    ['argocd-cmd-params-cm', 'server.sync.replace.allowed', 'false'],
    ['argocd-cmd-params-cm', 'server.tls.minversion', '1.2'],
    ['argocd-rbac-cm', 'policy.default', ''],
    ['argocd-rbac-cm', 'policy.csv', ''],
  ])('%s %s: %s', (name, key, value) => {
    expect(dataOf(objects, name)[key]).toBe(value);
  });

  it('is all that is said but for what the manifest says', () => {
    const manifest = published.find((each) => each.version === version && each.variant === 'standard')?.manifest ?? [];
    const official = (manifest.find(({ metadata }) => metadata.name === 'argocd-cm') as unknown as { data: object }).data;
    expect(Object.keys(dataOf(objects, 'argocd-cm')).length).toBe(Object.keys(official).length + 13);
    expect(Object.keys(dataOf(objects, 'argocd-cmd-params-cm')).length).toBe(13);
    expect(Object.keys(dataOf(objects, 'argocd-rbac-cm')).length).toBe(2);
  });
});

describe('what is said when it is asked for', () => {
  it.each<[string, Partial<ArgoCdInstall>, ConfigMapName, Record<string, string | undefined>]>([
    ['the kustomize layout', { kustomize: true }, 'argocd-cm', { 'kustomize.enable': 'true', 'helm.enable': 'false' }],
    ['no user admin', { admin: false }, 'argocd-cm', { 'admin.enabled': 'false' }],
    ['an installation id', { installationId: 'blue' }, 'argocd-cm', { installationID: 'blue' }],
    ['no installation id', {}, 'argocd-cm', { installationID: undefined }],
    ['short sessions', { sessionHours: 1 }, 'argocd-cm', { 'users.session.duration': '1h' }],
    [
      'a quick look at Git',
      { reconciliation: { seconds: 10, jitterSeconds: 0 } },
      'argocd-cm',
      { 'timeout.reconciliation': '10s', 'timeout.reconciliation.jitter': '0s' },
    ],
    ['that everybody may read', { defaultRole: 'role:readonly' }, 'argocd-rbac-cm', { 'policy.default': 'role:readonly' }],
    [
      'ApplicationSets, which may neither delete nor carry tokens away',
      { parts: { ...defaultInstall.parts, applicationSets: true } },
      'argocd-cmd-params-cm',
      {
        'applicationsetcontroller.policy': 'create-update',
        'applicationsetcontroller.enable.scm.providers': 'false',
        'applicationsetcontroller.enable.tokenref.strict.mode': 'true',
        'applicationsetcontroller.enable.git.submodule': 'false',
      },
    ],
    [
      'further keys',
      { config: { 'argocd-cm': { url: 'https://argocd.example.com', 'oidc.config': 'clientSecret: $oidc.clientSecret\n' } } },
      'argocd-cm',
      { url: 'https://argocd.example.com', 'oidc.config': 'clientSecret: $oidc.clientSecret\n', 'exec.enabled': 'false' },
    ],
  ])('%s', (_what, change, name, expected) => {
    const data = dataOf(installed({ ...dev, ...change }), name);
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, data[key]]))).toEqual(expected);
  });

  it('kinds that are not watched, added to those of the manifest', () => {
    const excluded = (install: ArgoCdInstall) =>
      parse(dataOf(installed(install), 'argocd-cm')['resource.exclusions'] ?? '') as { kinds: string[] }[];
    const own = { apiGroups: ['example.com'], kinds: ['Report'] };
    expect(excluded({ ...dev, exclusions: [own] })).toEqual([...excluded({ ...dev, exclusions: [] }), own]);
    expect(excluded(dev).flatMap(({ kinds }) => kinds)).toEqual(
      expect.arrayContaining(['Lease', 'EndpointSlice', 'ControllerRevision', 'VolumeAttachment']),
    );
    expect(
      excluded(dev)
        .flatMap(({ kinds }) => kinds)
        .filter((kind) => ['Pod', 'ReplicaSet', 'Deployment', 'Node'].includes(kind)),
    ).toEqual([]);
  });
});

describe.each(Object.keys(manifestChecksums))('every key is one that Argo CD %s knows', (each) => {
  let source: string;
  let docs: string;
  const install: ArgoCdInstall = {
    ...prod,
    version: each,
    repoServerAccess: each.startsWith('3.4') ? 'network' : 'mutualTls',
    installationId: 'blue',
    parts: { dex: true, notifications: true, applicationSets: true },
  };
  const data = configData(install);
  const manifest = published.filter((one) => one.version === each).map((one) => JSON.stringify(one.manifest));

  beforeAll(async () => {
    const folder = await moduleAt(argoCdModule, `v${each}`);
    source = ['util/settings', 'util/rbac', 'common'].map((path) => goText(join(folder, path))).join('\n');
    docs = ['argocd-cm.yaml', 'argocd-cmd-params-cm.yaml', 'argocd-rbac-cm.yaml', 'argocd-secret.yaml', 'health.md']
      .map((name) => readFileSync(join(folder, 'docs/operator-manual', name), 'utf8'))
      .join('\n');
  });

  /** True for a key that the documentation lists, and that a program reads by itself or gets from the manifest. */
  function isKnown(name: string, key: string): boolean {
    const setting = key.startsWith('resource.customizations.') ? 'resource.customizations' : key;
    const isRead = source.includes(`"${setting}"`) || manifest.every((text) => text.includes(`{"key":"${key}","name":"${name}"`));
    return isRead && docs.split('\n').some((line) => line.trimStart().startsWith(`${key}:`));
  }

  it.each(Object.entries(data).flatMap(([name, values]) => Object.keys(values).map((key) => [name, key] as const)))(
    '%s %s',
    (name, key) => {
      expect(isKnown(name, key)).toBe(true);
      expect(isKnown(name, `${key}s`), 'a misspelt key is found').toBe(false);
    },
  );

  it.each(['admin.password', 'admin.passwordMtime', ...Object.values(webhookKeys)])('argocd-secret %s', (key) => {
    expect(isKnown('argocd-secret', key)).toBe(true);
  });
});

function goText(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile() && entry.name.endsWith('.go') && !entry.name.endsWith('_test.go'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
