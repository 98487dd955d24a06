import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../charts/problem.ts';
import { checkDigest, checkImage, checkImageName, checkTag, parseImage } from '../../../charts/validate/image.ts';
import { checkAnnotations, checkLabelKey, checkLabelValue } from '../../../charts/validate/label.ts';
import { checkHost, checkName, checkNamespace, checkServiceName } from '../../../charts/validate/name.ts';
import { checkContainerPort, checkPort, checkReplicas } from '../../../charts/validate/number.ts';
import { checkPath, checkUrlPath } from '../../../charts/validate/path.ts';
import { amountOf, checkAllowance, checkQuantity } from '../../../charts/validate/quantity.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';

type Check = (field: string, value: unknown) => Problem[];
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const notStrings = [undefined, null, 3, true, {}, ['prod']];

const table: [name: string, check: Check, code: string, good: unknown[], bad: unknown[]][] = [
  [
    'checkName',
    checkName,
    'E_NAME',
    ['a', '0', 'prod', 'eu-west-1', 'a'.repeat(63), '1a'],
    [
      '',
      'Prod',
      'prod ',
      'prod\n',
      ' prod',
      'a_b',
      '-a',
      'a-',
      'a'.repeat(64),
      'a.b',
      '🚀',
      'prоd',
      '__proto__',
      'a\u200bb',
      ...notStrings,
    ],
  ],
  ['checkServiceName', checkServiceName, 'E_NAME', ['a', 'go-server', 'a1'], ['1a', 'A', 'a-', '', 'a'.repeat(64), 'a.b', ...notStrings]],
  [
    'checkHost',
    checkHost,
    'E_NAME',
    ['a', 'a.example.com', '*.example.com', '1.2.3.4'],
    ['', '*', 'a..b', 'https://a', 'a:80', 'a/b', 'A.b', '.a', 'a.', 'a.*.b', `${'a'.repeat(63)}.`.repeat(4), ...notStrings],
  ],
  [
    'checkLabelValue',
    checkLabelValue,
    'E_LABEL',
    ['', 'a', 'A.b_c-1', 'x'.repeat(63)],
    ['x'.repeat(64), '-a', 'a-', 'a b', 'a/b', 'ä', 'a\n', ...notStrings],
  ],
  [
    'checkLabelKey',
    checkLabelKey,
    'E_LABEL',
    ['a', 'a.b/c', 'app.kubernetes.io/name', 'A'],
    ['', '/a', 'a/', 'A/b', 'a/b/c', '-a', 'x'.repeat(64), `${'x'.repeat(254)}/a`, ...notStrings],
  ],
  [
    'checkImage',
    checkImage,
    'E_IMAGE',
    [`goserver@${digest}`, `registry.example.com:5000/team/goserver:1a2b@${digest}`, `localhost/a:${'x'.repeat(128)}@${digest}`],
    [
      'goserver',
      'goserver:1a2b',
      'goserver:latest',
      `goserver:latest@${digest}`,
      `goserver@${digest.slice(0, -1)}`,
      `goserver@${digest.toUpperCase()}`,
      `goserver@${digest.replace('256', '512')}`,
      ` goserver@${digest}`,
      `go server@${digest}`,
      `http://registry/goserver@${digest}`,
      `user:password@registry/goserver@${digest}`,
      `goserver:${'x'.repeat(129)}@${digest}`,
      `goserver:$(id)@${digest}`,
      `goserver:@${digest}`,
      `Goserver@${digest}`,
      `@${digest}`,
      `goserver@${digest}\n`,
      ...notStrings,
    ],
  ],
  [
    'checkImageName',
    checkImageName,
    'E_IMAGE',
    ['a', 'registry.fullcycle.internal', 'localhost:5000/a', 'ghcr.io/a/b__c-d'],
    ['', 'A', 'a:1', 'a@b', 'https://a', 'a//b', '/a', 'a/', 'user@host/a', 'a'.repeat(256), ...notStrings],
  ],
  [
    'checkTag',
    checkTag,
    'E_IMAGE',
    ['1a2b', 'v1.0', '_', 'x'.repeat(128)],
    ['', 'latest', '.a', '-a', 'a b', 'x'.repeat(129), 'a:b', 'a\n', ...notStrings],
  ],
  [
    'checkDigest',
    checkDigest,
    'E_IMAGE',
    [digest],
    ['', 'sha256:', digest.toUpperCase(), `${digest}0`, `sha512:${'0'.repeat(128)}`, ...notStrings],
  ],
  [
    'checkReplicas',
    (field, value) => checkReplicas(field, value, { min: 2, max: 10 }),
    'E_REPLICAS',
    [2, 10, 3.0],
    [-1, 0, 1, 11, 1.5, '3', Number.NaN, 1e9, Infinity, null, undefined],
  ],
  ['checkPort', checkPort, 'E_PORT', [1, 80, 65535], [0, -1, 65536, '80', 80.5, Number.NaN, null, undefined]],
  ['checkContainerPort', checkContainerPort, 'E_PORT', [1024, 8080, 65535], [80, 1023, 65536, '8080', null]],
  [
    'checkQuantity cpu',
    (field, value) => checkQuantity(field, value, 'cpu'),
    'E_QUANTITY',
    ['1', '0.5', '250m', '0.125', '999999m'],
    ['0', '0m', '-1', '0.1.1', '1e3', '1 ', '1Gi', '.5', '1.', '0.1234', '1e400', '1234567m', 1, null],
  ],
  [
    'checkQuantity memory',
    (field, value) => checkQuantity(field, value, 'memory'),
    'E_QUANTITY',
    ['1Mi', '128Mi', '2Gi', '999999Gi'],
    ['100', '128m', '1 Gi', '1GiB', '0Mi', '-1Gi', '1.5Gi', '1e400', '1G', '1Ki', '1234567Mi', 128, null],
  ],
  [
    'checkPath',
    checkPath,
    'E_PATH',
    ['app', 'app/goserver', 'a.b/c_d-e', '.github/x', '.gitignore'],
    [
      '',
      '.',
      '..',
      '../x',
      'a/../../b',
      '/a',
      'a/',
      'a//b',
      './a',
      'a\\b',
      '%2e%2e',
      'a\0b',
      'a'.repeat(4096),
      '.git/hooks/x',
      'a/.git',
      '.GIT/x',
      '.git./x',
      'a b',
      'a\n',
      'ä',
      'git~1',
      '-'.repeat(513),
      ...notStrings,
    ],
  ],
  [
    'checkUrlPath',
    checkUrlPath,
    'E_PATH',
    ['/', '/healthz', '/a/b.c', '/a%20b'],
    ['', 'healthz', '/a?b', '/a#b', '/../a', '/a/..', '/./a', '/a b', '/a\n', '/a\\b', `/${'a'.repeat(1024)}`, ...notStrings],
  ],
];

describe.each(table)('%s', (_, check, code, good, bad) => {
  it.each(good.map((value) => [value]))('accepts %j', (value) => {
    expect(check('field', value)).toEqual([]);
  });

  it.each(bad.map((value) => [value]))('refuses %j, naming field, rule and fix', (value) => {
    const [problem, ...more] = check('field', value);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code, field: 'field' });
    expect(formatProblem(problem as Problem)).toMatch(new RegExp(`^error\\[${code}\\] field:.* - \\S.+ - \\S.+$`));
  });

  it('ends on any value, quickly and without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 600 }), fc.anything()), (value) => {
        expect(check('field', value).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000, interruptAfterTimeLimit: 20_000 },
    );
  });
});

it.each([
  ['kube-system', 'E_NAMESPACE'],
  ['kube-x', 'E_NAMESPACE'],
  ['default', 'E_NAMESPACE'],
  ['argocd', 'E_NAMESPACE'],
  ['gitops-system', 'E_NAMESPACE'],
  ['Prod', 'E_NAME'],
])('namespace %s is refused with %s', (value, code) => {
  expect(checkNamespace('namespace', value, ['gitops-system']).map((problem) => problem.code)).toEqual([code]);
  expect(checkNamespace('namespace', 'prod')).toEqual([]);
});

it('annotations may hold 256 KiB of strings and no more', () => {
  const size = 256 * 1024;
  expect(checkAnnotations('annotations', { a: 'x'.repeat(size - 1) })).toEqual([]);
  expect(checkAnnotations('annotations', { a: 'x'.repeat(size) }).map(formatProblem)).toEqual([
    'error[E_LABEL] annotations: 262145 bytes - annotations of one object hold at most 262144 bytes - move the text elsewhere',
  ]);
  expect(checkAnnotations('annotations', { 'a b': 1 }).map((problem) => problem.field)).toEqual(['annotations.a b', 'annotations.a b']);
});

it('an allowance reports both ends, then a request over its limit', () => {
  expect(checkAllowance('memory', { request: '128m', limit: 100 }, 'memory').map((problem) => problem.field)).toEqual([
    'memory.request',
    'memory.limit',
  ]);
  expect(checkAllowance('cpu', { request: '500m', limit: '0.5' }, 'cpu')).toEqual([]);
  expect(checkAllowance('memory', { request: '2Gi', limit: '2047Mi' }, 'memory').map(formatProblem)).toEqual([
    'error[E_QUANTITY] memory.request: 2Gi - at most the limit, which is 2047Mi - lower the request or raise the limit',
  ]);
});

it('amounts compare across units', () => {
  expect([
    amountOf('0.5', 'cpu'),
    amountOf('500m', 'cpu'),
    amountOf('1Gi', 'memory'),
    amountOf('1024Mi', 'memory'),
    amountOf('x', 'cpu'),
  ]).toEqual([500, 500, 2 ** 30, 2 ** 30, Number.NaN]);
});

it('a path can be held inside a folder', () => {
  expect(checkPath('path', 'environments/dev/a.yaml', 'environments/dev')).toEqual([]);
  expect(checkPath('path', 'environments/development/a.yaml', 'environments/dev').map(formatProblem)).toEqual([
    'error[E_PATH] path: environments/development/a.yaml - a relative, normalised path of A-Z, a-z, 0-9, ".", "_" and "-", at most 512 characters, without ".." or ".git" parts, below environments/dev/ - write it from the root of the repository, like app/goserver',
  ]);
});

it.each([
  ['goserver', { name: 'goserver' }],
  ['localhost:5000/goserver', { name: 'localhost:5000/goserver' }],
  ['localhost:5000/goserver:1a', { name: 'localhost:5000/goserver', tag: '1a' }],
  [`goserver:1a@${digest}`, { name: 'goserver', tag: '1a', digest }],
])('parses image %s', (reference, parts) => {
  expect(parseImage(reference)).toEqual(parts);
});

it.each([
  [
    'Prod',
    'error[E_NAME] name: Prod - a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends - rename it, for example to prod',
  ],
  ['', 'error[E_NAME] name: "" - a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends - rename it'],
  [3, 'error[E_NAME] name: 3 - a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends - write it as a string'],
])('says what is wrong with the name %j', (value, text) => {
  expect(checkName('name', value).map(formatProblem)).toEqual([text]);
});
