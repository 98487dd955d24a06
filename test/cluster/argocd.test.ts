import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalEnvironment, localNames } from '../../infra/local/addresses.ts';
import { type ClusterImage, provideArgoCdImages } from '../../infra/local/cluster/images.ts';
import { git } from '../local/project.ts';
import { type ClusterProject, createClusterProject, eventually, installArgoCd } from './cluster-project.ts';

let project: ClusterProject;
let local: LocalEnvironment;
let images: ClusterImage[];

beforeAll(async () => {
  project = createClusterProject();
  ({ local } = await project.start());
  images = await installArgoCd(project, local);
});
afterAll(() => project[Symbol.asyncDispose]());

/** Commits files to the GitOps repo and pushes them. */
async function push(files: Readonly<Record<string, string>>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gitops-'));
  try {
    await git(folder, 'init', '--quiet', '-b', 'main');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    await git(folder, 'add', '--all');
    await git(folder, 'commit', '--quiet', '-m', 'deliver');
    await git(folder, 'push', '--quiet', local.gitops.cloneUrl, 'main');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const application = (path: string) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: path, namespace: 'argocd' },
  spec: {
    project: 'default',
    source: { repoURL: localNames.gitops, targetRevision: 'main', path },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  },
});

describe("Argo CD's official install manifest", () => {
  it('runs unmodified, with images made on this machine', async () => {
    const pods = await project.kubectl(
      'get',
      'pods',
      '--namespace=argocd',
      '--output=jsonpath={.items[*].status.containerStatuses[*].imageID}',
    );
    const running = new Set(pods.split(' ').map((id) => id.split('@')[1]));
    expect([...running].sort()).toEqual(images.map(({ digest }) => digest).sort());
    expect(images.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^quay\.io\/argoproj\/argocd:v3\.5\.\d+$/),
        expect.stringMatching(/^public\.ecr\.aws\/docker\/library\/redis:/),
      ]),
    );
  });

  it('is made of images that are built once', async () => {
    const again = await provideArgoCdImages({ registry: local.registry.address });
    expect(again).toEqual(images.map((image) => ({ ...image, built: false })));
  });

  it('syncs plain manifests and kustomizations from the GitOps server under its fixed name', async () => {
    const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\ndata:\n  from: git\n';
    const kustomization =
      'configMapGenerator:\n  - name: generated\n    literals: [from=git]\ngeneratorOptions:\n  disableNameSuffixHash: true\n';
    await push({ 'plain/config.yaml': config, 'kustomized/kustomization.yaml': kustomization });
    await project.apply(application('plain'), application('kustomized'));
    for (const [path, name] of [
      ['plain', 'plain'],
      ['kustomized', 'generated'],
    ] as const) {
      const state = () =>
        project.kubectl(
          'get',
          'application',
          path,
          '--namespace=argocd',
          '--output=jsonpath={.status.sync.status} {.status.health.status}',
        );
      await eventually(`${path} is synced`, 60, async () => (await state()) === 'Synced Healthy');
      expect(await project.kubectl('get', 'configmap', name, '--output=jsonpath={.data.from}')).toBe('git');
    }
  });

  it('undoes a manual change', async () => {
    await project.kubectl('patch', 'configmap', 'plain', '--type=merge', '--patch={"data":{"from":"hand"}}');
    const from = () => project.kubectl('get', 'configmap', 'plain', '--output=jsonpath={.data.from}');
    expect(await eventually('the change is undone', 60, async () => (await from()) === 'git')).toBe(true);
  });
});
