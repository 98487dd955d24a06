import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../infra/delivery/errors.ts';
import { belongsTo, blobId, emptyLedger, formatLedger, objectKey, parseLedger, withOwned } from '../../../infra/delivery/plan/ledger.ts';

const blob = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';
const fix = 'restore the file from the history of the GitOps repo: git log -- .fullcycle/owned.json';
const section = (files: Record<string, string>, objects: string[] = []) =>
  JSON.stringify({ schema: 1, environments: { dev: { files, objects } } });

function problems(text: string): string[] {
  try {
    parseLedger(text);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).exitCode).toBe(1);
    return (error as Failure).message.split('\n');
  }
}

describe('the ledger', () => {
  it('is written with sorted keys, two spaces and a final newline', () => {
    const ledger = withOwned(emptyLedger, 'dev', {
      objects: ['/Namespace//dev'],
      files: { 'environments/dev/b.yaml': blob, 'environments/dev/a.yaml': blob },
    });
    expect(formatLedger(ledger)).toBe(`{
  "environments": {
    "dev": {
      "files": {
        "environments/dev/a.yaml": "${blob}",
        "environments/dev/b.yaml": "${blob}"
      },
      "objects": [
        "/Namespace//dev"
      ]
    }
  },
  "schema": 1
}
`);
    expect(parseLedger(formatLedger(ledger))).toEqual(ledger);
  });

  it('keeps the other sections when one is replaced', () => {
    const dev = { files: { 'environments/dev/a.yaml': blob }, objects: [] };
    const prod = { files: { 'argocd/projects/prod.yaml': blob }, objects: ['/Namespace//prod'] };
    const both = withOwned(withOwned(emptyLedger, 'dev', dev), 'prod', prod);
    expect(withOwned(both, 'dev', { files: {}, objects: [] }).environments).toEqual({ dev: { files: {}, objects: [] }, prod });
  });

  it.each([
    ['', ['.fullcycle/owned.json: - is empty']],
    ['\n', ['.fullcycle/owned.json: - is empty']],
    ['{"schema": 1, "environ', ['.fullcycle/owned.json: - is not JSON']],
    ['<<<<<<< HEAD\n{}', ['.fullcycle/owned.json: - is not JSON']],
    ['[]', ['.fullcycle/owned.json: - Invalid input: expected object, received array']],
    [
      '{}',
      [
        '.fullcycle/owned.json schema: - Invalid input: expected 1',
        '.fullcycle/owned.json environments: - Invalid input: expected record, received undefined',
      ],
    ],
    ['{"schema": 2, "environments": {}}', ['.fullcycle/owned.json schema: - Invalid input: expected 1']],
    ['{"schema": 1, "environments": {}, "x": 1}', ['.fullcycle/owned.json: - Unrecognized key: "x"']],
    [section({ 'environments/dev/a': 'abc' }), ['.fullcycle/owned.json environments.dev.files.environments/dev/a: - is a git blob id']],
    [section({}, ['Deployment']), ['.fullcycle/owned.json environments.dev.objects.0: - is group/kind/namespace/name']],
    [
      section({ 'environments/prod/a': blob }),
      ['.fullcycle/owned.json environments.dev.files.environments/prod/a: - is not a path of dev'],
    ],
    [
      section({ 'environments/dev/../prod/a': blob, 'README.md': blob }),
      [
        '.fullcycle/owned.json environments.dev.files.environments/dev/../prod/a: - is not a path of dev',
        '.fullcycle/owned.json environments.dev.files.README.md: - is not a path of dev',
      ],
    ],
  ])('that is broken is never taken for an empty one: %j', (text, expected) => {
    expect(problems(text)).toEqual(expected.map((line) => `error[E_STATE] ${line} - ${fix}`));
  });
});

describe('a path belongs to an environment', () => {
  it.each([
    ['environments/dev/release.json', true],
    ['environments/dev/goserver/deployment-goserver.yaml', true],
    ['argocd/projects/dev.yaml', true],
    ['argocd/projects/dev-namespace.yaml', true],
    ['argocd/applications/dev-goserver.yaml', true],
    ['environments/dev', false],
    ['environments/development/a.yaml', false],
    ['environments/prod/dev/a.yaml', false],
    ['environments/dev/../prod/a.yaml', false],
    ['environments//dev/a.yaml', false],
    ['argocd/projects/prod.yaml', false],
    ['argocd/applications/developer-x.yaml', false],
    ['argocd/dev.yaml', false],
    ['argocd/applications/x/dev-a.yaml', false],
    ['.fullcycle/owned.json', false],
    ['dev/a.yaml', false],
  ])('by its name: %s %s', (path, expected) => {
    expect(belongsTo('dev', path)).toBe(expected);
  });
});

describe('the key of an object', () => {
  it.each([
    ['apps/v1', 'Deployment', 'hello', 'dev', 'apps/Deployment/dev/hello'],
    ['apps/v2beta1', 'Deployment', 'hello', 'dev', 'apps/Deployment/dev/hello'],
    ['v1', 'Service', 'hello', 'dev', '/Service/dev/hello'],
    ['v1', 'Namespace', 'dev', undefined, '/Namespace//dev'],
    ['kustomize.config.k8s.io/v1beta1', 'Kustomization', 'hello', undefined, undefined],
  ])('leaves the version out: %s %s', (apiVersion, kind, name, namespace, key) => {
    expect(objectKey({ apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } })).toBe(key);
  });
});

describe('a blob id', () => {
  it('is what git says', () => {
    expect(blobId('')).toBe(blob);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(blobId(text)).toBe(execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).trim());
      }),
      { numRuns: 20 },
    );
    expect(blobId('', 'sha256')).toBe('473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813');
  });
});
