import fc from 'fast-check';
import structPb from 'google-protobuf/google/protobuf/struct_pb.js';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../infra/provider/struct.ts';
import { isList, isMap, type PropertyMap, type PropertyValue, Secret, unknown } from '../../infra/provider/value.ts';

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
  it('come back as they were, secrets and unknowns included', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (properties) => {
        const wire = structPb.Struct.deserializeBinary(encode(properties).serializeBinary());
        expect(withoutZeroSign(decode(wire))).toEqual(withoutZeroSign(properties));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['an absent struct', undefined, {}],
    ['a reference to a resource with an id', { urn: 'urn:a', id: 'demo/web' }, 'demo/web'],
    ['a reference to a resource without one yet', { urn: 'urn:a', id: '' }, 'urn:a'],
  ])('%s is read as what it stands for', (_name, reference, expected) => {
    if (!reference) return expect(decode(undefined)).toEqual(expected);
    const signed = { ...reference, [signature]: '5cf8f73096256a8f31e491e813e4eb8e' };
    expect(decode(structPb.Struct.fromJavaScript({ resource: signed })).resource).toBe(expected);
  });

  it.each([
    ['known', { value: 'a' }, 'a'],
    ['unknown', {}, unknown],
    ['secret', { value: 'a', secret: true }, new Secret('a')],
    ['unknown and secret', { secret: true }, new Secret(unknown)],
  ])('an output value that is %s is read as such', (_name, output, expected) => {
    const signed = { ...output, [signature]: 'd0e6a833031e9bbcd3f4e8bde6ca49a4' };
    expect(decode(structPb.Struct.fromJavaScript({ output: signed })).output).toEqual(expected);
  });
});

const signature = '4dabf18193072939515e22adb298388d';

function withoutZeroSign(properties: PropertyMap): PropertyMap {
  const plain = (item: PropertyValue): PropertyValue => {
    if (item instanceof Secret) return new Secret(plain(item.value));
    if (isList(item)) return item.map(plain);
    if (isMap(item)) return Object.fromEntries(Object.entries(item).map(([name, child]) => [name, plain(child)]));
    return typeof item === 'number' ? item + 0 : item;
  };
  return plain(properties) as PropertyMap;
}
