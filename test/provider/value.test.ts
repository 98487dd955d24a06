import { describe, expect, it } from 'vitest';
import {
  hasUnknown,
  markSecrets,
  type PropertyMap,
  type PropertyValue,
  reveal,
  Secret,
  secretTexts,
  unknown,
} from '../../infra/provider/value.ts';

describe('plain values', () => {
  it('open secrets, and leave unknowns out', () => {
    const value: PropertyMap = {
      a: new Secret({ b: 'text', c: unknown }),
      list: [unknown, new Secret(1)],
      nothing: null,
      later: new Secret(unknown),
    };
    expect(reveal(value)).toEqual({ a: { b: 'text' }, list: [null, 1], nothing: null });
  });

  it.each<[string, PropertyValue, boolean]>([
    ['a plain object', { a: [1, { b: 'c' }] }, false],
    ['an unknown in a list in a secret', { a: new Secret([1, unknown]) }, true],
    ['an unknown itself', unknown, true],
  ])('%s is told apart by unknowns', (_name, value, expected) => {
    expect(hasUnknown(value)).toBe(expected);
  });

  it('yield every secret text and number in them', () => {
    expect(secretTexts({ a: new Secret({ b: 'one', c: [2, true] }), d: 'open', e: [new Secret('three')] })).toEqual(['one', '2', 'three']);
  });
});

describe('secrets of a pattern', () => {
  it.each<[string, PropertyValue, PropertyValue, PropertyValue]>([
    ['mark the same place', { data: { a: 'x', b: 'y' } }, { data: { a: new Secret('x') } }, { data: { a: new Secret('x'), b: 'y' } }],
    ['mark all that a secret object became', { data: { a: 'x' } }, { data: new Secret({}) }, { data: new Secret({ a: 'x' }) }],
    ['mark one item of a list of the same length', ['a', 'b'], ['a', new Secret('c')], ['a', new Secret('b')]],
    ['mark a whole list whose items may have moved', ['b', 'a', 'c'], ['a', new Secret('c')], new Secret(['b', 'a', 'c'])],
    ['leave a list without any alone', ['b', 'a', 'c'], ['a', 'c'], ['b', 'a', 'c']],
    ['are not marked twice', { a: new Secret('x') }, { a: new Secret('y') }, { a: new Secret('x') }],
    ['do not appear where the value has nothing', {}, { a: new Secret('x') }, {}],
  ])('%s', (_name, value, pattern, expected) => {
    expect(markSecrets(value, pattern)).toEqual(expected);
  });
});
