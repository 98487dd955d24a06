import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkEnv } from '../../../charts/validate/env.ts';
import { namesSecret, secretIn } from '../../../charts/validate/secret.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';

const letters = 'aB3dE5gH7jK9mN1pQ4sT6vW8xY0zC2fL';
/** Written in two halves, so that no scanner takes this file for a leak. */
const credentials: [kind: string, text: string][] = [
  ['a private key', '-----BEGIN ' + 'RSA PRIVATE KEY-----\nMIIE'],
  ['an AWS access key', 'AKIA' + 'IOSFODNN7EXAMPLE'],
  ['a GitHub token', 'ghp_' + letters],
  ['a GitHub token', 'github_pat_' + letters],
  ['a GitLab token', 'glpat-' + letters],
  ['a Slack token', 'xoxb-' + '1234567890-abcdef'],
  ['a Google API key', 'AIza' + `${letters}abc`],
  ['a Docker Hub token', 'dckr_pat_' + letters],
  ['an npm token', 'npm_' + `${letters}abcd`],
  ['a Pulumi token', 'pul-' + '0123456789'.repeat(4)],
  ['a Vault token', 'hvs.' + letters],
  ['an API key', 'sk-' + letters],
  ['a JSON web token', 'eyJhbGciOiJIUzI1NiJ9.' + 'eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl'],
  ['a password in a URL', 'https://user:' + 'hunter22@git.example.com/a.git'],
];

describe.each(credentials)('%s', (kind, credential) => {
  it.each([
    ['alone', credential],
    ['in a sentence', `the value is ${credential} today`],
  ])('is found %s', (_, text) => {
    expect(secretIn(text)).toBe(kind);
  });

  it('is found in base64', () => {
    expect(secretIn(Buffer.from(`secret ${credential}, kept in base64`).toString('base64'))).toBe('a credential in base64');
  });
});

it('random text of 24 characters or more is found nearly always', () => {
  const random = fc.uint8Array({ minLength: 24, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  const found = fc.sample(random, { numRuns: 1000, seed: 7 }).filter((text) => secretIn(text) !== undefined);
  expect(found.length).toBeGreaterThan(950);
});

it.each([
  ['registry.example.com/team/goserver:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d'],
  ['1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d'],
  [`sha256:${'0123456789abcdef'.repeat(4)}`],
  ['resources-finalizer.argocd.argoproj.io'],
  ['https://git.example.com/team/gitops.git'],
  ['{projects/dev.yaml,projects/dev-namespace.yaml,applications/dev-*.yaml}'],
  ['[{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"set-by-kustomization"}]'],
  ['The quick brown fox jumps over the lazy dog, 42 times in 2026'],
  ['ThisIsALongCamelCaseNameOfSomething2'],
  ['Utf8ToBase64ConverterFactory'],
  ['nginx.ingress.kubernetes.io/proxy-read-timeout'],
  [''],
])('%j is no secret', (text) => {
  expect(secretIn(text)).toBeUndefined();
});

it.each([
  ['DB_PASSWORD', true],
  ['apiKey', true],
  ['client_secret', true],
  ['TOKEN', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['DB_PASSWORD_FILE', false],
  ['secretName', false],
  ['TOKEN_TTL', false],
  ['GREETING', false],
])('the name %s means a secret: %s', (name, expected) => {
  expect(namesSecret(name)).toBe(expected);
});

it('no message shows the value of a secret', () => {
  const canary = 'cAnArY' + letters;
  const problems = checkEnv('env', { DB_PASSWORD: 'short', KEY: canary, 'A=B': 'x', COUNT: 3, EMPTY_TOKEN: '' });
  expect(problems.map(formatProblem)).toEqual([
    'error[E_ENVVAR] env.DB_PASSWORD: - no secrets in Git, this looks like a secret by its name - keep it in a secret store and refer to it',
    'error[E_ENVVAR] env.KEY: - no secrets in Git, this looks like a random value - keep it in a secret store and refer to it',
    'error[E_ENVVAR] env.A=B: A=B - a variable name: letters, digits and "_", not starting with a digit - rename it',
    'error[E_ENVVAR] env.COUNT: 3 - a string - quote it',
  ]);
  expect(JSON.stringify(problems)).not.toContain(canary);
});

it('settings of more than 32 KiB are refused', () => {
  expect(checkEnv('env', { A: 'x '.repeat(17_000) }).map(formatProblem)).toEqual([
    'error[E_ENVVAR] env: 34008 bytes - at most 32768 bytes altogether - mount a file instead',
  ]);
});
