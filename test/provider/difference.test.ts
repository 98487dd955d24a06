import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, difference } from '../../infra/provider/difference.ts';
import { formatPath, isWithin, parsePath } from '../../infra/provider/property-path.ts';
import { type PropertyMap, type PropertyValue, Secret, unknown } from '../../infra/provider/value.ts';

describe('two versions of a resource', () => {
  it.each<[string, PropertyValue, PropertyValue, Record<string, string>]>([
    ['are the same with keys in another order', { a: 1, b: [2] }, { b: [2], a: 1 }, {}],
    ['are the same whether a value is null or absent', { a: null }, {}, {}],
    ['are the same whether a value is secret or not', { a: new Secret('x') }, { a: 'x' }, {}],
    [
      'differ in a value deep down',
      { spec: { list: [{ image: 'a' }] } },
      { spec: { list: [{ image: 'b' }] } },
      { 'spec.list[0].image': 'update' },
    ],
    ['differ by a value more', {}, { a: { b: 1 } }, { a: 'add' }],
    ['differ by a value less', { a: { b: 1, c: 1 } }, { a: { c: 1 } }, { 'a.b': 'delete' }],
    ['differ by an item', { a: [1] }, { a: [1, 2] }, { 'a[1]': 'add' }],
    ['differ in type', { a: [1] }, { a: { b: 1 } }, { a: 'update' }],
    ['differ where one is not known yet', { a: 'x' }, { a: unknown }, { a: 'update' }],
    ['differ in a key that every object seems to have', {}, { constructor: 'x' }, { constructor: 'add' }],
  ])('%s', (_name, old, now, expected) => {
    const { changes } = difference(compare(old, now));
    expect(Object.fromEntries([...changes].map(([path, { kind }]) => [path, kind]))).toEqual(expected);
  });

  it('differ in nothing that is ignored', () => {
    const old: PropertyMap = { spec: { replicas: 1, list: [{ image: 'a', name: 'b' }] } };
    const now: PropertyMap = { spec: { replicas: 2, list: [{ image: 'c', name: 'd' }] } };
    const result = difference(compare(old, now), ['spec.replicas', 'spec.list[*].image']);
    expect([...result.changes.keys()]).toEqual(['spec.list[0].name']);
    expect(difference(compare(old, now), ['spec'])).toEqual({ changed: false, changes: new Map() });
  });
});

describe('a property path', () => {
  it.each([
    [['spec', 'containers', 0, 'image'], 'spec.containers[0].image'],
    [['metadata', 'labels', 'app.kubernetes.io/name'], 'metadata.labels["app.kubernetes.io/name"]'],
    [['data', 'a"b'], 'data["a\\"b"]'],
    [['data', ''], 'data[""]'],
    [['nginx.conf'], '["nginx.conf"]'],
  ])('%j is written %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
    expect(parsePath(text)).toEqual(path);
  });

  it('is read as it was written, whatever its keys', () => {
    const steps = fc.array(fc.oneof(fc.nat(), fc.string()), { minLength: 1 });
    fc.assert(
      fc.property(steps, (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });

  it('lies within what it begins with', () => {
    expect(isWithin(['a', 0, 'b'], ['a', '*'])).toBe(true);
    expect(isWithin(['a'], ['a', 'b'])).toBe(false);
    expect(isWithin(['ab'], ['a'])).toBe(false);
  });
});
