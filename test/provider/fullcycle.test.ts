import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../infra/delivery/errors.ts';
import { fullcycle } from '../../infra/provider/fullcycle/fullcycle.ts';
import type { Call } from '../../infra/provider/provider.ts';
import { type PropertyMap, unknown } from '../../infra/provider/value.ts';

const provider = fullcycle();
const image = 'fullcycle:image:Image';
const delivery = 'fullcycle:gitops:Delivery';

function call(type: string): Call {
  return { urn: `urn:pulumi:dev::project::${type}::x`, name: 'x', type, signal: new AbortController().signal, status() {}, warn() {} };
}

const checked = async (type: string, news: PropertyMap) => {
  const { inputs, problems } = await provider.check({ olds: {}, news, randomSeed: new Uint8Array() }, call(type));
  return { inputs, problems: problems.map(({ problem }) => formatProblem(problem)) };
};

describe('the fullcycle provider', () => {
  it('takes a stack’s values for no settings of its own', async () => {
    expect(await provider.checkConfig({ services: '{}', deletionBudget: '0' })).toEqual([]);
  });

  it('refuses types that it doesn’t have', async () => {
    await expect(async () =>
      provider.check({ olds: {}, news: {}, randomSeed: new Uint8Array() }, call('fullcycle:image:Imge')),
    ).rejects.toThrow(
      'error[E_UNSUPPORTED] fullcycle:image:Imge: - one of fullcycle:image:Image, fullcycle:gitops:Delivery, fullcycle:secret:Password - use one of them',
    );
  });

  it.each<[string, string, PropertyMap, string[]]>([
    [
      'an image of nothing',
      image,
      {},
      [
        'error[E_KEY] service: - one of goserver, nodeserver - name one of them',
        'error[E_KEY] repository: - required - name the registry, and the path in it, to push below',
      ],
    ],
    [
      'an image that can’t be built so',
      image,
      { service: 'goserver', repository: 'registry.example.com', builder: 'kaniko', platforms: ['linux/s390x'] },
      [
        'error[E_TYPE] builder: kaniko - one of auto, ko, layers, docker - choose one of them',
        'error[E_TYPE] platforms: ["linux/s390x"] - a list of one or more of linux/amd64, linux/arm64 - list those that the cluster has',
      ],
    ],
    [
      'a delivery to nowhere',
      delivery,
      { environment: 'prdo' },
      ['error[E_ENV] environment: prdo - one of dev, prod, staging - did you mean prod?'],
    ],
    [
      'a delivery without images',
      delivery,
      { environment: 'dev', images: {} },
      [
        'error[E_KEY] images: - needs an image for each of its services: there is none for goserver, nodeserver - pass the released image of each',
      ],
    ],
  ])('refuses %s', async (_name, type, news, expected) => {
    expect((await checked(type, news)).problems).toEqual(expected);
  });

  it('leaves open in a preview what depends on another resource', async () => {
    expect(await checked(image, { service: 'goserver', repository: unknown })).toEqual({
      inputs: {
        service: 'goserver',
        repository: unknown,
        builder: 'auto',
        platforms: ['linux/amd64', 'linux/arm64'],
        buildOnPreview: false,
      },
      problems: [],
    });
    expect(await checked(delivery, { environment: 'dev', images: { goserver: unknown } })).toEqual({
      inputs: { environment: 'dev', images: { goserver: unknown }, init: false, tree: unknown },
      problems: [],
    });
  });

  it('promises no digest before the image is built', async () => {
    const inputs = { service: 'goserver', repository: 'registry.example.com/team', inputs: 'sha256:1' };
    expect(await provider.create({ inputs, preview: true, timeout: 0 }, call(image))).toEqual({
      id: '',
      outputs: { ...inputs, name: 'registry.example.com/team/goserver', tag: unknown, digest: unknown, sbom: unknown, reference: unknown },
    });
  });

  it('changes an image exactly when what goes into it has changed', async () => {
    const old = { service: 'goserver', inputs: 'sha256:1' };
    const request = { id: 'goserver', oldInputs: old, oldOutputs: old, ignoreChanges: [] };
    expect(await provider.diff({ ...request, news: old }, call(image))).toEqual({ changed: false, changes: new Map() });
    expect(await provider.diff({ ...request, news: { ...old, inputs: 'sha256:2' } }, call(image))).toEqual({
      changed: true,
      changes: new Map([['inputs', { kind: 'update', fromInputs: true }]]),
    });
  });
});
