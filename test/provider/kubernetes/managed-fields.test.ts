import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../infra/kubernetes/json.ts';
import { appliedFields, pickFields, sameFields, union, withoutFields } from '../../../infra/provider/kubernetes/managed-fields.ts';

/** As an API server 1.36 writes it for a Deployment applied by `ours` and scaled by hand. */
const object: JsonObject = {
  metadata: {
    labels: { 'example.com/team': 'a', theirs: 'b' },
    managedFields: [
      {
        manager: 'ours',
        operation: 'Apply',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:example.com/team': {} } },
          'f:spec': {
            'f:template': {
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': {
                    '.': {},
                    'f:name': {},
                    'f:image': {},
                    'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
                  },
                },
              },
            },
          },
        },
      },
      { manager: 'ours', operation: 'Update', fieldsV1: { 'f:wrong': {} } },
      { manager: 'ours', operation: 'Apply', subresource: 'status', fieldsV1: { 'f:status': {} } },
      { manager: 'kubectl', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ],
  },
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          { name: 'injected', image: 'c' },
          {
            name: 'web',
            image: 'a',
            imagePullPolicy: 'Always',
            ports: [
              { containerPort: 80, protocol: 'TCP' },
              { containerPort: 81, protocol: 'TCP' },
            ],
          },
        ],
      },
    },
  },
};

describe('the fields of a manager', () => {
  it('are those that it applied to the object itself', () => {
    const fields = appliedFields(object, 'ours') ?? {};
    expect(Object.keys(fields)).toEqual(['f:metadata', 'f:spec']);
    expect(appliedFields(object, 'nobody')).toBeUndefined();
  });

  it('are picked from the object by key, whatever else is in its lists', () => {
    expect(pickFields(object, appliedFields(object, 'ours') ?? {})).toEqual({
      metadata: { labels: { 'example.com/team': 'a' } },
      spec: { template: { spec: { containers: [{ name: 'web', image: 'a', ports: [{ containerPort: 80 }] }] } } },
    });
  });

  it.each([
    ['an atomic object as a whole', { a: { b: 1, c: 2 } }, { 'f:a': {} }, { a: { b: 1, c: 2 } }],
    ['only the existence of an object', { a: { b: 1 } }, { 'f:a': { '.': {} } }, { a: {} }],
    ['an atomic list as a whole', { a: [2, 1] }, { 'f:a': {} }, { a: [2, 1] }],
    ['values of a set in the order of the list', { a: ['x', 'y', 'z'] }, { 'f:a': { 'v:"z"': {}, 'v:"x"': {} } }, { a: ['x', 'z'] }],
    ['nothing for no field', { a: 1 }, {}, {}],
    ['nothing that isn’t there', { a: 1 }, { 'f:b': {}, 'f:constructor': {} }, {}],
  ])('pick %s', (_name, value, fields, expected) => {
    expect(pickFields(value, fields)).toEqual(expected);
  });

  it('of two sets are those of either', () => {
    expect(union({ 'f:a': { 'f:b': {} } }, { 'f:a': { 'f:c': {} }, 'f:d': {} })).toEqual({ 'f:a': { 'f:b': {}, 'f:c': {} }, 'f:d': {} });
  });

  it.each([
    [{ 'f:a': { 'f:b': {} } }, { 'f:a': { 'f:b': {} } }, true],
    [{ 'f:a': { 'f:b': {} } }, { 'f:a': {} }, false],
    [{ 'f:a': {} }, { 'f:b': {} }, false],
    [{ 'f:a': {} }, { 'f:a': {}, 'f:b': {} }, false],
  ])('%j and %j are the same: %s', (a, b, expected) => {
    expect(sameFields(a, b)).toBe(expected);
  });

  it.each([
    [['spec', 'replicas'], { 'f:spec': { 'f:list': { 'k:{"name":"a"}': { '.': {}, 'f:image': {} } } } }],
    [['spec', 'list', 0, 'image'], { 'f:spec': { 'f:replicas': {}, 'f:list': { 'k:{"name":"a"}': { '.': {} } } } }],
    [['spec', 'list', '*'], { 'f:spec': { 'f:replicas': {}, 'f:list': {} } }],
    [['spec'], {}],
    [['status'], { 'f:spec': { 'f:replicas': {}, 'f:list': { 'k:{"name":"a"}': { '.': {}, 'f:image': {} } } } }],
  ])('without %j are the others', (path, expected) => {
    const fields = { 'f:spec': { 'f:replicas': {}, 'f:list': { 'k:{"name":"a"}': { '.': {}, 'f:image': {} } } } };
    expect(withoutFields(fields, path)).toEqual(expected);
  });
});
