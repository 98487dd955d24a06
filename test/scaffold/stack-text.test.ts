import { describe, expect, it } from 'vitest';
import { addService, replaceValue } from '../../infra/scaffold/stack-text.ts';

const settings = { replicas: 1, resources: { cpu: { request: '20m', limit: '1' } } };

describe('a service more in a stack file', () => {
  it.each([
    [
      'stands behind the last, whatever comes then',
      'config:\n  fullcycle:services:\n    goserver:\n      replicas: 1\n  fullcycle:deletionBudget: 1 # one\n',
      'config:\n  fullcycle:services:\n    goserver:\n      replicas: 1\n    shop:\n      replicas: 1\n      resources:\n        cpu:\n          request: 20m\n          limit: "1"\n  fullcycle:deletionBudget: 1 # one\n',
    ],
    [
      'leaves comments with what they are about',
      'config:\n  # all\n  fullcycle:services:\n    goserver: # the first\n      replicas: 1 # one\n      # ingress:\n      #   host: x\n  # next\n  fullcycle:x: 1\n',
      'config:\n  # all\n  fullcycle:services:\n    goserver: # the first\n      replicas: 1 # one\n      # ingress:\n      #   host: x\n    shop:\n      replicas: 1\n      resources:\n        cpu:\n          request: 20m\n          limit: "1"\n  # next\n  fullcycle:x: 1\n',
    ],
    [
      'keeps the indentation and a missing last newline apart',
      'config:\n    fullcycle:services:\n        goserver: {replicas: 1}',
      'config:\n    fullcycle:services:\n        goserver: {replicas: 1}\n        shop:\n          replicas: 1\n          resources:\n            cpu:\n              request: 20m\n              limit: "1"\n',
    ],
    [
      'makes the list where there is none',
      '# file\nconfig:\n  fullcycle:services: {}\n',
      '# file\nconfig:\n  fullcycle:services: { shop: { replicas: 1, resources: { cpu: { request: 20m, limit: "1" } } } }\n',
    ],
  ])('%s', (_what, before, after) => {
    expect(addService(before, 'shop', settings)).toBe(after);
  });
});

describe('a value is replaced', () => {
  it('where it stands, and nothing else', () => {
    const text = 'config:\n  fullcycle:quota: # all pods\n    cpu: "2" # cores\n';
    expect(replaceValue(text, ['config', 'fullcycle:quota', 'cpu'], '3000m')).toBe(text.replace('"2"', '3000m'));
  });

  it('not where there is none', () => {
    expect(replaceValue('config: {}\n', ['config', 'fullcycle:quota', 'cpu'], '1')).toBeUndefined();
  });
});
