import { afterEach, describe, expect, it } from 'vitest';
import { refusal, withoutPlace, withValue } from './project.ts';

/** Values of one field that break one rule: `E_REPLICAS services.goserver.replicas`, what is said of them, and how each is shown. */
interface Group {
  readonly row: string;
  readonly code: string;
  readonly field: string;
  readonly says: string;
  /** Values shown as they are written. */
  readonly values?: readonly unknown[];
  /** Values shown differently. */
  readonly shown?: readonly (readonly [value: unknown, shown: string])[];
}

const cyrillic = '\u0430rgo';
const image = 'an image name: [host[:port]/]path in lower case, at most 255 characters, without scheme, credentials, tag or digest';
const label = 'a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends';
const reserved =
  'reserved: default, kube-* and the namespace of Argo CD belong to the platform - give the environment a namespace of its own';
const replicas = "a whole number from 1 to 3 - stay within the environment's range, or widen it";
const branch = 'use a plain name such as main';
const cpu = 'a CPU quantity above 0: cores such as 2 or 0.5, or millicores such as 250m, at most 6 digits';
const memory = 'a memory quantity above 0: a whole number of Mi or Gi such as 128Mi, at most 6 digits - write it like 128Mi';
const url = 'write it as https://host/path.git or git@host:path.git';
const committer = 'write it as git config takes it';
const urlPath = 'a URL path: starts with "/", at most 1024 characters, without query, fragment or ".." parts - write it like /healthz';
const variable = 'a variable name: letters, digits and "_", not starting with a digit - rename it';
const mapping = 'a mapping - write it as key: value lines';
const server =
  'the https address of an API server: host and port alone, without credentials, path or query - write it like https://kubernetes.default.svc';
const context =
  'the name of a kubeconfig context: at most 253 of A-Z, a-z, 0-9 and "@:/._-", a letter or digit first - take it from kubectl config get-contexts';
const uid = "the UID of a namespace - take it from kubectl get namespace kube-system -o jsonpath='{.metadata.uid}'";
const duration = 'a whole number of s, m, h or d, at most 6 digits - write it like 24h';
const shell = [
  '; touch canary',
  '$(touch canary)',
  '`touch canary`',
  '| touch canary',
  '& touch canary',
  '> canary',
  "'; touch canary; '",
  '*',
  '?',
  '~',
  '!',
  '\\',
  '$IFS',
];
const cut = (text: string) => `${text.slice(0, 117)}...`;

const groups: readonly Group[] = [
  { row: 'E2', code: 'E_NAME', field: 'argocd.namespace', says: `${label} - rename it`, values: ['---', '😀'], shown: [['', '""']] },
  {
    row: 'E2',
    code: 'E_NAME',
    field: 'argocd.namespace',
    says: `${label} - rename it, for example to argo`,
    values: ['Argo', '-argo', 'argo-', '_argo', 'argo.'],
  },
  { row: 'E2', code: 'E_NAME', field: 'argocd.namespace', says: `${label} - rename it, for example to rgo`, values: [cyrillic] },
  {
    row: 'E2',
    code: 'E_NAME',
    field: 'argocd.namespace',
    says: `${label} - rename it, for example to ${'a'.repeat(63)}`,
    values: ['a'.repeat(64)],
  },
  { row: 'E2', code: 'E_NAME', field: 'argocd.namespace', says: `${label} - write it as a string`, values: [null, [], {}] },
  { row: 'E2', code: 'E_NAME', field: 'argocd.namespace', says: `${label} - quote it`, values: [3, true] },
  {
    row: 'E3',
    code: 'E_NAMESPACE',
    field: 'namespace',
    says: reserved,
    values: ['kube-system', 'kube-public', 'kube-x', 'default', 'argocd'],
  },
  { row: 'E3', code: 'E_NAME', field: 'namespace', says: `${label} - rename it, for example to prod`, values: ['Prod', 'prod.', 'prod '] },
  {
    row: 'E3',
    code: 'E_NAME',
    field: 'namespace',
    says: `${label} - rename it, for example to a-b`,
    values: ['a_b', 'a.b', 'a/b'],
    shown: [['a\nb', 'a b']],
  },
  {
    row: 'E4',
    code: 'E_IMAGE',
    field: 'image.repository',
    says: `${image} - write it like registry.example.com/team`,
    values: [
      'http://r.example.com/x',
      'https://r.example.com',
      'me:secret@r.example.com/x',
      'R.example.com/X',
      'r.example.com/x:latest',
      'r.example.com/x@sha256:0',
      'r.example.com/a b',
      'r.example.com/$(id)',
      'r.example.com//x',
      '/x',
      'x/',
      '-x',
      'ä',
    ],
    shown: [
      ['', '""'],
      ['x'.repeat(256), cut('x'.repeat(256))],
    ],
  },
  { row: 'E4', code: 'E_TYPE', field: 'image.repository', says: 'a string - quote it', values: [3, null, [], {}] },
  {
    row: 'E5',
    code: 'E_REPLICAS',
    field: 'services.goserver.replicas',
    says: replicas,
    values: [-1, 0, 1.5, 4, 1e9, null, true, [], {}],
    shown: [
      ['3', '"3"'],
      ['', '""'],
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
    ],
  },
  {
    row: 'E5',
    code: 'E_REPLICAS',
    field: 'replicas.max',
    says: "a whole number from 1 to 1000 - stay within the environment's range, or widen it",
    values: [0, -1, 1001, 2.5, null],
    shown: [['3', '"3"']],
  },
  { row: 'E5', code: 'E_REPLICAS', field: 'replicas.min', says: 'at most the maximum, which is 3 - swap the two', values: [4] },
  {
    row: 'E7',
    code: 'E_QUANTITY',
    field: 'quota.cpu',
    says: `${cpu} - write it like 250m`,
    values: ['0.1.1', '-1', '1e400', '1 m', '4 ', '250M', '2Gi', '0', '1234567', null],
    shown: [['', '""']],
  },
  { row: 'E7', code: 'E_QUANTITY', field: 'quota.cpu', says: `${cpu} - quote it`, values: [4, 0.5] },
  {
    row: 'E7',
    code: 'E_QUANTITY',
    field: 'quota.memory',
    says: memory,
    values: ['100', '128m', '1 Gi', '1GiB', '1G', '1.5Gi', '-1Gi', '0Mi', '1e400', 100, null],
  },
  {
    row: 'E7',
    code: 'E_QUANTITY',
    field: 'services.goserver.resources.memory.request',
    says: 'at most the limit, which is 128Mi - lower the request or raise the limit',
    values: ['129Mi', '1Gi'],
  },
  {
    row: 'E7',
    code: 'E_QUANTITY',
    field: 'quota.pods',
    says: 'at least 4: what the services may use during a rollout - raise the quota, or lower replicas or limits',
    values: [3],
  },
  {
    row: 'E7',
    code: 'E_TYPE',
    field: 'quota.pods',
    says: 'a whole number from 1 to 10000 - write a number in this range, without quotes',
    values: [0, -1, 1.5, 10001, null],
    shown: [['20', '"20"']],
  },
  {
    row: 'E8',
    code: 'E_PATH',
    field: 'services.goserver.ingress.path',
    says: urlPath,
    values: ['../x', 'a/../../b', '/a/../../b', '/..', '/.', 'x', '.', 'a\\b', '/a?b', '/a#b', '/a b', 3, null],
    shown: [
      ['', '""'],
      [`/${'x'.repeat(4096)}`, cut(`/${'x'.repeat(4096)}`)],
    ],
  },
  {
    row: 'E9',
    code: 'E_REF',
    field: 'gitops.branch',
    says: `a branch name does not begin with - - ${branch}`,
    values: ['--upload-pack=x', '-c', '-', '--'],
  },
  { row: 'E9', code: 'E_REF', field: 'gitops.branch', says: `a branch name has no @{ - ${branch}`, values: ['@{-1}', 'main@{1}'] },
  { row: 'E9', code: 'E_REF', field: 'gitops.branch', says: `a branch name has no .. - ${branch}`, values: ['a..b', '../x'].slice(0, 1) },
  {
    row: 'E9',
    code: 'E_REF',
    field: 'gitops.branch',
    says: `a branch is named without refs/heads/ - ${branch}`,
    values: ['refs/heads/../x', 'refs/heads/main'],
  },
  { row: 'E9', code: 'E_REF', field: 'gitops.branch', says: `HEAD is not a branch - ${branch}`, values: ['HEAD'] },
  {
    row: 'E9',
    code: 'E_REF',
    field: 'gitops.branch',
    says: `no part of a branch name ends with .lock - ${branch}`,
    values: ['x.lock', 'a.lock/b'],
  },
  {
    row: 'E9',
    code: 'E_REF',
    field: 'gitops.branch',
    says: `a branch name has no spaces or control characters - ${branch}`,
    values: ['a b', ' ', 'main '],
  },
  {
    row: 'E9',
    code: 'E_REF',
    field: 'gitops.branch',
    says: `a branch name has none of ~ ^ : ? * [ \\ - ${branch}`,
    values: ['a:b', 'a^', 'a~1', 'a?', 'a*', '[a', 'a\\b'],
  },
  { row: 'E9', code: 'E_REF', field: 'gitops.branch', says: `a branch name is not empty - ${branch}`, shown: [['', '""']] },
  { row: 'E9', code: 'E_TYPE', field: 'gitops.branch', says: 'a string - quote it', values: [3, true, null] },
  {
    row: 'E10',
    code: 'E_NAME',
    field: 'gitops.author.name',
    says: `the name of a committer has no < > or control characters - ${committer}`,
    values: ['a<b', 'a>b'],
    shown: [['bot\nSigned-off-by: x', 'bot Signed-off-by: x']],
  },
  {
    row: 'E10',
    code: 'E_NAME',
    field: 'gitops.author.name',
    says: `the name of a committer has 1 to 200 characters - ${committer}`,
    shown: [
      ['', '""'],
      [' ', ' '],
      ['x'.repeat(201), cut('x'.repeat(201))],
    ],
  },
  {
    row: 'E10',
    code: 'E_NAME',
    field: 'gitops.author.email',
    says: `the email of a committer has no spaces - ${committer}`,
    values: ['a b@example.com'],
  },
  {
    row: 'E10',
    code: 'E_NAME',
    field: 'gitops.author.email',
    says: `the email of a committer has no < > or control characters - ${committer}`,
    values: ['<bot@example.com>'],
  },
  { row: 'E10', code: 'E_TYPE', field: 'gitops.author.name', says: 'a string - quote it', values: [3, null] },
  {
    row: 'E11',
    code: 'E_NAME',
    field: 'argocd.namespace',
    says: `${label} - rename it, for example to touch-canary`,
    values: shell.filter((text) => text.includes('touch')),
  },
  { row: 'E11', code: 'E_TYPE', field: 'image.builder', says: 'one of auto, ko, layers, docker - choose one of them', values: shell },
  {
    row: 'E11',
    code: 'E_TYPE',
    field: 'cluster.context',
    says: context,
    values: [...shell, '-x', '--kubeconfig=x', 'a b'],
    shown: [['', '""']],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'image.builder',
    says: 'one of auto, ko, layers, docker - did you mean ko?',
    values: ['Ko', 'k', 'ko '],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'image.builder',
    says: 'one of auto, ko, layers, docker - did you mean docker?',
    values: ['dokcer', 'DOCKER'],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'image.platforms',
    says: 'a list of at least 1 - write each item on a line after a dash',
    values: [[], 'linux/amd64', null, {}],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'gitops.layout',
    says: 'one of rendered, kustomize - choose one of them',
    values: ['helm', 3, null],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'gitops.sign',
    says: 'true or false - write it without quotes',
    values: [1, null],
    shown: [
      ['yes', '"yes"'],
      ['true', '"true"'],
    ],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'argocd.version',
    says: 'a version of three numbers - write it like 3.5.7',
    values: ['3.5', 'v3.5.7', 'latest', '3.5.7-rc1', '03.5.7', 3.5, null],
  },
  {
    row: 'E15',
    code: 'E_ARGO_VERSION',
    field: 'argocd.version',
    says: 'at least 3.2.12, 3.3.10, 3.4.2 on its line: earlier ones show Secrets to readers (CVE-2026-42880, CVE-2026-45737) - take a newer version',
    values: ['2.14.0', '3.2.11', '3.4.1'],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'argocd.controllerShards',
    says: 'a whole number from 1 to 100 - write a number in this range, without quotes',
    values: [0, 101, 1.5],
    shown: [['1', '"1"']],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'argocd.highAvailability',
    says: 'true or false - write it without quotes',
    values: [0, null],
    shown: [['no', '"no"']],
  },
  { row: 'E15', code: 'E_TYPE', field: 'cluster.identity', says: uid, values: ['x', 'ABCDEF00-0000-0000-0000-000000000000', 3] },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'promotion.soak',
    says: duration,
    values: ['1 day', '24', '-1h', '1.5h', '1h30m', '1234567s', 24, null],
  },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'promotion.from',
    says: 'one of prod, staging - did you mean staging?',
    values: ['stagin', 'Staging', 'staging '],
  },
  { row: 'E15', code: 'E_TYPE', field: 'promotion.from', says: 'one of prod, staging - choose one of them', values: ['dev', 'qa', null] },
  {
    row: 'E15',
    code: 'E_TYPE',
    field: 'deletionBudget',
    says: 'a whole number from 0 to 1000 - write a number in this range, without quotes',
    values: [-1, 1.5, 1001, null],
    shown: [['0', '"0"']],
  },
  { row: 'E15', code: 'E_TYPE', field: 'services.goserver', says: mapping, values: [null, 3, [], 'x'] },
  { row: 'E15', code: 'E_TYPE', field: 'services', says: mapping, values: [null, [], 'x'] },
  { row: 'E15', code: 'E_TYPE', field: 'image', says: mapping, values: [null, [], 'x'] },
  { row: 'E15', code: 'E_TYPE', field: 'services.goserver.resources.cpu', says: mapping, values: ['50m', null] },
  { row: 'E16', code: 'E_ENVVAR', field: 'services.goserver.env.LEVEL', says: 'a string - quote it', values: [3, 0.5, true, null, [], {}] },
  { row: 'E16', code: 'E_ENVVAR', field: 'services.goserver.env.1A', says: variable, shown: [['x', '1A']] },
  { row: 'E16', code: 'E_ENVVAR', field: 'services.goserver.env.A-B', says: variable, shown: [['x', 'A-B']] },
  { row: 'E16', code: 'E_TYPE', field: 'services.goserver.env', says: mapping, values: ['A=b', null], shown: [[['A=b'], '["A=b"]']] },
  {
    row: 'E17',
    code: 'E_URL_SCHEME',
    field: 'gitops.repository',
    says: `the transport is https, http or ssh - ${url}`,
    values: ['file:///srv/gitops.git', 'ext::sh', 'git://h/r', 'ftp://h/r', '/srv/gitops.git'],
  },
  {
    row: 'E17',
    code: 'E_URL',
    field: 'gitops.repository',
    says: `a URL does not begin with - - ${url}`,
    values: ['-x', '--upload-pack=x'],
  },
  {
    row: 'E17',
    code: 'E_URL',
    field: 'gitops.repository',
    says: 'a URL holds no password - remove it and set up a credential helper or an ssh key',
    shown: [['https://me:hunter2@h/r.git', 'https://***@h/r.git']],
  },
  {
    row: 'E17',
    code: 'E_URL',
    field: 'cluster.server',
    says: server,
    values: ['http://h', 'https://h/path', 'https://h?x', 'h', 'kubernetes.default.svc'],
    shown: [
      ['', '""'],
      ['https://h#x', 'https://h#x'],
    ],
  },
];

const cases = groups.flatMap(({ row, code, field, says, values = [], shown = [] }) => [
  ...values.map((value) => ({ row, field, value, line: `error[${code}] ${field}: ${plain(value)} - ${says}` })),
  ...shown.map(([value, text]) => ({ row, field, value, line: `error[${code}] ${field}: ${text} - ${says}` })),
]);

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

describe('a bad value is refused before anything is done', () => {
  afterEach(() => expect(Object.keys(Object.prototype)).toEqual([]));

  it.each(cases)('$row $field: $value', async ({ field, value, line }) => {
    expect(withoutPlace(await refusal(withValue(field, value)))).toEqual([line]);
  });
});

it('is more than two hundred cases', () => expect(cases.length).toBeGreaterThan(200));
