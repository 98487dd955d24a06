import type { Catalog, Probe, Service } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { drainSeconds } from '../settings.ts';
import { checkServiceName } from './name.ts';
import { checkContainerPort, checkPort, isWithin } from './number.ts';
import { checkPath, checkUrlPath } from './path.ts';

/** Folders and Applications of an environment that are no services. */
const reservedNames: readonly string[] = ['namespace', 'root'];

/** `checkCatalog(catalog): Problem[]` - everything {@link checkService} finds, and E_NAME for a name used twice. */
export function checkCatalog(catalog: Catalog): Problem[] {
  const problems = catalog.flatMap(checkService);
  const names = catalog.map((service) => service.name);
  for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
    problems.push({
      code: 'E_NAME',
      field: `catalog.${name}.name`,
      value: name,
      rule: 'used once in the catalog',
      fix: 'rename one of them',
    });
  }
  return problems;
}

/** `checkService(service): Problem[]` - all that is wrong with a service of the catalog: E_NAME, E_PATH, E_PORT. */
export function checkService(service: Service): Problem[] {
  const field = `catalog.${service.name}`;
  const { name, source, port, servicePort, probes, terminationGracePeriodSeconds: grace } = service;
  const problems = [
    ...checkServiceName(`${field}.name`, name),
    ...checkPath(`${field}.source`, source),
    ...checkContainerPort(`${field}.port`, port),
    ...checkPort(`${field}.servicePort`, servicePort),
    ...Object.entries(probes).flatMap(([kind, probe]) => checkProbe(`${field}.probes.${kind}`, probe as Probe)),
    ...checkSeconds(`${field}.terminationGracePeriodSeconds`, grace, 2 * drainSeconds, 3600),
  ];
  if (reservedNames.includes(name)) {
    problems.push({
      code: 'E_NAME',
      field: `${field}.name`,
      value: name,
      rule: `not one of ${reservedNames.join(', ')}: they have a meaning in every environment`,
      fix: 'rename the service',
    });
  }
  if (probes.readiness.path === probes.liveness.path) {
    const rule = 'differs from the liveness path: a pod that only lacks a dependency must not be restarted';
    problems.push({
      code: 'E_PORT',
      field: `${field}.probes.readiness.path`,
      value: probes.readiness.path,
      rule,
      fix: 'serve readiness on a path of its own',
    });
  }
  return problems;
}

function checkProbe(field: string, { path, periodSeconds, timeoutSeconds, failureThreshold }: Probe): Problem[] {
  const problems = [
    ...checkUrlPath(`${field}.path`, path),
    ...checkSeconds(`${field}.periodSeconds`, periodSeconds, 1, 300),
    ...checkSeconds(`${field}.timeoutSeconds`, timeoutSeconds, 1, 60),
    ...checkSeconds(`${field}.failureThreshold`, failureThreshold, 1, 120),
  ];
  if (timeoutSeconds > periodSeconds) {
    const rule = `at most periodSeconds, which is ${periodSeconds}`;
    problems.push({
      code: 'E_PORT',
      field: `${field}.timeoutSeconds`,
      value: timeoutSeconds,
      rule,
      fix: 'lower the timeout or raise the period',
    });
  }
  return problems;
}

function checkSeconds(field: string, value: unknown, min: number, max: number): Problem[] {
  if (isWithin(value, { min, max })) return [];
  return [{ code: 'E_PORT', field, value, rule: `a whole number from ${min} to ${max}`, fix: 'choose a value in this range' }];
}
