import { describe, expect, it } from 'vitest';
import { argoCdNamespace } from '../../infra/policy-pack/rules/argocd-namespace.ts';
import { argoCdVersion } from '../../infra/policy-pack/rules/argocd-version.ts';
import { explicitProvider } from '../../infra/policy-pack/rules/explicit-provider.ts';
import { noPrivileges } from '../../infra/policy-pack/rules/no-privileges.ts';
import { noSecretTexts } from '../../infra/policy-pack/rules/no-secret-texts.ts';
import { rootProject } from '../../infra/policy-pack/rules/root-project.ts';
import { secretValues } from '../../infra/policy-pack/rules/secret-values.ts';
import { type PropertyMap, type PropertyValue, Secret, unknown } from '../../infra/provider/value.ts';
import { declare, deployment, told } from './declare.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const inArgoCd = { name: 'x', namespace: 'argocd' };
const configMap = (data: PropertyMap, name = 'x'): PropertyMap => ({ kind: 'ConfigMap', metadata: { name, namespace: 'argocd' }, data });

describe('explicit-provider', () => {
  const object = { kind: 'ConfigMap', metadata: inArgoCd };
  const named = 'error[E_POLICY] x#provider: - explicit-provider: is named - pass a provider with kubeconfig and context in its options';
  const given = (setting: string) => named.replace('provider: -', `provider.${setting}: -`).replace('is named', 'is given');
  it.each<[string, Parameters<typeof declare>[1], string[]]>([
    ['a provider with both', {}, []],
    ['a kubeconfig that is a secret', { provider: { name: 'c', inputs: { kubeconfig: new Secret('text'), context: 'c' } } }, []],
    ['a kubeconfig that isn’t known yet', { provider: { name: 'c', inputs: { kubeconfig: new Secret(unknown), context: 'c' } } }, []],
    ['no provider', { provider: undefined }, [named]],
    ['the default provider', { provider: { name: 'default_4_34_2', inputs: { kubeconfig: 'text', context: 'c' } } }, [named]],
    ['the default provider of no version', { provider: { name: 'default', inputs: {} } }, [named]],
    ['a provider called defaults', { provider: { name: 'defaults', inputs: { kubeconfig: 'text', context: 'c' } } }, []],
    ['the current context', { provider: { name: 'c', inputs: { kubeconfig: 'text' } } }, [given('context')]],
    ['blanks', { provider: { name: 'c', inputs: { kubeconfig: new Secret(' '), context: '' } } }, [given('kubeconfig'), given('context')]],
  ])('judges %s', (_name, options, expected) => {
    expect(told(explicitProvider, declare(object, options))).toEqual(expected);
  });
});

describe('argocd-namespace', () => {
  const fix = 'deliver it by the GitOps repository';
  const foreign = (value: string) => `error[E_POLICY] x#metadata.namespace:${value} - argocd-namespace: Argo CD's, argocd - ${fix}`;
  const crds = 'applications.argoproj.io, applicationsets.argoproj.io, appprojects.argoproj.io';
  const roles = 'argocd-application-controller, argocd-applicationset-controller, argocd-server';
  it.each<[string, PropertyMap, string[]]>([
    ['an object beside Argo CD', { kind: 'ConfigMap', metadata: inArgoCd }, []],
    ['a namespace that isn’t known yet', { kind: 'ConfigMap', metadata: { name: 'x', namespace: unknown } }, []],
    ['metadata that isn’t known yet', { kind: 'ConfigMap', metadata: unknown }, [foreign('')]],
    ['an object elsewhere', { kind: 'ConfigMap', metadata: { name: 'x', namespace: 'kube-system' } }, [foreign(' kube-system')]],
    ['an object in no namespace', { kind: 'ConfigMap', metadata: { name: 'x' } }, [foreign('')]],
    ['Argo CD’s namespace', { kind: 'Namespace', metadata: { name: 'argocd' } }, []],
    [
      'another namespace',
      { kind: 'Namespace', metadata: { name: 'dev' } },
      [`error[E_POLICY] x#metadata.name: dev - argocd-namespace: of a Namespace, one of argocd - ${fix}`],
    ],
    [
      'a definition of Argo CD’s',
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'appprojects.argoproj.io' } },
      [],
    ],
    [
      'another definition',
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'rollouts.argoproj.io' } },
      [`error[E_POLICY] x#metadata.name: rollouts.argoproj.io - argocd-namespace: of a CustomResourceDefinition, one of ${crds} - ${fix}`],
    ],
    [
      'another binding',
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'me' } },
      [`error[E_POLICY] x#metadata.name: me - argocd-namespace: of a ClusterRoleBinding, one of ${roles} - ${fix}`],
    ],
    [
      'a webhook of the cluster',
      { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'x' } },
      [foreign('')],
    ],
  ])('judges %s', (_name, inputs, expected) => {
    expect(told(argoCdNamespace, declare(inputs))).toEqual(expected);
  });

  it.each([
    ['kubernetes:helm.sh/v3:Release', 'Release'],
    ['kubernetes:core/v1:ConfigMapList', 'ConfigMapList'],
  ])('refuses %s, which holds objects that aren’t resources', (type, kind) => {
    expect(told(argoCdNamespace, declare({ kind, metadata: inArgoCd }, { type }))).toEqual([
      `error[E_POLICY] x#kind: ${kind} - argocd-namespace: one resource for each object: no policy sees the others - ${fix}`,
    ]);
  });

  it('takes the namespace of the stack', () => {
    const object = declare({ kind: 'ConfigMap', metadata: { name: 'x', namespace: 'gitops' } });
    expect(told(argoCdNamespace, object, 'gitops')).toEqual([]);
  });
});

describe('argocd-version', () => {
  const field = 'x#spec.template.spec.containers[0].image';
  const holes = 'earlier ones show Secrets to readers (CVE-2026-42880, CVE-2026-45737) - take a newer version';
  const old = (version: string) => [
    `error[E_ARGO_VERSION] ${field}: ${version} - argocd-version: at least 3.2.12, 3.3.10, 3.4.2 on its line: ${holes}`,
  ];
  const untold = `argocd-version: says its version - write the tag besides the digest, or the label app.kubernetes.io/version`;
  it.each<[string, PropertyMap, string[]]>([
    ['the newest', deployment({ image: `quay.io/argoproj/argocd:v3.5.7@${digest}` }), []],
    ['an old one', deployment({ image: 'quay.io/argoproj/argocd:v3.4.1' }), old('v3.4.1')],
    ['an old one of a mirror', deployment({ name: 'copyutil', image: 'registry.local:5000/mirror/argocd:v2.14.0' }), old('v2.14.0')],
    ['an old one under another name', deployment({ image: 'registry.local/gitops:v3.2.11' }), old('v3.2.11')],
    [
      'something that is no version',
      deployment({ image: 'quay.io/argoproj/argocd:latest' }),
      [`error[E_ARGO_VERSION] ${field}: latest - argocd-version: a version of three numbers - write it like 3.5.7`],
    ],
    [
      'a digest',
      deployment({ image: `quay.io/argoproj/argocd@${digest}` }),
      [`error[E_POLICY] ${field}: quay.io/argoproj/argocd@${digest} - ${untold}`],
    ],
    [
      'a digest and the pods’ label',
      deployment({ image: `quay.io/argoproj/argocd@${digest}` }, {}, { 'app.kubernetes.io/version': 'v3.5.7' }),
      [],
    ],
    [
      'a digest and an old label',
      deployment({ image: `quay.io/argoproj/argocd@${digest}` }, {}, { 'app.kubernetes.io/version': 'v3.3.9' }),
      old('v3.3.9'),
    ],
    ['another image', deployment({ name: 'redis', image: 'redis:8.2.3' }), []],
    ['an image that isn’t known yet', deployment({ image: unknown }), []],
  ])('judges %s', (_name, inputs, expected) => {
    expect(told(argoCdVersion, declare(inputs))).toEqual(expected);
  });
});

describe('secret-values', () => {
  const secret = (fields: PropertyMap): PropertyMap => ({ kind: 'Secret', metadata: inArgoCd, ...fields });
  const clear = (field: string) =>
    `error[E_POLICY] x#${field}: - secret-values: is a secret to Pulumi - pass a value that is secret by itself: requireSecret(), or a Password`;
  it.each<[string, PropertyMap, string[]]>([
    ['secret values', secret({ stringData: { auth: new Secret('hidden'), later: new Secret(unknown) } }), []],
    ['what the plugin made secret', secret({ data: new Secret({ auth: 'c2hvd24=', tls: new Secret('aGlkZGVu') }) }), [clear('data.auth')]],
    ['a secret of nothing known', secret({ data: new Secret(unknown) }), []],
    ['what isn’t known yet', secret({ stringData: unknown, data: { auth: unknown } }), []],
    ['clear values', secret({ stringData: { auth: 'shown' }, data: { tls: 'c2hvd24=' } }), [clear('data.tls'), clear('stringData.auth')]],
    ['an empty value', secret({ stringData: { auth: '' } }), []],
    ['what Argo CD has there without being secret', secret({ stringData: { type: 'git', url: 'https://git.example.com/x.git' } }), []],
    ['a password in a URL', secret({ stringData: { url: 'https://me:hunter2@git.example.com/x.git' } }), [clear('stringData.url')]],
    ['no values', secret({}), []],
    ['what is no Secret', configMap({ auth: 'shown' }), []],
  ])('judges %s', (_name, inputs, expected) => {
    expect(told(secretValues, declare(inputs))).toEqual(expected);
  });
});

describe('secret-values of a class that seals its data', () => {
  it('can’t be told from the program’s text', () => {
    const object = { kind: 'Secret', metadata: inArgoCd, stringData: new Secret({ auth: 'sealed' }), data: { auth: 'shown' } };
    expect(told(secretValues, declare(object, { sealed: ['stringData'] }))).toEqual([
      'error[E_POLICY] x#data.auth: - secret-values: is a secret to Pulumi - pass a value that is secret by itself: requireSecret(), or a Password',
    ]);
  });
});

describe('no-secret-texts', () => {
  const fix = 'keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown';
  const found = (field: string, kind: string) => `error[E_SECRET_IN_RENDER] x#${field}: - no-secrets: this looks like ${kind} - ${fix}`;
  const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----\n';
  const token = `ghp_${'a1B2'.repeat(9)}`;
  it.each<[string, PropertyMap, string[]]>([
    ['a key in a ConfigMap', configMap({ 'tls.pem': pem }), [found('data.tls.pem', 'a private key')]],
    [
      'a token in a variable',
      deployment({ env: [{ name: 'GIT', value: token }] }),
      [found('spec.template.spec.containers[0].env[0].value', 'a GitHub token')],
    ],
    [
      'a password by its name',
      deployment({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] }),
      [found('spec.template.spec.containers[0].env[0].value', 'a secret by its name')],
    ],
    [
      'a token that the program keeps secret, but not the cluster',
      configMap({ x: new Secret(token) }),
      [found('data.x', 'a GitHub token')],
    ],
    ['a reference', deployment({ env: [{ name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } }] }), []],
    [
      'keys of hosts, which are public',
      configMap({ ssh_known_hosts: `host ssh-rsa ${'aB1x'.repeat(20)}` }, 'argocd-ssh-known-hosts-cm'),
      [],
    ],
    ['a switch about tokens', configMap({ 'enable.token.check': 'true' }), []],
    ['what isn’t known yet', configMap({ x: unknown }), []],
    ['a Secret', { kind: 'Secret', metadata: inArgoCd, stringData: { x: new Secret(token) } }, []],
  ])('judges %s', (_name, inputs, expected) => {
    expect(told(noSecretTexts, declare(inputs))).toEqual(expected);
  });
});

describe('no-privileges', () => {
  const pod = 'x#spec.template.spec';
  const must = 'no-privileges: is not set - remove it: Argo CD needs nothing of its node';
  it.each<[string, PropertyMap, string[]]>([
    [
      'a restricted pod',
      deployment({
        securityContext: { privileged: false, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsUser: 999 },
      }),
      [],
    ],
    [
      'a privileged container',
      deployment({ securityContext: { privileged: true } }),
      [`error[E_POLICY] ${pod}.containers[0].securityContext.privileged: true - ${must}`],
    ],
    [
      'root',
      deployment({ securityContext: { runAsUser: 0 } }, { securityContext: { runAsUser: 0 } }),
      [
        `error[E_POLICY] ${pod}.securityContext.runAsUser: 0 - ${must}`,
        `error[E_POLICY] ${pod}.containers[0].securityContext.runAsUser: 0 - ${must}`,
      ],
    ],
    [
      'more rights',
      deployment({ securityContext: { allowPrivilegeEscalation: true, capabilities: { add: ['SYS_ADMIN'] } } }),
      [
        `error[E_POLICY] ${pod}.containers[0].securityContext.allowPrivilegeEscalation: true - ${must}`,
        `error[E_POLICY] ${pod}.containers[0].securityContext.capabilities.add: ["SYS_ADMIN"] - ${must}`,
      ],
    ],
    [
      'the node',
      deployment({ ports: [{ hostPort: 80 }] }, { hostNetwork: true, hostPID: true, volumes: [{ hostPath: { path: '/' } }] }),
      [
        `error[E_POLICY] ${pod}.hostNetwork: true - ${must}`,
        `error[E_POLICY] ${pod}.hostPID: true - ${must}`,
        `error[E_POLICY] ${pod}.volumes[0].hostPath: / - ${must}`,
        `error[E_POLICY] ${pod}.containers[0].ports[0].hostPort: 80 - ${must}`,
      ],
    ],
    [
      'a job',
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: inArgoCd,
        spec: { jobTemplate: { spec: { template: { spec: { initContainers: [{ securityContext: { privileged: true } }] } } } } },
      },
      [`error[E_POLICY] x#spec.jobTemplate.spec.template.spec.initContainers[0].securityContext.privileged: true - ${must}`],
    ],
    ['what runs nothing', configMap({ privileged: 'true' }), []],
  ])('judges %s', (_name, inputs, expected) => {
    expect(told(noPrivileges, declare(inputs))).toEqual(expected);
  });
});

describe('root-project', () => {
  const application = (project: PropertyValue | undefined, kind = 'Application'): PropertyMap => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind,
    metadata: inArgoCd,
    spec: kind === 'Application' ? { ...(project !== undefined && { project }) } : { template: { spec: { project: project ?? null } } },
  });
  const wrong = (field: string, value: string) =>
    `error[E_POLICY] x#${field}:${value} - root-project: names a project that is not default - name <env>-root`;
  it.each<[string, PropertyMap, string[]]>([
    ['a project of its own', application('dev-root'), []],
    ['one that isn’t known yet', application(unknown), []],
    ['default', application('default'), [wrong('spec.project', ' default')]],
    ['nothing, which means default', application(''), [wrong('spec.project', ' ""')]],
    ['no project', application(undefined), [wrong('spec.project', '')]],
    ['a template', application('default', 'ApplicationSet'), [wrong('spec.template.spec.project', ' default')]],
    ['an Application of something else', { apiVersion: 'app.k8s.io/v1', kind: 'Application', metadata: inArgoCd }, []],
  ])('judges %s', (_name, inputs, expected) => {
    expect(told(rootProject, declare(inputs))).toEqual(expected);
  });
});
