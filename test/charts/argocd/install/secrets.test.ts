import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { argoCdSecrets, checkSecrets, type SecretValues, type WebhookSender } from '../../../../charts/argocd/install/secrets.ts';
import type { ArgoCdInstall } from '../../../../charts/argocd/install/settings.ts';
import { isWorkload } from '../../../../charts/argocd/install/workload.ts';
import { formatProblem } from '../../../../infra/delivery/errors.ts';
import { dev, installed, prod } from './manifests.ts';

/** Something that must be passed on unread, such as an output of Pulumi: any look into it throws. */
class Sealed {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  toString(): never {
    throw new Error('read');
  }
  toJSON(): never {
    throw new Error('read');
  }
  [Symbol.toPrimitive](): never {
    throw new Error('read');
  }
}
const sealed = (name: string) => new Sealed(name);

const install: ArgoCdInstall = {
  ...prod,
  namespace: 'gitops-system',
  admin: true,
  repositories: {
    gitops: { url: 'https://git.example.com/gitops.git' },
    shared: { url: 'git@git.example.com:team/shared.git', project: 'prod' },
    app: { url: 'https://github.com/example/app.git' },
    token: { url: 'https://bitbucket.example.com/scm/a/b.git' },
  },
};
const values: SecretValues<Sealed> = {
  adminPassword: { hash: sealed('hash'), changedAt: '2026-11-21T12:00:00Z' },
  redisPassword: sealed('redis'),
  webhooks: { github: sealed('github'), gogs: sealed('gogs') },
  repositories: {
    gitops: { username: sealed('user'), password: sealed('password') },
    shared: { sshPrivateKey: sealed('key') },
    app: { githubAppID: sealed('id'), githubAppInstallationID: sealed('installation'), githubAppPrivateKey: sealed('app key') },
    token: { bearerToken: sealed('bearer') },
  },
  repoServer: {
    authority: sealed('authority'),
    server: { certificate: sealed('server certificate'), key: sealed('server key') },
    client: { certificate: sealed('client certificate'), key: sealed('client key') },
  },
  other: { 'oidc.clientSecret': sealed('oidc') },
};

/** `name/key` → the name of what is sealed there, or the text. */
function contents(from: ArgoCdInstall, given: SecretValues<Sealed>): Record<string, string> {
  return Object.fromEntries(
    argoCdSecrets(from, given).flatMap(({ metadata, stringData }) =>
      Object.entries(stringData).map(([key, value]) => [`${metadata.name}/${key}`, value instanceof Sealed ? `<${value.name}>` : value]),
    ),
  );
}

describe('Secrets', () => {
  it('hold every value at its place, unread', () => {
    expect(checkSecrets(install, values)).toEqual([]);
    expect(contents(install, values)).toEqual({
      'argocd-secret/oidc.clientSecret': '<oidc>',
      'argocd-secret/webhook.github.secret': '<github>',
      'argocd-secret/webhook.gogs.secret': '<gogs>',
      'argocd-secret/admin.password': '<hash>',
      'argocd-secret/admin.passwordMtime': '2026-11-21T12:00:00Z',
      'argocd-redis/auth': '<redis>',
      'argocd-repo-server-tls/tls.crt': '<server certificate>',
      'argocd-repo-server-tls/tls.key': '<server key>',
      'argocd-repo-server-tls/ca.crt': '<authority>',
      'argocd-repo-server-mtls/client-ca.crt': '<authority>',
      'argocd-repo-server-mtls/server-ca.crt': '<authority>',
      'argocd-repo-server-mtls/client.crt': '<client certificate>',
      'argocd-repo-server-mtls/client.key': '<client key>',
      'repository-gitops/type': 'git',
      'repository-gitops/url': 'https://git.example.com/gitops.git',
      'repository-gitops/username': '<user>',
      'repository-gitops/password': '<password>',
      'repository-shared/type': 'git',
      'repository-shared/url': 'git@git.example.com:team/shared.git',
      'repository-shared/project': 'prod',
      'repository-shared/sshPrivateKey': '<key>',
      'repository-app/type': 'git',
      'repository-app/url': 'https://github.com/example/app.git',
      'repository-app/githubAppID': '<id>',
      'repository-app/githubAppInstallationID': '<installation>',
      'repository-app/githubAppPrivateKey': '<app key>',
      'repository-token/type': 'git',
      'repository-token/url': 'https://bitbucket.example.com/scm/a/b.git',
      'repository-token/bearerToken': '<bearer>',
    });
  });

  it('live in the namespace of Argo CD, under the labels it finds them by', () => {
    const secrets = argoCdSecrets(install, values);
    expect(new Set(secrets.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['gitops-system']));
    expect(secrets.map(({ metadata }) => [metadata.name, metadata.labels])).toEqual([
      ...['argocd-secret', 'argocd-redis', 'argocd-repo-server-tls', 'argocd-repo-server-mtls'].map((name) => [
        name,
        { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'argocd' },
      ]),
      ...['gitops', 'shared', 'app', 'token'].map((name) => [`repository-${name}`, { 'argocd.argoproj.io/secret-type': 'repository' }]),
    ]);
  });

  it('without any value is the one that Argo CD fills itself', () => {
    expect(argoCdSecrets(dev, {})).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'argocd-secret',
          namespace: 'argocd',
          labels: { 'app.kubernetes.io/name': 'argocd-secret', 'app.kubernetes.io/part-of': 'argocd' },
        },
        type: 'Opaque',
        stringData: {},
      },
    ]);
    const notified = { ...dev, parts: { ...dev.parts, notifications: true } };
    expect(argoCdSecrets(notified, {}).map(({ metadata }) => metadata.name)).toEqual(['argocd-secret', 'argocd-notifications-secret']);
  });

  it.each<[WebhookSender, string]>([
    ['github', 'webhook.github.secret'],
    ['gitlab', 'webhook.gitlab.secret'],
    ['bitbucket', 'webhook.bitbucket.uuid'],
    ['bitbucketServer', 'webhook.bitbucketserver.secret'],
    ['gogs', 'webhook.gogs.secret'],
  ])('of webhooks by %s are under %s', (sender, key) => {
    expect(contents(dev, { webhooks: { [sender]: sealed('shared') } })).toEqual({ [`argocd-secret/${key}`]: '<shared>' });
  });

  it('have every key that pods mount', () => {
    const keys = Object.keys(contents(install, values));
    const mounted = installed(install)
      .filter(isWorkload)
      .flatMap(({ spec }) => spec.template.spec.volumes ?? [])
      .flatMap(({ secret }) => secret?.items?.map(({ key }) => `${secret.secretName}/${key}`) ?? []);
    expect(mounted.length).toBeGreaterThan(10);
    expect([...new Set(mounted)].filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('leave no trace in what is not secret', () => {
    const canary = 'canary-7f3a9c';
    const told = installed({ ...install, repositories: { gitops: { url: 'https://git.example.com/gitops.git' } } });
    const given = argoCdSecrets<string>(install, { redisPassword: canary, other: { key: canary } });
    expect(JSON.stringify(told)).not.toContain(canary);
    expect(JSON.stringify(given).split(canary)).toHaveLength(3);
    expect(given.every(({ kind, metadata }) => kind === 'Secret' && !JSON.stringify(metadata).includes(canary))).toBe(true);
  });
});

describe('what does not fit together', () => {
  it.each<[string, ArgoCdInstall, SecretValues<Sealed>, string[]]>([
    [
      'a repository without credential',
      install,
      { ...values, repositories: { gitops: { bearerToken: sealed('bearer') } } },
      ['shared', 'app', 'token'].map(
        (name) => `error[E_REFERENCE] argocd.repositories.${name}: - needs a credential - add it to the secrets, or remove the repository`,
      ),
    ],
    [
      'a credential without repository',
      dev,
      { repositories: { gitops: { bearerToken: sealed('bearer') } } },
      ['error[E_REFERENCE] argocd.repositories.gitops: - a credential for no repository - add its URL, or remove the credential'],
    ],
    [
      'mutual TLS without certificates',
      prod,
      {},
      ['error[E_REFERENCE] argocd.repoServerAccess: - mutualTls needs certificates - add them to the secrets'],
    ],
    [
      'certificates without mutual TLS',
      dev,
      { repoServer: values.repoServer },
      ['error[E_REFERENCE] argocd.repoServerAccess: - network uses no certificates - set mutualTls, or remove them from the secrets'],
    ],
    [
      'a password for nobody',
      { ...dev, admin: false },
      { adminPassword: values.adminPassword },
      ['error[E_REFERENCE] argocd.admin: - a password for a user that is off - switch admin on, or remove its password from the secrets'],
    ],
  ])('%s', (_what, from, given, problems) => {
    expect(checkSecrets(from, given).map(formatProblem)).toEqual(problems);
  });

  it('is told all at once, and shows no value', () => {
    const problems = checkSecrets(
      { ...dev, admin: false },
      { ...values, repositories: { constructor: { bearerToken: sealed('bearer') } } },
    );
    expect(problems).toHaveLength(3);
    expect(inspect(problems)).not.toContain('Sealed');
  });
});
