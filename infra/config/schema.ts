import { z } from 'zod';
import type { Catalog, Layout, ServiceSettings } from '../../charts/environment.ts';
import type { Problem } from '../../charts/problem.ts';
import { checkImageName } from '../../charts/validate/image.ts';
import { checkHost, checkName, checkNamespace } from '../../charts/validate/name.ts';
import { checkReplicas, mostReplicas, type Range } from '../../charts/validate/number.ts';
import { checkQuantity } from '../../charts/validate/quantity.ts';
import { checkIdentity, defaultIdentity } from '../delivery/git/identity.ts';
import { checkBranch } from '../delivery/git/ref.ts';
import { checkRemote } from '../delivery/git/remote.ts';
import type { BuilderName, Platform } from '../image/image.ts';
import { localNames } from '../local/addresses.ts';
import { argocdSchema } from './argocd-schema.ts';
import { checkHostAllowed, gitHost, imageHost } from './host.ts';
import { boolean, integer, judge, string, stringList, word, wordList } from './leaf.ts';
import { isClusterIdentity, isContext, isDuration, isServer, oneOf, secondsOf, text } from './rule.ts';
import { serviceSchema } from './service-schema.ts';

/** What the rules of one environment depend on. */
export interface SchemaScope {
  readonly catalog: Catalog;
  /** Replica range of the environment. */
  readonly range: Range;
  /** Hosts that repositories and registries may be on; empty for any. */
  readonly allowedHosts: readonly string[];
  /** Environments that may be promoted from; unknown when missing. */
  readonly others?: readonly string[];
}

const builders: readonly BuilderName[] = ['auto', 'ko', 'layers', 'docker'];
const platforms: readonly Platform[] = ['linux/amd64', 'linux/arm64'];
const layouts: readonly Layout[] = ['rendered', 'kustomize'];

/** Replica range of an environment that states none. */
export const defaultRange: Range = { min: 1, max: 10 };

/** Values under `fullcycle:`, checked one by one and complete. */
export type StackValues = z.output<ReturnType<typeof stackSchema>>;

/** Schema of the values under `fullcycle:` with their defaults. Problems are told in this order. */
export function stackSchema(scope: SchemaScope) {
  return z.strictObject({
    image: imageSchema(scope),
    gitops: gitopsSchema(scope),
    allowedHosts: stringList('Hosts that registries and Git repositories may be on; empty for any', checkHost).default([]),
    namespace: string('Namespace of all workloads; empty for the name of the environment', (field, value) =>
      value === '' ? [] : checkNamespace(field, value),
    ).default(''),
    cluster: clusterSchema(),
    argocd: argocdSchema(),
    replicas: rangeSchema(),
    quota: quotaSchema(),
    services: servicesSchema(scope),
    promotion: promotionSchema(scope),
    deletionBudget: integer('Objects that one delivery may delete without naming them', { min: 0, max: 1000 }).default(0),
  });
}

function imageSchema({ allowedHosts }: SchemaScope) {
  const repository = text((field, name) =>
    firstOf(checkImageName(field, name), () => checkHostAllowed(field, imageHost(name), allowedHosts)),
  );
  return z
    .strictObject({
      builder: word('How images are built', builders).default('auto'),
      repository: string('Registry, and path in it, that images are pushed below', repository).default(localNames.registry),
      platforms: wordList('Platforms of an image', platforms).default(platforms),
      buildOnPreview: boolean('Let pulumi preview build the images, without pushing them, to find a broken build').default(false),
    })
    .prefault({});
}

function gitopsSchema({ allowedHosts }: SchemaScope) {
  const repository = text((field, url) => firstOf(checkRemote(field, url), () => checkHostAllowed(field, gitHost(url), allowedHosts)));
  const author = z.strictObject({
    name: string(
      'Name in commits',
      text(() => []),
    ).default(defaultIdentity.name),
    email: string(
      'Mail address in commits',
      text(() => []),
    ).default(defaultIdentity.email),
  });
  return z
    .strictObject({
      repository: string('URL of the GitOps repo, as Argo CD reads it', repository).default(localNames.gitops),
      branch: string('Branch of the GitOps repo', text(checkBranch)).default('main'),
      layout: word('Images pinned in place, or by a kustomization.yaml', layouts).default('rendered'),
      author: judge(author, (identity) => checkIdentity('', identity)).prefault({}),
      sign: boolean('Sign commits with the signing key of the Git settings of the user').default(false),
    })
    .prefault({});
}

function clusterSchema() {
  return z
    .strictObject({
      context: string('Context of the kubeconfig', isContext).optional(),
      identity: string(
        'UID of the namespace kube-system; on another cluster everything stops before the first write',
        isClusterIdentity,
      ).optional(),
      server: string('API server as Argo CD reaches it', isServer).default('https://kubernetes.default.svc'),
    })
    .prefault({});
}

function rangeSchema() {
  const count = (description: string) => integer(description, { min: 1, max: mostReplicas }, (field, value) => checkReplicas(field, value));
  const range = z.strictObject({
    min: count('Fewest pods a service may ask for here').default(defaultRange.min),
    max: count('Most pods a service may ask for here').default(defaultRange.max),
  });
  return judge(range, checkRange).prefault({});
}

/** E_REPLICAS when the bounds are the wrong way round. */
export function checkRange({ min, max }: Range): Problem[] {
  if (min <= max) return [];
  return [{ code: 'E_REPLICAS', field: '.min', value: min, rule: `at most the maximum, which is ${max}`, fix: 'swap the two' }];
}

function quotaSchema() {
  return z
    .strictObject({
      cpu: string('CPU limits of all pods together', (field, value) => checkQuantity(field, value, 'cpu')).default('4'),
      memory: string('Memory limits of all pods together', (field, value) => checkQuantity(field, value, 'memory')).default('4Gi'),
      pods: integer('Pods, old and new ones of a rollout together', { min: 1, max: 10_000 }).default(20),
    })
    .prefault({});
}

function servicesSchema({ catalog, range }: SchemaScope) {
  const service = serviceSchema(range).optional();
  const services = z.strictObject(Object.fromEntries(catalog.map(({ name }) => [name, service])));
  return services.transform((values) => values as Readonly<Record<string, ServiceSettings>>);
}

function promotionSchema({ others }: SchemaScope) {
  return z
    .strictObject({
      from: string('Environment that releases are promoted from; none for the first', others ? oneOf(others) : checkName).optional(),
      soak: string('How long a release has been healthy there, like 24h', isDuration).default('0s').transform(secondsOf),
      requireHealthy: boolean('Promote only what Argo CD calls healthy there').default(true),
    })
    .prefault({});
}

/** The problems of the first rule, or else of the second. */
export function firstOf(problems: Problem[], next: () => Problem[]): Problem[] {
  return problems.length > 0 ? problems : next();
}
