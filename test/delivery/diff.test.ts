import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../charts/catalog.ts';
import type { Environment, KubernetesObject, ManifestFile, Release, ReleasedImage } from '../../charts/environment.ts';
import { print } from '../../charts/manifest.ts';
import { render } from '../../charts/render.ts';
import type { Change } from '../../infra/delivery/diff/change.ts';
import { compare } from '../../infra/delivery/diff/compare.ts';
import { compareFields } from '../../infra/delivery/diff/fields.ts';
import { environment, release, settings, withLayout } from '../fixtures/environments.ts';

const tree = (...environments: readonly Environment[]): ManifestFile[] => environments.flatMap((each) => render(each, release, catalog));
const file = (path: string, object: unknown): ManifestFile => print(path, object as KubernetesObject);
const configMap = (name: string, data: Readonly<Record<string, string>>, namespace = 'dev') =>
  file(`environments/dev/goserver/configmap-${name}.yaml`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });

/** `changed Deployment dev/goserver` and its fields. */
const told = (changes: readonly Change[]): unknown[] =>
  changes.map(({ action, identity, fields }) => [
    `${action} ${identity.kind} ${identity.namespace}/${identity.name}`,
    ...fields.map(({ path, before, after }) => [path, before, after]),
  ]);

describe('two trees are compared by object', () => {
  it('and are the same when their objects are', () => {
    expect(compare(tree(environment('dev')), tree(environment('dev')))).toEqual([]);
    expect(compare([], [])).toEqual([]);
  });

  it('an object is added, changed, removed', () => {
    const before = [configMap('a', { x: '1' }), configMap('b', { x: '1' })];
    const after = [configMap('b', { x: '2' }), configMap('c', { y: '1' })];
    expect(told(compare(before, after))).toEqual([
      ['removed ConfigMap dev/a'],
      ['changed ConfigMap dev/b', ['data.x', '1', '2']],
      ['added ConfigMap dev/c'],
    ]);
  });

  it('the order of the files says nothing', () => {
    const before = tree(environment('dev'));
    const after = tree(environment('dev', { services: { goserver: settings({ replicas: 2 }) } }));
    expect(compare([...before].reverse(), [...after].reverse())).toEqual(compare(before, after));
  });

  it('an object in another file is moved', () => {
    const moved = { ...configMap('a', { x: '1' }), path: 'environments/dev/nodeserver/configmap-a.yaml' };
    expect(compare([configMap('a', { x: '1' })], [moved])).toMatchObject([
      {
        action: 'moved',
        oldPath: 'environments/dev/goserver/configmap-a.yaml',
        path: 'environments/dev/nodeserver/configmap-a.yaml',
        risk: 'low',
        fields: [],
      },
    ]);
  });

  it('an object that moves and changes is changed, and says where it was', () => {
    const moved = { ...configMap('a', { x: '2' }), path: 'environments/dev/nodeserver/configmap-a.yaml' };
    expect(compare([configMap('a', { x: '1' })], [moved])).toMatchObject([
      { action: 'changed', oldPath: 'environments/dev/goserver/configmap-a.yaml', fields: [{ path: 'data.x' }] },
    ]);
  });

  it.each([
    ['under another name', configMap('b', { x: '1' })],
    ['in another namespace', configMap('a', { x: '1' }, 'other')],
    ['in the same file', { ...configMap('b', { x: '2' }), path: 'environments/dev/goserver/configmap-a.yaml' }],
  ])('an object %s is renamed: to the cluster it is another', (_what, after) => {
    const [change, ...more] = compare([configMap('a', { x: '1' })], [after]);
    expect(more).toEqual([]);
    expect(change).toMatchObject({ action: 'renamed', risk: 'high', reason: 'another object to the cluster: the old one is deleted' });
    expect(change?.oldIdentity).toEqual({ group: '', kind: 'ConfigMap', namespace: 'dev', name: 'a' });
  });

  it('another version of the API is the same object', () => {
    const hpa = (version: string) =>
      file('environments/dev/a/hpa-a.yaml', {
        apiVersion: `autoscaling/${version}`,
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'a', namespace: 'dev' },
      });
    expect(told(compare([hpa('v1')], [hpa('v2')]))).toEqual([
      ['changed HorizontalPodAutoscaler dev/a', ['apiVersion', 'autoscaling/v1', 'autoscaling/v2']],
    ]);
  });

  it('other text around the same object is told apart from a change', () => {
    const before = configMap('a', { x: '1' });
    expect(told(compare([before], [{ ...before, text: `# new header\n${before.text}` }]))).toEqual([['reformatted ConfigMap dev/a']]);
  });

  it('the same name in two environments, on two clusters, is two objects', () => {
    const both = (name: string, value: string) =>
      file(`environments/${name}/app/configmap-a.yaml`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a', namespace: 'app' },
        data: { x: value },
      });
    const changes = compare([both('dev', '1'), both('prod', '1')], [both('dev', '1'), both('prod', '2')]);
    expect(changes.map(({ environment: name, action }) => [name, action])).toEqual([['prod', 'changed']]);
  });

  it('an object that stands in two files is not lost', () => {
    const twin = { ...configMap('a', { x: '2' }), path: 'environments/dev/goserver/copy.yaml' };
    expect(told(compare([configMap('a', { x: '1' })], [configMap('a', { x: '1' }), twin]))).toEqual([['added ConfigMap dev/a']]);
  });

  it('a release changes nothing but the kustomization of its folder in that layout', () => {
    const dev = withLayout(environment('dev'), 'kustomize');
    const { goserver, ...images } = release.images;
    const next: Release = {
      ...release,
      images: { ...images, goserver: { ...(goserver as ReleasedImage), digest: `sha256:${'f'.repeat(64)}` } },
    };
    expect(told(compare(tree(dev), render(dev, next, catalog)))).toEqual([
      ['changed Kustomization /goserver', ['images[goserver].digest', goserver?.digest, `sha256:${'f'.repeat(64)}`]],
    ]);
  });

  it('is grouped by environment, projects and Applications with theirs, the riskiest first', () => {
    const before = tree(environment('dev'), environment('prod'));
    const after = tree(environment('dev'), environment('prod', { services: { goserver: settings({ replicas: 3 }) } }));
    const changes = compare(before, after);
    expect(new Set(changes.map(({ environment: name }) => name))).toEqual(new Set(['prod']));
    expect(changes.map(({ risk }) => risk)).toEqual(
      [...changes.map(({ risk }) => risk)].sort((a, b) => 'hml'.indexOf(a.charAt(0)) - 'hml'.indexOf(b.charAt(0))),
    );
    expect(changes.some(({ path }) => path === 'argocd/applications/prod-nodeserver.yaml')).toBe(true);
  });

  it('that a secret changed is told, its value is not', () => {
    const secret = (value: string) =>
      file('environments/dev/a/secret-a.yaml', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a', namespace: 'dev' },
        stringData: { password: value },
      });
    const changes = compare([secret('hunter2')], [secret('hunter3')]);
    expect(told(changes)).toEqual([['changed Secret dev/a', ['stringData.password', '(hidden)', '(hidden)']]]);
    expect(JSON.stringify(changes)).not.toContain('hunter');
  });
});

const pod = (field: string, value: unknown) => ({ spec: { template: { spec: { [field]: value } } } });

describe('two objects are compared by field', () => {
  it.each<[string, unknown, unknown, unknown[]]>([
    ['a scalar', { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, [['spec.replicas', 1, 2]]],
    ['a type', { a: '1' }, { a: 1 }, [['a', '1', 1]]],
    ['a new field', {}, { a: { b: 1 } }, [['a', undefined, { b: 1 }]]],
    ['a field that is gone', { a: { b: 1 } }, {}, [['a', { b: 1 }, undefined]]],
    ['null is a value', { a: null }, {}, [['a', null, undefined]]],
    ['an empty mapping is not none', { a: {} }, {}, [['a', {}, undefined]]],
    ['a mapping that becomes a list', { a: {} }, { a: [] }, [['a', {}, []]]],
    [
      'a key that is no word',
      { labels: { 'app.kubernetes.io/name': 'a' } },
      { labels: { 'app.kubernetes.io/name': 'b' } },
      [['labels["app.kubernetes.io/name"]', 'a', 'b']],
    ],
    ['a key like a prototype', { a: {} }, { a: { toString: 1 } }, [['a.toString', undefined, 1]]],
    [
      'containers by name, whatever their place',
      pod('containers', [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'y' },
      ]),
      pod('containers', [
        { name: 'new', image: 'n' },
        { name: 'a', image: 'x' },
        { name: 'b', image: 'z' },
      ]),
      [
        ['spec.template.spec.containers[b].image', 'y', 'z'],
        ['spec.template.spec.containers[new]', undefined, { name: 'new', image: 'n' }],
      ],
    ],
    [
      'env by name',
      { env: [{ name: 'A', value: '1' }] },
      { env: [{ name: 'B', value: '1' }] },
      [
        ['env[A]', { name: 'A', value: '1' }, undefined],
        ['env[B]', undefined, { name: 'B', value: '1' }],
      ],
    ],
    [
      'volumes by name',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Gi' } }] },
      [['volumes[v].emptyDir.sizeLimit', undefined, '1Gi']],
    ],
    [
      'mounts by path',
      { volumeMounts: [{ name: 'v', mountPath: '/a' }] },
      { volumeMounts: [{ name: 'w', mountPath: '/a' }] },
      [['volumeMounts[/a].name', 'v', 'w']],
    ],
    [
      'named ports by name',
      { ports: [{ name: 'http', port: 80 }] },
      { ports: [{ name: 'http', port: 81 }] },
      [['ports[http].port', 80, 81]],
    ],
    [
      'other ports by number',
      { ports: [{ containerPort: 80 }] },
      { ports: [{ containerPort: 80, protocol: 'UDP' }] },
      [['ports[80].protocol', undefined, 'UDP']],
    ],
    [
      'kinds by group and kind',
      { namespaceResourceWhitelist: [] },
      { namespaceResourceWhitelist: [{ group: 'apps', kind: 'Deployment' }] },
      [['namespaceResourceWhitelist[apps/Deployment]', undefined, { group: 'apps', kind: 'Deployment' }]],
    ],
    [
      'a name twice: by value',
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      { env: [{ name: 'A', value: '1' }] },
      [['env[]', { name: 'A', value: '2' }, undefined]],
    ],
    [
      'named items in another order',
      { env: [{ name: 'A' }, { name: 'B' }] },
      { env: [{ name: 'B' }, { name: 'A' }] },
      [['env', ['A', 'B'], ['B', 'A']]],
    ],
    [
      'words by value',
      { args: ['a', 'b'] },
      { args: ['b', 'c'] },
      [
        ['args[]', 'a', undefined],
        ['args[]', undefined, 'c'],
      ],
    ],
    ['words in another order', { args: ['a', 'b'] }, { args: ['b', 'a'] }, [['args', ['a', 'b'], ['b', 'a']]]],
    ['a word twice', { args: ['a', 'a'] }, { args: ['a'] }, [['args[]', 'a', undefined]]],
    [
      'items without names that pair up',
      { rules: [{ verbs: ['get'] }, { verbs: ['list'] }] },
      { rules: [{ verbs: ['get'] }, { verbs: ['list', 'watch'] }] },
      [['rules[1].verbs[]', undefined, 'watch']],
    ],
    [
      'lists in lists',
      { a: [[1], [2]] },
      { a: [[1], [3]] },
      [
        ['a[]', [2], undefined],
        ['a[]', undefined, [3]],
      ],
    ],
  ])('%s', (_what, before, after, differences) => {
    expect(compareFields(before, after).map(({ path, before: old, after: now }) => [path, old, now])).toEqual(differences);
  });

  it('whatever they hold: nothing differs from itself, and a difference shows on both ways', () => {
    const value = fc.object({
      maxDepth: 4,
      values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
      key: fc.constantFrom('name', 'env', 'ports', 'a', '__proto__', 'b.c'),
    });
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(compareFields(one, structuredClone(one))).toEqual([]);
        expect(compareFields(one, other).length > 0).toBe(compareFields(other, one).length > 0);
      }),
      { numRuns: 1000 },
    );
  });
});
