import { z } from 'zod';
import { type ArgoCdInstall, type ContainerResources, defaultInstall, type Repository } from '../../charts/argocd/install/settings.ts';
import { checkVersion } from '../../charts/argocd/install/version.ts';
import type { Problem } from '../../charts/problem.ts';
import { checkImage } from '../../charts/validate/image.ts';
import { checkName } from '../../charts/validate/name.ts';
import type { Range } from '../../charts/validate/number.ts';
import { checkAllowance, checkQuantity } from '../../charts/validate/quantity.ts';
import { checkRemote } from '../delivery/git/remote.ts';
import { boolean, integer, judge, string, stringMap, word } from './leaf.ts';
import { isVersion, matching, type Rule, text } from './rule.ts';
import type { ArgoCdConfig } from './stack.ts';

const copies: Range = { min: 1, max: 100 };
const processors: Range = { min: 1, max: 1000 };

/** What a stack file may say about Argo CD; the meaning and limits of each value are those of {@link ArgoCdInstall}. */
export function argocdSchema(): z.ZodType<ArgoCdConfig> {
  return z
    .strictObject({
      namespace: string('Namespace of Argo CD', checkName).default(defaultInstall.namespace),
      version: string('Version of Argo CD', version).default('3.5.7'),
      adopt: boolean('Take over an Argo CD that was installed by other means').default(false),
      highAvailability: boolean('Install the highly available manifest; asks for three nodes').default(defaultInstall.highAvailability),
      controllerShards: integer('Application controllers that share the clusters', copies).default(defaultInstall.controllerShards),
      repoServerReplicas: integer('Repo servers', copies).default(defaultInstall.repoServerReplicas),
      controller: controller(),
      reconciliation: reconciliation(),
      parts: parts(),
      admin: boolean('The built-in user admin may log in').default(defaultInstall.admin),
      sessionHours: integer('Hours until a login ends', { min: 1, max: 168 }).default(defaultInstall.sessionHours),
      defaultRole: word('What everybody may do who logged in', ['', 'role:readonly'] as const).default(defaultInstall.defaultRole),
      installationId: string('Tells two Argo CDs of one cluster apart', checkName).optional(),
      repositories: repositories(),
      images: images(),
      resources: resources(),
      config: config(),
    })
    .prefault({}) as unknown as z.ZodType<ArgoCdConfig>;
}

const version: Rule = (field, value) => {
  const problems = isVersion(field, value);
  return problems.length > 0 ? problems : checkVersion(field, String(value));
};

function controller() {
  const { statusProcessors, operationProcessors, kubectlParallelism } = defaultInstall.controller;
  return z
    .strictObject({
      statusProcessors: integer('Applications compared at a time', processors).default(statusProcessors),
      operationProcessors: integer('Applications synced at a time', processors).default(operationProcessors),
      kubectlParallelism: integer('Applies at a time', processors).default(kubectlParallelism),
    })
    .prefault({});
}

function reconciliation() {
  const { seconds, jitterSeconds } = defaultInstall.reconciliation;
  return z
    .strictObject({
      seconds: integer('Seconds between two looks at Git, without a webhook', { min: 10, max: 86_400 }).default(seconds),
      jitterSeconds: integer('At most so many seconds later', { min: 0, max: 86_400 }).default(jitterSeconds),
    })
    .prefault({});
}

function parts() {
  const { dex, notifications, applicationSets } = defaultInstall.parts;
  return z
    .strictObject({
      dex: boolean('Single sign-on').default(dex),
      notifications: boolean('Messages about Applications').default(notifications),
      applicationSets: boolean('Applications from generators').default(applicationSets),
    })
    .prefault({});
}

/** Credentials are secrets of the stack, by the same names. */
function repositories() {
  const repository = z.strictObject({
    url: string('URL of a Git repository that needs a credential', text(checkRemote)),
    project: string('AppProject that alone may use the credential', checkName).optional(),
  });
  return named<Repository>(repository, (name) => checkName(`.${name}`, name));
}

function images() {
  return stringMap('Images to take instead, by the name in the manifest', (field, value) =>
    Object.entries(value).flatMap(([name, image]) => text(checkImage)(`${field}.${name}`, image)),
  ).default({});
}

function resources() {
  const quantity = (what: string, resource: 'cpu' | 'memory') => string(what, (field, value) => checkQuantity(field, value, resource));
  const memory = z.strictObject({ request: quantity('Memory request', 'memory'), limit: quantity('Memory limit', 'memory') });
  const container = z.strictObject({
    cpu: quantity('CPU request', 'cpu'),
    memory: judge(memory, (value) => checkAllowance('', value, 'memory')),
  });
  return named<ContainerResources>(container, () => []);
}

function config() {
  const key = matching(/^[\w.-]{1,253}$/, 'a key of a ConfigMap: A-Z, a-z, 0-9 and "._-"', 'correct the key');
  const data = (name: string) =>
    stringMap(`Further keys of ${name}; a secret is written as $<key of argocd-secret>`, (field, value) =>
      Object.entries(value).flatMap(([name, content]) => [
        ...key(`${field}.${name}`, name),
        ...text(() => [])(`${field}.${name}`, content),
      ]),
    ).optional();
  return z
    .strictObject({
      'argocd-cm': data('argocd-cm'),
      'argocd-cmd-params-cm': data('argocd-cmd-params-cm'),
      'argocd-rbac-cm': data('argocd-rbac-cm'),
    })
    .prefault({});
}

/** A mapping with free keys. */
function named<T>(value: z.ZodType<T>, check: (name: string) => Problem[]) {
  const mapping: z.ZodType<Readonly<Record<string, T>>> = z.record(z.string(), value);
  return judge(mapping, (values) => Object.keys(values).flatMap(check)).default({});
}
