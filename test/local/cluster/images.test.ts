import { describe, expect, it } from 'vitest';
import { imagesOf, inLocalRegistry } from '../../../infra/local/cluster/images.ts';
import { registryFiles } from '../../../infra/local/cluster/registries.ts';

describe('images of a manifest', () => {
  it('are found once each, in lists and in fields, and nowhere else', () => {
    const manifest = `
      initContainers:
      - image: quay.io/argoproj/argocd:v3.5.7
        name: copyutil
      containers:
      - name: dex
        image: ghcr.io/dexidp/dex:v2.45.1
        imagePullPolicy: Always
      - name: server
        image: quay.io/argoproj/argocd:v3.5.7
      description: |
        image: the one that is shown
`;
    expect(imagesOf(manifest)).toEqual(['ghcr.io/dexidp/dex:v2.45.1', 'quay.io/argoproj/argocd:v3.5.7']);
  });

  it.each([
    ['quay.io/argoproj/argocd:v3.5.7', '127.0.0.1:5000/argoproj/argocd:v3.5.7'],
    ['public.ecr.aws/docker/library/redis:8.2.3-alpine', '127.0.0.1:5000/docker/library/redis:8.2.3-alpine'],
    ['registry.k8s.io/pause:3.10.2', '127.0.0.1:5000/pause:3.10.2'],
  ])('%s is kept under its own path', (name, kept) => {
    expect(inLocalRegistry(name, '127.0.0.1:5000')).toBe(kept);
  });
});

describe('registries of a node', () => {
  const files = new Map(registryFiles('http://10.77.0.1:20000').map(({ path, text }) => [path, text]));

  it('are all looked for in the local one first', () => {
    expect([...files.keys()]).toEqual(
      ['registry.fullcycle.internal', 'docker.io', 'ghcr.io', 'public.ecr.aws', 'quay.io', 'registry.k8s.io'].map(
        (name) => `${name}/hosts.toml`,
      ),
    );
    for (const text of files.values()) expect(text).toContain('[host."http://10.77.0.1:20000"]\n  capabilities = ["pull", "resolve"]\n');
  });

  it('are pulled from themselves otherwise, but the local name only ever from the local one', () => {
    expect(files.get('quay.io/hosts.toml')).toMatch(/^server = "https:\/\/quay.io"\n/);
    expect(files.get('docker.io/hosts.toml')).toMatch(/^server = "https:\/\/registry-1.docker.io"\n/);
    expect(files.get('registry.fullcycle.internal/hosts.toml')).toMatch(/^server = "http:\/\/10.77.0.1:20000"\n/);
  });
});
