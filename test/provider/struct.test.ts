import fc from 'fast-check';
import structPb from 'google-protobuf/google/protobuf/struct_pb.js';
import { describe, expect, it } from 'vitest';
import { properties } from '../../infra/provider/struct.ts';
import { isList, isMap, type PropertyMap, type PropertyValue, Secret, unknown } from '../../infra/provider/value.ts';
import { decodeMessage, encodeMessage } from '../../infra/provider/wire.ts';
import { fromStruct, toStruct } from './generated.ts';

/** Numbers without -0, which JSON and protobuf tell apart from 0 in different ways. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const key = fc.string().filter((text) => text !== '__proto__');

const { value } = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    number,
    fc.string(),
    fc.constant<PropertyValue>(unknown),
    tie('value').map((inner) => new Secret(inner)),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
  ),
}));

describe('properties on the wire', () => {
  it('are what the SDK’s generated classes read and write, secrets and unknowns included', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (map) => {
        expect(withoutZeroSign(fromStruct(toStruct(map)))).toEqual(withoutZeroSign(map));
      }),
      { numRuns: 300 },
    );
  });

  it('keep a key that every object seems to have', () => {
    const map = Object.fromEntries([['__proto__', { polluted: 'yes' }]]) as PropertyMap;
    const holder = { map: { number: 1, kind: properties } };
    const read = decodeMessage(holder, encodeMessage(holder, { map })).map;
    expect(Object.entries(read)).toEqual([['__proto__', { polluted: 'yes' }]]);
    expect(read.polluted).toBeUndefined();
  });

  it('of Argo CD’s size take no time to speak of', () => {
    const deep = (depth: number): PropertyMap => (depth === 0 ? { type: 'string' } : { a: deep(depth - 1), b: deep(depth - 1), c: 'x' });
    const holder = { map: { number: 1, kind: properties } };
    const map = deep(15);
    const started = performance.now();
    expect(decodeMessage(holder, encodeMessage(holder, { map })).map).toEqual(map);
    // The generated classes take 20 times as long.
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it.each([
    ['an absent struct', undefined, {}],
    ['a reference to a resource with an id', { urn: 'urn:a', id: 'demo/web' }, 'demo/web'],
    ['a reference to a resource without one yet', { urn: 'urn:a', id: '' }, 'urn:a'],
  ])('%s is read as what it stands for', (_name, reference, expected) => {
    if (!reference) return expect(fromStruct(undefined)).toEqual(expected);
    const signed = { ...reference, [signature]: '5cf8f73096256a8f31e491e813e4eb8e' };
    expect(fromStruct(structPb.Struct.fromJavaScript({ resource: signed })).resource).toBe(expected);
  });

  it.each([
    ['known', { value: 'a' }, 'a'],
    ['unknown', {}, unknown],
    ['secret', { value: 'a', secret: true }, new Secret('a')],
    ['unknown and secret', { secret: true }, new Secret(unknown)],
  ])('an output value that is %s is read as such', (_name, output, expected) => {
    const signed = { ...output, [signature]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4' };
    expect(fromStruct(structPb.Struct.fromJavaScript({ output: signed })).output).toEqual(expected);
  });
});

const signature = '4dabf18193072939515e22adb298388d';

function withoutZeroSign(map: PropertyMap): PropertyMap {
  const plain = (item: PropertyValue): PropertyValue => {
    if (item instanceof Secret) return new Secret(plain(item.value));
    if (isList(item)) return item.map(plain);
    if (isMap(item)) return Object.fromEntries(Object.entries(item).map(([name, child]) => [name, plain(child)]));
    return typeof item === 'number' ? item + 0 : item;
  };
  return plain(map) as PropertyMap;
}
