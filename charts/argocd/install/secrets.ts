import type { KubernetesObject } from '../../environment.ts';
import type { Problem } from '../../problem.ts';
import { ownValue } from './containers.ts';
import type { ArgoCdInstall, Repository } from './settings.ts';

/**
 * Secrets by which the repo server and its clients know each other.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/mtls/
 */
export const repoServerSecrets: readonly string[] = ['argocd-repo-server-tls', 'argocd-repo-server-mtls'];

/**
 * Who sends webhooks, and the key of argocd-secret that holds the shared secret.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/webhook/
 */
export const webhookKeys = {
  github: 'webhook.github.secret',
  gitlab: 'webhook.gitlab.secret',
  bitbucket: 'webhook.bitbucket.uuid',
  bitbucketServer: 'webhook.bitbucketserver.secret',
  gogs: 'webhook.gogs.secret',
} as const;

export type WebhookSender = keyof typeof webhookKeys;

/**
 * The secrets of an installation. A value is whatever the caller keeps secrets in, such as a Pulumi output: it is put in its place and
 * never looked into.
 */
export interface SecretValues<Value> {
  /** Password of the user admin. @default Argo CD makes one up and keeps it in `argocd-initial-admin-secret` */
  readonly adminPassword?: {
    /** bcrypt hash, as `argocd account bcrypt` prints it. */
    readonly hash: Value;
    /** When it was set, RFC 3339: sessions from before are over. */
    readonly changedAt: string;
  };
  /** @default made up by the manifest's own init container */
  readonly redisPassword?: Value;
  /** Shared secrets; without one, anybody may make Argo CD look at Git, which is all a webhook does. @default none */
  readonly webhooks?: Readonly<Partial<Record<WebhookSender, Value>>>;
  /** By the name in `repositories` of the settings. */
  readonly repositories?: Readonly<Record<string, RepositoryCredential<Value>>>;
  /** For `mutualTls`. */
  readonly repoServer?: RepoServerCertificates<Value>;
  /** Further keys of argocd-secret, such as the client secret of `oidc.config`. @default none */
  readonly other?: Readonly<Record<string, Value>>;
}

/**
 * How Argo CD logs in to a repository.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/declarative-setup/#repositories
 */
export type RepositoryCredential<Value> =
  | { readonly username: Value; readonly password: Value }
  | { readonly bearerToken: Value }
  | { readonly sshPrivateKey: Value }
  | { readonly githubAppID: Value; readonly githubAppInstallationID: Value; readonly githubAppPrivateKey: Value };

/** Certificates and keys in PEM, all signed by one authority of their own. */
export interface RepoServerCertificates<Value> {
  readonly authority: Value;
  /** For the DNS names `argocd-repo-server` and `argocd-repo-server.<namespace>.svc`. */
  readonly server: KeyPair<Value>;
  readonly client: KeyPair<Value>;
}

export interface KeyPair<Value> {
  readonly certificate: Value;
  readonly key: Value;
}

/** A Secret whose values may be opaque. */
export interface SecretObject<Value> extends KubernetesObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly type: 'Opaque';
  readonly stringData: Readonly<Record<string, Value | string>>;
}

/** `checkSecrets(install, values): Problem[]` - E_REFERENCE for what the settings refer to and is not there, and the reverse. */
export function checkSecrets<Value>(install: ArgoCdInstall, values: SecretValues<Value>): Problem[] {
  const given = Object.keys(values.repositories ?? {});
  const named = Object.keys(install.repositories);
  const missing = named.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !named.includes(name));
  return [
    ...missing.map((name) =>
      problem(`argocd.repositories.${name}`, 'needs a credential', 'add it to the secrets, or remove the repository'),
    ),
    ...unknown.map((name) =>
      problem(`argocd.repositories.${name}`, 'a credential for no repository', 'add its URL, or remove the credential'),
    ),
    ...(install.repoServerAccess === 'mutualTls' && !values.repoServer
      ? [problem('argocd.repoServerAccess', 'mutualTls needs certificates', 'add them to the secrets')]
      : []),
    ...(install.repoServerAccess === 'network' && values.repoServer
      ? [problem('argocd.repoServerAccess', 'network uses no certificates', 'set mutualTls, or remove them from the secrets')]
      : []),
    ...(!install.admin && values.adminPassword
      ? [problem('argocd.admin', 'a password for a user that is off', 'switch admin on, or remove its password from the secrets')]
      : []),
  ];
}

/**
 * All Secrets of the installation. Those of the manifest are among them, and left out by `installArgoCd`: each has one owner.
 * Arguments are expected to be without problems by {@link checkSecrets}.
 */
export function argoCdSecrets<Value>(install: ArgoCdInstall, values: SecretValues<Value>): SecretObject<Value>[] {
  const { redisPassword, repoServer, repositories = {} } = values;
  const secret = (name: string, labels: Record<string, string>, stringData: Record<string, Value | string>): SecretObject<Value> => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: install.namespace, labels },
    type: 'Opaque',
    stringData,
  });
  const own = (name: string, stringData: Record<string, Value | string>) => secret(name, official(name), stringData);
  return [
    own('argocd-secret', mainKeys(values)),
    ...(install.parts.notifications ? [own('argocd-notifications-secret', {})] : []),
    ...(redisPassword === undefined ? [] : [own('argocd-redis', { auth: redisPassword })]),
    ...(repoServer ? certificates(repoServer).map(([name, data]) => own(name, data)) : []),
    ...Object.entries(install.repositories).map(([name, repository]) =>
      secret(`repository-${name}`, repositoryLabels, { ...address(repository), ...ownValue(repositories, name) }),
    ),
  ];
}

const repositoryLabels = { 'argocd.argoproj.io/secret-type': 'repository' };

/** Argo CD finds its own Secrets by the second label. */
function official(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'argocd' };
}

/**
 * argocd-secret; Argo CD adds what it makes up itself.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/argocd-secret-yaml/
 */
function mainKeys<Value>({ adminPassword, webhooks = {}, other = {} }: SecretValues<Value>): Record<string, Value | string> {
  const senders = Object.entries(webhooks) as [WebhookSender, Value][];
  return {
    ...other,
    ...Object.fromEntries(senders.map(([sender, value]) => [webhookKeys[sender], value])),
    ...(adminPassword && { 'admin.password': adminPassword.hash, 'admin.passwordMtime': adminPassword.changedAt }),
  };
}

function address({ url, project }: Repository): Record<string, string> {
  return { type: 'git', url, ...(project !== undefined && { project }) };
}

function certificates<Value>({ authority, server, client }: RepoServerCertificates<Value>): [string, Record<string, Value>][] {
  return [
    ['argocd-repo-server-tls', { 'tls.crt': server.certificate, 'tls.key': server.key, 'ca.crt': authority }],
    [
      'argocd-repo-server-mtls',
      { 'client-ca.crt': authority, 'server-ca.crt': authority, 'client.crt': client.certificate, 'client.key': client.key },
    ],
  ];
}

function problem(field: string, rule: string, fix: string): Problem {
  return { code: 'E_REFERENCE', field, rule, fix };
}
