import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { argoCdSecrets } from '../../../charts/argocd/install/secrets.ts';
import type { KubernetesObject } from '../../../charts/environment.ts';
import { run } from '../../../infra/delivery/process.ts';
import { tool } from '../../../infra/local/tools.ts';
import { dev, find, installed } from '../../charts/argocd/install/manifests.ts';

let argocd: string;
let folder: string;

beforeAll(async () => {
  argocd = await tool('argocd');
  folder = mkdtempSync(join(tmpdir(), 'argocd-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, object: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(object));
  return path;
}

/** What the program of Argo CD itself says about a ConfigMap argocd-cm. */
async function admin(args: readonly string[], configMap: KubernetesObject): Promise<string> {
  const { stdout } = await run([argocd, 'admin', 'settings', ...args, `--argocd-cm-path=${write('argocd-cm.yaml', configMap)}`], {
    env: { HOME: folder },
  });
  return stdout;
}

const configMap = find(installed(dev), 'ConfigMap', 'argocd-cm');

it('Argo CD finds nothing wrong with its settings', async () => {
  const [secret] = argoCdSecrets<string>(dev, { other: { 'server.secretkey': 'k' }, webhooks: { github: 'w' } });
  // as the API server keeps it
  const data = Object.fromEntries(
    Object.entries(secret?.stringData ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const said = await admin(
    ['validate', `--argocd-secret-path=${write('argocd-secret.yaml', { ...secret, stringData: {}, data })}`],
    configMap,
  );
  expect(said).toContain('✅ accounts');
  expect(said).toContain('✅ general');
  expect(said).toContain('✅ kustomize');
  expect(said).toContain('✅ resource-overrides');
  expect(said).not.toContain('❌');
});

describe('the health of an Application', () => {
  const application = (status: object | undefined) =>
    write('application.yaml', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'app', namespace: 'argocd' },
      spec: { project: 'dev', destination: {} },
      ...(status && { status }),
    });
  const health = async (status: object | undefined, data = configMap) =>
    (await admin(['resource-overrides', 'health', application(status)], data))
      .trim()
      .split('\n')
      .map((line) => line.trim());

  it.each<[string, object | undefined, string, string]>([
    ['is still coming before the first look', undefined, 'Progressing', ''],
    ['is still coming while nothing is known', {}, 'Progressing', ''],
    ['is what Argo CD says', { health: { status: 'Healthy' } }, 'Healthy', ''],
    ['comes with its reason', { health: { status: 'Degraded', message: 'no pod is ready' } }, 'Degraded', 'no pod is ready'],
    ['may be missing', { health: { status: 'Missing' } }, 'Missing', ''],
  ])('%s', async (_what, status, expected, message) => {
    expect(await health(status)).toEqual([`STATUS: ${expected}`, `MESSAGE: ${message}`.trim()]);
  });

  it('is not judged at all without our rule', async () => {
    const { data } = configMap as unknown as { data: Record<string, string> };
    const { 'resource.customizations.health.argoproj.io_Application': _, ...rest } = data;
    expect((await health({ health: { status: 'Healthy' } }, { ...configMap, data: rest })).join('\n')).not.toContain('STATUS: Healthy');
  });
});
