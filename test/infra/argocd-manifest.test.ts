import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { checkVersion } from '../../charts/argocd/install/version.ts';
import {
  argoCdManifest,
  argoCdModule,
  type ManifestVariant,
  manifestChecksums,
  manifestPaths,
  parseManifest,
} from '../../infra/argocd-manifest.ts';
import { defaultRange, stackSchema } from '../../infra/config/schema.ts';
import { exit, Failure } from '../../infra/delivery/errors.ts';
import { run } from '../../infra/delivery/process.ts';
import { moduleAt } from '../../infra/local/tools.ts';

const versions = Object.keys(manifestChecksums);
const published = versions.flatMap((version) => (Object.keys(manifestPaths) as ManifestVariant[]).map((variant) => ({ version, variant })));
/** A Go module cache of its own, filled from the real one without the network. */
let cache: string;
let offline: NodeJS.ProcessEnv;

beforeAll(async () => {
  await moduleAt(argoCdModule, 'v3.5.7');
  const real = (await run(['go', 'env', 'GOMODCACHE'])).stdout.trim();
  cache = mkdtempSync(join(tmpdir(), 'module-cache-'));
  offline = { ...process.env, GOMODCACHE: cache, GOPROXY: `file://${real}/cache/download`, GOSUMDB: 'off' };
});
afterAll(async () => {
  await run(['go', 'clean', '-modcache'], { env: { GOMODCACHE: cache } });
  rmSync(cache, { recursive: true, force: true });
});

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Failure);
  return (failure as Failure).message;
}

describe.each(published)('the manifest of $version, $variant', ({ version, variant }) => {
  it('is read whole: definitions, rights, configuration, workloads and network', async () => {
    const objects = await argoCdManifest(version, variant);
    const kinds = new Set(objects.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'CustomResourceDefinition',
      'Deployment',
      'NetworkPolicy',
      'Role',
      'RoleBinding',
      'Secret',
      'Service',
      'ServiceAccount',
      'StatefulSet',
    ]);
    expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ metadata }) => metadata.name)).toEqual([
      'applications.argoproj.io',
      'applicationsets.argoproj.io',
      'appprojects.argoproj.io',
    ]);
    expect(objects.every(({ apiVersion, metadata }) => typeof apiVersion === 'string' && metadata.name !== '')).toBe(true);
  });

  it('means the same to a reader of YAML 1.1, such as kubectl', async () => {
    const text = readFileSync(join(await moduleAt(argoCdModule, `v${version}`), manifestPaths[variant]), 'utf8');
    const old = parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS());
    expect(await argoCdManifest(version, variant)).toEqual(old);
  });

  it('is one that may be installed', () => {
    expect(checkVersion('argocd.version', version)).toEqual([]);
  });
});

it('there is one for the version that the configuration takes by default', () => {
  const { version } = stackSchema({ catalog: [], range: defaultRange, allowedHosts: [] }).parse({ services: {} }).argocd;
  expect(versions).toContain(version);
});

describe('a manifest is refused', () => {
  it.each(['3.5.99', '3.5', 'constructor', ''])('for the version "%s", which has no recorded checksum', async (version) => {
    expect(await messageOf(argoCdManifest(version, 'standard'))).toBe(
      `error[E_ARGO_MANIFEST] argocd.version: ${version || '""'} - a version whose install manifest has a recorded checksum: 3.4.13, 3.5.7 - take one of these, or read manifests/install.yaml and manifests/ha/install.yaml of github.com/argoproj/argo-cd/v3@v${version} and record their sha256sum in infra/argocd-manifest.ts`,
    );
  });

  it('when it is not the one that was recorded, as a guard against what nobody read', async () => {
    const folder = await moduleAt(argoCdModule, 'v3.5.7', { env: offline });
    const path = join(folder, manifestPaths.highAvailability);
    chmodSync(path, 0o644);
    appendFileSync(path, '# harmless\n');
    const failure = await argoCdManifest('3.5.7', 'highAvailability', { env: offline }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ exitCode: exit.guard });
    expect((failure as Failure).message).toMatch(
      /^error\[E_ARGO_MANIFEST\] argocd\.version: [0-9a-f]{64} - manifests\/ha\/install\.yaml of github\.com\/argoproj\/argo-cd\/v3@v3\.5\.7 must have the recorded SHA-256 d7b75669da63dc218de0ea67ac00183783cebabd52147c3cf012250faa5ced85 - restore it with go clean -modcache, and do not install it before you know why it differs$/,
    );
    expect(await argoCdManifest('3.5.7', 'standard', { env: offline })).toHaveLength(59);
  });

  it('when Go can not download it', async () => {
    const env = { ...offline, GOPROXY: 'off', GOMODCACHE: join(cache, 'empty') };
    expect(await messageOf(argoCdManifest('3.4.13', 'standard', { env }))).toBe(
      'error[E_TOOL] github.com/argoproj/argo-cd/v3@v3.4.13: github.com/argoproj/argo-cd/v3@v3.4.13: module lookup disabled by GOPROXY=off - Go must be able to download it - check the version, the network and GOPROXY',
    );
  });

  it('when there is no Go', async () => {
    expect(await messageOf(argoCdManifest('3.5.7', 'standard', { env: { PATH: '/nonexistent' } }))).toBe(
      'error[E_TOOL] go: - Go builds the tools - install it from go.dev/dl and put it on PATH',
    );
  });

  it('when it is no YAML', () => {
    expect(() => parseManifest('install.yaml', 'kind: [\n')).toThrow(
      'error[E_YAML] install.yaml: - Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1: - take the file as it was published',
    );
  });
});

it('empty documents between separators are no objects', () => {
  expect(parseManifest('install.yaml', '---\n---\nkind: Secret\n---\n# nothing\n')).toEqual([{ kind: 'Secret' }]);
});
