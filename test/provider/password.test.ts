import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../infra/delivery/errors.ts';
import { fullcycle } from '../../infra/provider/fullcycle/fullcycle.ts';
import type { Call } from '../../infra/provider/provider.ts';
import { type PropertyMap, type PropertyValue, Secret, unknown } from '../../infra/provider/value.ts';

const provider = fullcycle();
const call: Call = {
  urn: 'urn:pulumi:dev::project::fullcycle:secret:Password::admin',
  name: 'admin',
  type: 'fullcycle:secret:Password',
  signal: new AbortController().signal,
  status() {},
  warn() {},
};

const create = (inputs: PropertyMap, preview = false) => provider.create({ inputs, preview, timeout: 0 }, call);

async function made(inputs: PropertyMap = {}): Promise<string> {
  const { value } = (await create(inputs)).outputs;
  expect(value).toBeInstanceOf(Secret);
  return (value as Secret).value as string;
}

describe('a password', () => {
  it('is 256 random bits in characters that need no quoting, and a secret', async () => {
    const [one, other] = [await made(), await made()];
    expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(other).not.toBe(one);
  });

  it('is unknown in a preview', async () => {
    expect(await create({ keeper: '1' }, true)).toEqual({ id: '', outputs: { keeper: '1', value: new Secret(unknown) } });
  });

  it.each<[string, PropertyMap, PropertyMap, boolean]>([
    ['stays without a keeper', {}, {}, false],
    ['stays with its keeper', { keeper: '1' }, { keeper: '1' }, false],
    ['stays when its keeper becomes a secret', { keeper: '1' }, { keeper: new Secret('1') }, false],
    ['is made anew with another keeper', { keeper: '1' }, { keeper: '2' }, true],
    ['is made anew with a first keeper', {}, { keeper: '1' }, true],
    ['is made anew without its keeper', { keeper: '1' }, {}, true],
    ['may be made anew with a keeper that isn’t known yet', { keeper: '1' }, { keeper: unknown }, true],
  ])('%s', async (_name, oldInputs, news, replaced) => {
    const oldOutputs = { ...oldInputs, value: new Secret('old') };
    const { changed, changes } = await provider.diff({ id: 'admin', oldInputs, oldOutputs, news, ignoreChanges: [] }, call);
    expect(changed).toBe(replaced);
    expect([...changes.values()].map(({ replaces }) => replaces)).toEqual(replaced ? [true] : []);
  });

  it('stays over an update, and over a refresh', async () => {
    const outputs = { keeper: '1', value: new Secret('old') };
    const request = {
      id: 'admin',
      oldInputs: {},
      oldOutputs: outputs,
      news: { keeper: '1' },
      ignoreChanges: [],
      preview: false,
      timeout: 0,
    };
    expect(await provider.update(request, call)).toEqual(outputs);
    const found = { id: 'admin', inputs: { keeper: '1' }, outputs };
    expect(await provider.read({ ...found, timeout: 0 }, call)).toEqual(found);
  });

  it('can’t be imported: it is nowhere else', async () => {
    expect(await provider.read({ id: 'admin', inputs: {}, outputs: {}, timeout: 0 }, call)).toBeUndefined();
  });

  it.each<[string, PropertyValue, string[]]>([
    ['text', '1', []],
    ['a secret text', new Secret('1'), []],
    ['what isn’t known yet', unknown, []],
    ['a number', 1, ['error[E_TYPE] keeper: 1 - a text - change it to get another password']],
    ['a secret list', new Secret(['x']), ['error[E_TYPE] keeper: - a text - change it to get another password']],
  ])('checks a keeper that is %s', async (_name, keeper, expected) => {
    const { problems } = await provider.check({ olds: {}, news: { keeper }, randomSeed: new Uint8Array() }, call);
    expect(problems.map(({ problem }) => formatProblem(problem))).toEqual(expected);
  });
});
