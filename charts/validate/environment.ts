import type { Catalog, Environment, ServiceSettings } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { mostPods } from '../settings.ts';
import { checkEnv } from './env.ts';
import { checkAnnotations } from './label.ts';
import { checkHost, checkName, checkNamespace } from './name.ts';
import { checkReplicas, isWithin, mostReplicas, type Range } from './number.ts';
import { checkUrlPath } from './path.ts';
import { amountOf, checkAllowance, checkQuantity, type Resource } from './quantity.ts';

/**
 * `checkEnvironment(environment, catalog): Problem[]` - all that is wrong with an environment's values taken by themselves and together.
 * Fields are named as in the stack file: `services.goserver.replicas`. URLs and branch names are the config's to check.
 */
export function checkEnvironment(environment: Environment, catalog: Catalog): Problem[] {
  const { name, namespace, argocd, replicas, quota, services } = environment;
  const problems = [
    ...checkName('name', name),
    ...checkNamespace('namespace', namespace, [argocd.namespace]),
    ...checkName('argocd.namespace', argocd.namespace),
    ...checkRange('replicas', replicas, { min: 1, max: mostReplicas }),
    ...checkQuantity('quota.cpu', quota.cpu, 'cpu'),
    ...checkQuantity('quota.memory', quota.memory, 'memory'),
    ...checkReplicas('quota.pods', quota.pods, { min: 1, max: 100_000 }),
    ...Object.entries(services).flatMap(([service, settings]) => [
      ...checkKnown(service, name, catalog),
      ...checkSettings(`services.${service}`, settings, replicas),
    ]),
    ...checkRoutes(environment),
  ];
  return problems.length > 0 ? problems : checkQuota(environment);
}

/** `checkEnvironmentNames(names): Problem[]` - E_NAME for a name that is another's plus `-…`: patterns for the one would take the other's files. */
export function checkEnvironmentNames(names: readonly string[]): Problem[] {
  return names.flatMap((name) => {
    const other = names.find((candidate) => name.startsWith(`${candidate}-`));
    if (other === undefined) return [];
    return [
      {
        code: 'E_NAME' as const,
        field: 'name',
        value: name,
        rule: `not the name of another environment, ${other}, plus "-"`,
        fix: 'rename one of them',
      },
    ];
  });
}

/** `checkSettings(field, settings, range): Problem[]` - what an environment decides about one service, `range` being that of its replicas. */
export function checkSettings(field: string, settings: ServiceSettings, range?: Range): Problem[] {
  const { replicas, autoscaling, resources, env, ingress } = settings;
  const problems = [
    ...checkReplicas(`${field}.replicas`, replicas, range),
    ...checkAllowance(`${field}.resources.cpu`, resources.cpu, 'cpu'),
    ...checkAllowance(`${field}.resources.memory`, resources.memory, 'memory'),
    ...checkAllowance(`${field}.resources.ephemeralStorage`, resources.ephemeralStorage, 'memory'),
    ...checkEnv(`${field}.env`, env),
  ];
  if (autoscaling) {
    problems.push(...checkRange(`${field}.autoscaling`, autoscaling, range));
    problems.push(...checkReplicas(`${field}.autoscaling.cpuPercent`, autoscaling.cpuPercent, { min: 1, max: 100 }));
  }
  if (ingress) {
    problems.push(...checkHost(`${field}.ingress.host`, ingress.host), ...checkUrlPath(`${field}.ingress.path`, ingress.path));
    problems.push(...checkHost(`${field}.ingress.className`, ingress.className));
    if (ingress.tlsSecret !== undefined) problems.push(...checkHost(`${field}.ingress.tlsSecret`, ingress.tlsSecret));
    problems.push(...checkAnnotations(`${field}.ingress.annotations`, ingress.annotations));
    problems.push(...checkName(`${field}.ingress.controllerNamespace`, ingress.controllerNamespace));
  }
  return problems;
}

function checkKnown(service: string, environment: string, catalog: Catalog): Problem[] {
  const field = `services.${service}`;
  if (!catalog.some(({ name }) => name === service)) {
    const rule = `a service of the catalog: ${catalog.map(({ name }) => name).join(', ')}`;
    return [{ code: 'E_KEY', field, rule, fix: 'correct the name, or add the service to charts/catalog.ts' }];
  }
  const instance = `${environment}-${service}`;
  if (instance.length <= 63) return [];
  return [
    {
      code: 'E_LABEL',
      field,
      value: instance,
      rule: 'environment and service together at most 63 characters',
      fix: 'shorten one of the names',
    },
  ];
}

function checkRange(field: string, { min, max }: Range, outer?: Range): Problem[] {
  const problems = [...checkReplicas(`${field}.min`, min, outer), ...checkReplicas(`${field}.max`, max, outer)];
  if (problems.length > 0 || min <= max) return problems;
  return [{ code: 'E_REPLICAS', field: `${field}.min`, value: min, rule: `at most max, which is ${max}`, fix: 'lower min or raise max' }];
}

/** Two Ingresses for one route: which one wins is up to the controller. */
function checkRoutes({ services }: Environment): Problem[] {
  const taken = new Map<string, string>();
  return Object.entries(services).flatMap(([service, { ingress }]) => {
    if (!ingress) return [];
    const route = `${ingress.host}${ingress.path}`;
    const other = taken.get(route);
    taken.set(route, service);
    if (other === undefined) return [];
    return [
      {
        code: 'E_PATH' as const,
        field: `services.${service}.ingress`,
        value: route,
        rule: `not a route of ${other} already`,
        fix: 'change host or path',
      },
    ];
  });
}

/** What services may use at once: the largest number of pods at their limits, plus one more of each while it is rolled out. CPU in millicores, memory in Mi. */
export function neededQuota(services: Environment['services']): { readonly pods: number; readonly cpu: number; readonly memory: number } {
  const sum = (amount: (settings: ServiceSettings) => number) =>
    Object.values(services).reduce((total, each) => total + (mostPods(each) + 1) * amount(each), 0);
  const limit = (resource: Resource) => sum(({ resources }) => amountOf(resources[resource].limit, resource));
  return { pods: sum(() => 1), cpu: limit('cpu'), memory: Math.ceil(limit('memory') / 2 ** 20) };
}

function checkQuota({ services, quota }: Environment): Problem[] {
  const { pods, cpu, memory } = neededQuota(services);
  const over = (field: string, value: unknown, needed: number, available: number, unit: string): Problem[] => {
    if (needed <= available || !isWithin(needed, { min: 0, max: Number.MAX_SAFE_INTEGER })) return [];
    const rule = `at least ${needed}${unit}: what the services may use during a rollout`;
    return [{ code: 'E_QUANTITY', field, value, rule, fix: 'raise the quota, or lower replicas or limits' }];
  };
  return [
    ...over('quota.pods', quota.pods, pods, quota.pods, ''),
    ...over('quota.cpu', quota.cpu, cpu, amountOf(quota.cpu, 'cpu'), 'm'),
    ...over('quota.memory', quota.memory, memory, Math.floor(amountOf(quota.memory, 'memory') / 2 ** 20), 'Mi'),
  ];
}
