import { describe, expect, it } from 'vitest';
import { rootApplication } from '../../charts/argocd/root.ts';
import { catalog } from '../../charts/catalog.ts';
import { render } from '../../charts/render.ts';
import { printYaml } from '../../charts/yaml-printer.ts';
import { environment, everything, release, settings, withLayout } from '../fixtures/environments.ts';

const objectOf = (target: Parameters<typeof render>[0], path: string) =>
  render(target, release, catalog).find((file) => file.path === path)?.object;

describe('the project of the workloads', () => {
  it('allows the kinds that are rendered and no other', () => {
    const kinds = (target: Parameters<typeof render>[0]) => {
      const { spec } = objectOf(target, `argocd/projects/${target.name}.yaml`) as unknown as {
        spec: { namespaceResourceWhitelist: { group: string; kind: string }[] };
      };
      return spec.namespaceResourceWhitelist.map(({ group, kind }) => `${group}/${kind}`);
    };
    const least = ['/Service', '/ServiceAccount', 'apps/Deployment', 'networking.k8s.io/NetworkPolicy'];
    expect(kinds(environment('dev'))).toEqual(least);
    expect(kinds(withLayout(environment('dev'), 'kustomize'))).toEqual(least);
    expect(kinds(environment('dev', { services: {} }))).toEqual([]);
    expect(kinds(everything)).toEqual(
      [...least, '/ConfigMap', 'autoscaling/HorizontalPodAutoscaler', 'networking.k8s.io/Ingress', 'policy/PodDisruptionBudget'].sort(),
    );
  });

  it('allows one repository, one namespace of one cluster and nothing cluster-scoped', () => {
    const target = environment('dev', { namespace: 'team-dev', argocd: { namespace: 'gitops', server: 'https://10.0.0.1:6443' } });
    expect(objectOf(target, 'argocd/projects/dev.yaml')).toMatchObject({
      metadata: { namespace: 'gitops' },
      spec: {
        sourceRepos: ['https://git.example.com/team/gitops.git'],
        destinations: [{ server: 'https://10.0.0.1:6443', namespace: 'team-dev' }],
        clusterResourceWhitelist: [],
      },
    });
  });
});

it('the project of the namespace may create that namespace and no other', () => {
  expect(objectOf(environment('dev', { namespace: 'team-dev' }), 'argocd/projects/dev-namespace.yaml')).toMatchObject({
    spec: { clusterResourceWhitelist: [{ group: '', kind: 'Namespace', name: 'team-dev' }] },
  });
});

it('Applications name their layout, so that no folder is taken for another kind', () => {
  const source = (layout: 'rendered' | 'kustomize', unit: string) =>
    objectOf(withLayout(environment('dev'), layout), `argocd/applications/dev-${unit}.yaml`)?.spec;
  const directory = { source: { directory: { include: '*.yaml' } } };
  expect(source('rendered', 'goserver')).toMatchObject(directory);
  expect(source('kustomize', 'namespace')).toMatchObject(directory);
  expect(source('kustomize', 'goserver')).not.toHaveProperty('source.directory');
});

it('projects come first, then the namespace, then services', () => {
  const waves = render(environment('dev'), release, catalog)
    .filter(({ path }) => path.startsWith('argocd/'))
    .map(({ path, object }) => `${object.metadata.annotations?.['argocd.argoproj.io/sync-wave']} ${path.slice('argocd/'.length)}`);
  expect(waves).toEqual([
    '0 applications/dev-goserver.yaml',
    '-1 applications/dev-namespace.yaml',
    '0 applications/dev-nodeserver.yaml',
    '-2 projects/dev-namespace.yaml',
    '-2 projects/dev.yaml',
  ]);
});

describe('the root of an environment', () => {
  const root = rootApplication(environment('dev', { argocd: { namespace: 'gitops', server: 'https://10.0.0.1:6443' } }));

  it('is a project for projects and Applications beside Argo CD', () => {
    expect(printYaml(root.project)).toBe(`apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata:
  labels:
    app.kubernetes.io/instance: dev-root
    app.kubernetes.io/managed-by: fullcycle
    app.kubernetes.io/name: root
    app.kubernetes.io/part-of: dev
  name: dev-root
  namespace: gitops
spec:
  clusterResourceWhitelist: []
  description: Projects and Applications of dev
  destinations:
    - namespace: gitops
      server: https://kubernetes.default.svc
  namespaceResourceWhitelist:
    - group: argoproj.io
      kind: AppProject
    - group: argoproj.io
      kind: Application
  sourceNamespaces: []
  sourceRepos:
    - https://git.example.com/team/gitops.git
`);
  });

  it('is an Application that takes no workload along when it goes', () => {
    expect(root.application.metadata).not.toHaveProperty('finalizers');
    expect(root.application).toMatchObject({
      metadata: { name: 'dev-root', namespace: 'gitops' },
      spec: {
        project: 'dev-root',
        source: { path: 'argocd', targetRevision: 'refs/heads/main' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'gitops' },
        syncPolicy: { automated: { prune: true, selfHeal: true, allowEmpty: false } },
      },
    });
  });

  it("includes this environment's files and no other's", () => {
    const names = ['dev', 'develop', 'prod'];
    const paths = names
      .flatMap((name) => render(environment(name), release, catalog).map(({ path }) => path))
      .filter((path) => path.startsWith('argocd/'));
    for (const name of names) {
      const { spec } = rootApplication(environment(name)).application as unknown as {
        spec: { source: { directory: { include: string; recurse: boolean } } };
      };
      expect(spec.source.directory.recurse).toBe(true);
      // the glob as Argo CD reads it: alternatives, and * for anything
      const alternatives = spec.source.directory.include.slice(1, -1).split(',');
      const pattern = new RegExp(`^argocd/(${alternatives.map((each) => each.replaceAll('.', '\\.').replaceAll('*', '.*')).join('|')})$`);
      const own = render(environment(name), release, catalog)
        .map(({ path }) => path)
        .filter((path) => path.startsWith('argocd/'));
      expect(paths.filter((path) => pattern.test(path))).toEqual(own);
    }
  });
});

it('an environment of one service has one Application for it', () => {
  const files = render(environment('dev', { services: { goserver: settings() } }), release, catalog);
  expect(files.filter(({ object }) => object.kind === 'Application').map(({ object }) => object.metadata.name)).toEqual([
    'dev-goserver',
    'dev-namespace',
  ]);
});
