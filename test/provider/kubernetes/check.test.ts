import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { check } from '../../../infra/provider/kubernetes/check.ts';
import { inputsOf, manifestOf, typeOfToken } from '../../../infra/provider/kubernetes/manifest.ts';
import { checkSettings, readSettings } from '../../../infra/provider/kubernetes/settings.ts';
import type { Call, CheckRequest } from '../../../infra/provider/provider.ts';
import { type PropertyMap, Secret, unknown } from '../../../infra/provider/value.ts';

const configMapType = 'kubernetes:core/v1:ConfigMap';

function checked(news: PropertyMap, request: Partial<CheckRequest> = {}, type = configMapType) {
  const call: Call = { urn: 'urn:x', name: 'settings', type, signal: new AbortController().signal, status() {}, warn() {} };
  const { inputs, problems } = check({ olds: {}, news, randomSeed: new Uint8Array([1]), ...request }, call);
  return { inputs, problems: problems.map(({ problem }) => formatProblem(problem)) };
}

describe('a type token', () => {
  it.each([
    ['kubernetes:core/v1:Pod', { apiVersion: 'v1', kind: 'Pod' }],
    ['kubernetes:apps/v1:Deployment', { apiVersion: 'apps/v1', kind: 'Deployment' }],
    ['kubernetes:argoproj.io/v1alpha1:Application', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' }],
    ['kubernetes:v1:Pod', { apiVersion: 'v1', kind: 'Pod' }],
    ['kubernetes:yaml:ConfigFile', { apiVersion: 'yaml', kind: 'ConfigFile' }],
    ['docker:index:Image', undefined],
    ['kubernetes:a/b/c:Kind', undefined],
  ])('%s means %j', (token, expected) => {
    expect(typeOfToken(token)).toEqual(expected);
  });
});

describe('the name of an object', () => {
  it('is the resource’s with eight hex digits when the program gives none, the same for the same seed', () => {
    const { inputs } = checked({ metadata: { labels: { a: 'b' } } });
    expect(inputs).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { labels: { a: 'b' }, name: 'settings-4bf5122f', annotations: { 'pulumi.com/autonamed': 'true' } },
    });
    expect(checked({})).toMatchObject({ inputs: { metadata: { name: 'settings-4bf5122f' } } });
  });

  it('that was chosen is kept', () => {
    const olds = checked({}, { randomSeed: new Uint8Array([2]) }).inputs;
    const chosen = (olds.metadata as PropertyMap).name;
    expect(checked({}, { olds })).toMatchObject({ inputs: { metadata: { name: chosen } } });
  });

  it('that the program gave earlier is not kept when it gives none', () => {
    const olds = { metadata: { name: 'mine' } };
    expect(checked({}, { olds })).toMatchObject({ inputs: { metadata: { name: 'settings-4bf5122f' } } });
  });

  it.each<[string, PropertyMap]>([
    ['given', { metadata: { name: 'mine' } }],
    ['not known yet', { metadata: { name: unknown } }],
    ['in metadata that is not known yet', { metadata: unknown }],
  ])('that is %s is left alone', (_name, news) => {
    expect(checked(news)).toEqual({ inputs: { apiVersion: 'v1', kind: 'ConfigMap', ...news }, problems: [] });
  });

  it('follows the stack’s settings', () => {
    expect(checked({}, { autonaming: { mode: 'enforce', name: 'exact' } })).toMatchObject({ inputs: { metadata: { name: 'exact' } } });
    expect(checked({}, { autonaming: { mode: 'disable', name: '' } }).problems).toEqual([
      'error[E_KEY] metadata.name: - required: automatic names are switched off - set metadata.name',
    ]);
  });
});

describe('inputs', () => {
  it.each<[string, PropertyMap, string, string]>([
    [
      'with a kind of another type',
      { kind: 'Secret' },
      configMapType,
      'error[E_TYPE] kind: Secret - must be ConfigMap, as in the type kubernetes:core/v1:ConfigMap - use the class of the kind',
    ],
    [
      'that are a list',
      { kind: 'ConfigMapList', items: [] },
      'kubernetes:core/v1:ConfigMapList',
      'error[E_UNSUPPORTED] kind: kubernetes:core/v1:ConfigMapList - a list is no object - make a resource of each of its items',
    ],
    [
      'with a generated name',
      { metadata: { generateName: 'a-' } },
      configMapType,
      'error[E_UNSUPPORTED] metadata.generateName: - server-side apply needs a name - set metadata.name, or leave both out',
    ],
    [
      'with an annotation that says nothing',
      { metadata: { annotations: { 'pulumi.com/deletionPropagationPolicy': 'slowly' } } },
      configMapType,
      'error[E_TYPE] metadata.annotations["pulumi.com/deletionPropagationPolicy"]: slowly - one of foreground, background, orphan - write one of them',
    ],
  ])('%s are refused', (_name, news, type, expected) => {
    expect(checked(news, {}, type).problems).toEqual([expected]);
  });

  it('of a Secret are secret even if the program doesn’t say so', () => {
    const { inputs } = checked(
      { metadata: { name: 'a' }, stringData: { b: 'c' }, data: new Secret({ d: 'e' }) },
      {},
      'kubernetes:core/v1:Secret',
    );
    expect(inputs).toMatchObject({ stringData: new Secret({ b: 'c' }), data: new Secret({ d: 'e' }) });
  });
});

describe('a manifest', () => {
  const type = { apiVersion: 'v1', kind: 'ConfigMap' };

  it('has neither nulls nor what only the server sets', () => {
    const inputs = { metadata: { name: 'a', uid: 'x', resourceVersion: '1', managedFields: [] }, data: { a: null, b: new Secret('c') } };
    expect(manifestOf(inputs, type)).toEqual({ ...type, metadata: { name: 'a' }, data: { b: 'c' } });
  });

  it('of a Secret has its texts encoded, over its data', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret' };
    const inputs = { metadata: { name: 'a' }, stringData: { a: 'über' }, data: { a: 'eA==', b: 'eQ==' } };
    expect(manifestOf(inputs, secret)).toEqual({ ...secret, metadata: { name: 'a' }, data: { a: 'w7xiZXI=', b: 'eQ==' } });
  });

  it('of a definition spells schemas as the API does, and its inputs as the SDK does', () => {
    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const inputs = { ...definition, metadata: {}, spec: { versions: [{ x_kubernetes_int_or_string: true }] } };
    const manifest = { ...definition, metadata: {}, spec: { versions: [{ 'x-kubernetes-int-or-string': true }] } };
    expect(manifestOf(inputs, definition)).toEqual(manifest);
    expect(inputsOf(manifest)).toEqual(inputs);
  });

  it('keeps such keys in other objects', () => {
    const inputs = { metadata: { name: 'a' }, data: { x_kubernetes_a: 'b' } };
    expect(manifestOf(inputs, type)).toEqual({ ...type, ...inputs });
  });

  it('that is imported becomes inputs without what controllers add', () => {
    const annotations = { 'deployment.kubernetes.io/revision': '3', mine: 'a' };
    const live = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', uid: 'x', annotations }, spec: {}, status: {} };
    expect(inputsOf(live)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a', annotations: { mine: 'a' } },
      spec: {},
    });
  });
});

describe('settings of the provider', () => {
  const cluster = { kubeconfig: '/kubeconfig', context: 'dev' };

  it('arrive as texts', () => {
    expect(readSettings({ ...cluster, enablePatchForce: 'true', enableConfigMapMutable: 'false', namespace: '' })).toEqual({
      ...cluster,
      namespace: undefined,
      enablePatchForce: true,
      upsertExistingObjects: false,
      enableConfigMapMutable: false,
      enableSecretMutable: false,
      deleteUnreachable: false,
      suppressDeprecationWarnings: false,
    });
  });

  it.each<[string, PropertyMap, string[]]>([
    ['complete', { ...cluster, version: '4.34.2', enableServerSideApply: 'true' }, []],
    ['not known yet', { kubeconfig: unknown, context: unknown, enablePatchForce: unknown }, []],
    [
      'empty',
      {},
      [
        'error[E_KEY] kubernetes.Provider kubeconfig: - required - pass kubeconfig: this plugin never guesses a cluster',
        'error[E_KEY] kubernetes.Provider context: - required - pass context: this plugin never guesses a cluster',
      ],
    ],
    [
      'of the vendor’s plugin alone',
      { ...cluster, renderYamlToDirectory: '/tmp', skipUpdateUnreachable: 'true' },
      [
        'error[E_UNSUPPORTED] kubernetes.Provider renderYamlToDirectory: - not a setting of this plugin - leave it out, or install the official plugin',
        'error[E_UNSUPPORTED] kubernetes.Provider skipUpdateUnreachable: true - always false in this plugin - leave it out',
      ],
    ],
    [
      'neither true nor false',
      { ...cluster, enablePatchForce: 'yes' },
      ['error[E_TYPE] kubernetes.Provider enablePatchForce: yes - true or false - use one of them'],
    ],
  ])('that are %s are told apart', (_name, settings, expected) => {
    expect(checkSettings(settings).map(({ problem }) => formatProblem(problem))).toEqual(expected);
  });
});
