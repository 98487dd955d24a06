import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../charts/environment.ts';
import { keyOf, parse, print } from '../../charts/manifest.ts';
import { formatProblem } from '../../infra/delivery/errors.ts';

const configMap: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'dev' } };

it.each([
  ['environments/dev/goserver/service-goserver.yaml', 'charts/services/goserver.ts'],
  ['environments/dev/namespace/namespace-dev.yaml', 'charts/namespace.ts'],
  ['argocd/projects/dev.yaml', 'charts/argocd/project.ts'],
  ['argocd/applications/dev-goserver.yaml', 'charts/argocd/application.ts'],
])('%s names %s as what to edit instead', (path, source) => {
  expect(print(path, configMap).text).toBe(
    `# Do not edit: rendered from ${source}, the next delivery overwrites it.\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: dev\n`,
  );
});

it('what is printed is read back, whatever a ConfigMap holds', () => {
  const key = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._'), minLength: 1 });
  const data = fc.dictionary(key, fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(data, (entries) => {
      const file = print('environments/dev/a/configmap-a.yaml', { ...configMap, data: entries });
      expect(parse(file.path, file.text)).toEqual({ file });
    }),
    { numRuns: 1000 },
  );
});

describe('a file is refused', () => {
  const refused =
    'a Kubernetes object: apiVersion, kind and metadata.name are strings - restore the file, or move it out of the rendered folders';
  it.each([
    ['kind: ConfigMap\n', `error[E_YAML] a.yaml:1:1: - ${refused}`],
    ['- a\n', `error[E_YAML] a.yaml:1:1: - ${refused}`],
    ['apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 3\n', `error[E_YAML] a.yaml:1:1: - ${refused}`],
    ['apiVersion: v1\nkind: List\nmetadata:\n', `error[E_YAML] a.yaml:1:1: - ${refused}`],
  ])('as no Kubernetes object: %j', (text, message) => {
    expect(parse('a.yaml', text).problems?.map(formatProblem)).toEqual([message]);
  });

  it.each([
    ['alias', 'a: &x 1\nb: *x\n', '1:4'],
    ['merge key', 'a: {b: 1}\n<<: {c: 1}\n', '2:1'],
    ['custom tag', 'a: !x 1\n', '1:4'],
    ['several documents', 'a: 1\n---\nb: 1\n', '2:1'],
    ['duplicate key', 'a: 1\na: 2\n', '2:1'],
    ['read differently by YAML 1.1', 'a: 1\nb: 0777\n', '2:4'],
    ['too deep', `a: ${'['.repeat(200)}${']'.repeat(200)}\n`, ''],
    ['too large', `a: ${'x'.repeat(1024 * 1024)}\n`, ''],
  ])('for YAML that readers disagree on or choke on: %s', (_, text, position) => {
    const { problems, file } = parse('a.yaml', text);
    expect(file).toBeUndefined();
    expect(problems?.[0]?.code).toBe('E_YAML');
    expect(problems?.[0]?.field).toMatch(new RegExp(`^a\\.yaml(?::${position}|.*)`));
    if (position !== '') expect(problems?.[0]?.field).toBe(`a.yaml:${position}`);
  });
});

it.each([
  [configMap, 'ConfigMap dev/a'],
  [{ ...configMap, apiVersion: 'apps/v1', kind: 'Deployment' }, 'apps/Deployment dev/a'],
  [{ ...configMap, kind: 'Namespace', metadata: { name: 'dev' } }, 'Namespace dev'],
])('an object is known as %2$s', (object, key) => {
  expect(keyOf(object)).toBe(key);
  expect(keyOf({ ...object, apiVersion: object.apiVersion.replace('v1', 'v2beta1') })).toBe(key);
});
