import { JsonPatch } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../../charts/catalog.ts';
import type { KubernetesObject, ManifestFile } from '../../../charts/environment.ts';
import { print } from '../../../charts/manifest.ts';
import { check } from '../../../charts/policy/check.ts';
import { render } from '../../../charts/render.ts';
import { environment, everything, release, withLayout } from '../../fixtures/environments.ts';
import { messages, tree } from './changed.ts';

describe('kustomizations', () => {
  const files = render(withLayout(everything, 'kustomize'), release, catalog);
  const path = 'environments/prod/goserver/kustomization.yaml';
  const patched = (...patches: JsonPatch[]): ManifestFile[] =>
    files.map((file) => (file.path === path ? { ...file, object: JsonPatch.apply(structuredClone(file.object), ...patches) } : file));

  it.each<[what: string, files: ManifestFile[], rule: string, expected: string[]]>([
    [
      'a file that is not listed',
      patched(JsonPatch.remove('/resources/0')),
      'kustomizations',
      ['error[E_REFERENCE] #resources: configmap-goserver.yaml - kustomizations: listed, or it is never applied - add the line'],
    ],
    [
      'a listed file that is not there',
      patched(JsonPatch.add('/resources/0', '../other')),
      'kustomizations',
      ['error[E_REFERENCE] #resources: ../other - kustomizations: a file of the folder - remove the line'],
    ],
    [
      'a chart pulled in',
      patched(JsonPatch.add('/helmCharts', [])),
      'kustomizations',
      ['error[E_REFERENCE] #helmCharts: - kustomizations: not used - remove it'],
    ],
    [
      'an image that replaces nothing',
      patched(JsonPatch.add('/images/1', { name: 'other', newName: 'registry.example.com/other' })),
      'kustomizations',
      ['error[E_REFERENCE] #images: other - kustomizations: the placeholder of a container - correct the name'],
    ],
    [
      'an image by tag',
      patched(JsonPatch.remove('/images/0/digest')),
      'pinned-images',
      [
        'environments/prod/goserver/deployment-goserver.yaml#spec.template.spec.containers[0].image: registry.example.com/team/goserver:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d - pinned-images: name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest - pin the image by the digest that the registry reports',
      ],
    ],
  ])('refuse %s', (_, broken, rule, expected) => {
    expect(messages(rule, broken, path)).toEqual(expected);
  });
});

describe('custom resources', () => {
  const definition = (wave?: string): KubernetesObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'greetings.example.com', ...(wave ? { annotations: { 'argocd.argoproj.io/sync-wave': wave } } : {}) },
    spec: { group: 'example.com', names: { kind: 'Greeting' } },
  });
  const greeting: KubernetesObject = { apiVersion: 'example.com/v1', kind: 'Greeting', metadata: { name: 'a', namespace: 'prod' } };
  const files = (definedIn: string, wave?: string) => [
    ...tree,
    print(`environments/prod/${definedIn}/customresourcedefinition-greetings.example.com.yaml`, definition(wave)),
    print('environments/prod/goserver/greeting-a.yaml', greeting),
  ];
  const refused =
    'error[E_REFERENCE] #metadata.annotations.argocd.argoproj.io/sync-wave: 0 - crd-order: applied after environments/prod/DEFINED/customresourcedefinition-greetings.example.com.yaml, which defines its kind - put it into a later wave';

  it.each<[where: string, folder: string, wave: string | undefined, expected: string[]]>([
    ['beside them', 'goserver', undefined, []],
    ['beside them in a later wave', 'goserver', '1', [refused.replace('DEFINED', 'goserver')]],
    ['in an earlier Application', 'namespace', undefined, []],
    ['in an Application of the same wave', 'nodeserver', undefined, [refused.replace('DEFINED', 'nodeserver')]],
  ])('defined %s', (_, folder, wave, expected) => {
    expect(messages('crd-order', files(folder, wave), 'environments/prod/goserver/greeting-a.yaml')).toEqual(expected);
  });
});

it('environments of one repository may not be named like another plus a dash', () => {
  const trees = ['prod', 'prod-eu', 'product'].flatMap((name) => render(environment(name), release, catalog));
  expect(check(trees).map(({ field, rule }) => `${field}: ${rule}`)).toEqual([
    'environments/prod-eu: file-names: not the name of another environment, prod, plus "-"',
  ]);
});

it('a file nobody renders is found by its place and by the Application it lacks', () => {
  const stray = print('environments/prod/other/configmap-a.yaml', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'prod', labels: tree[0]?.object.metadata.labels ?? {} },
  });
  expect(check([...tree, stray], everything).map(({ field, rule }) => `${field}: ${rule}`)).toEqual([
    'environments/prod/other/configmap-a.yaml#metadata.name: application-folders: its folder is read by an Application',
  ]);
  expect(messages('file-names', [...tree, { ...stray, path: 'prod/configmap-a.yaml' }], 'prod/configmap-a.yaml')).toEqual([
    '#metadata.name: a - file-names: in argocd/… or environments/…, for ConfigMap a - move the file, or rename the object',
  ]);
});
