import type { Catalog, Resources, Service } from '../../charts/environment.ts';
import type { Problem } from '../../charts/problem.ts';
import { neededQuota } from '../../charts/validate/environment.ts';
import { amountOf } from '../../charts/validate/quantity.ts';
import { checkService } from '../../charts/validate/service.ts';
import type { StackConfig } from '../config.ts';
import { addService, replaceValue } from './stack-text.ts';
import { addToCatalog, identifierFor, renameChart, renameSource } from './template.ts';

/** The project as far as a new service touches it. */
export interface ProjectTexts {
  /** The service that the new one is made after. */
  readonly template: Service;
  /** Its files, by path in the project. */
  readonly source: ReadonlyMap<string, string>;
  /** Text of `charts/services/<template>.ts`. */
  readonly chart: string;
  /** Text of `charts/catalog.ts`. */
  readonly catalog: string;
  /** Every environment, with the text of its stack file. */
  readonly stacks: readonly { readonly stack: StackConfig; readonly text: string }[];
}

/** Files of the project to be written, by path. */
export interface Scaffold {
  readonly service: Service;
  /** None of them is there yet. */
  readonly created: ReadonlyMap<string, string>;
  readonly changed: ReadonlyMap<string, string>;
  /** What else had to change for the service to fit, for people. */
  readonly remarks: readonly string[];
}

/**
 * `checkNewService(service, catalog, given, taken): Problem[]` - E_NAME or E_PORT, as for every service, and E_NAME for a name that is used.
 * @param given the arguments as given, by name
 * @param taken paths that are in the way
 */
export function checkNewService(
  service: Service,
  catalog: Catalog,
  given: Readonly<Record<'name' | '--port', string | number>>,
  taken: readonly string[],
): Problem[] {
  // the name decides the folder and the port both ports: each is told once
  const told = checkService(service).filter(({ field }) => /\.(name|port)$/.test(field));
  const problems = told.map((problem) => {
    const field = problem.field.endsWith('.port') ? '--port' : 'name';
    return { ...problem, field, value: given[field] };
  });
  const used = [...catalog.filter(({ name }) => name === service.name).map(() => 'charts/catalog.ts'), ...taken];
  if (used.length === 0) return problems;
  const rule = `a new name: ${used.join(', ')} ${used.length === 1 ? 'has' : 'have'} it already`;
  return [...problems, { code: 'E_NAME', field: 'name', value: service.name, rule, fix: 'choose another name' }];
}

/** Everything that a new service consists of; undefined when catalog.ts is not written as it used to be. Pure. */
export function scaffoldService(service: Service, project: ProjectTexts): Scaffold | undefined {
  const { template, source, chart, stacks } = project;
  const identifier = identifierFor(service.name, project.catalog);
  const catalog = addToCatalog(project.catalog, service.name, identifier);
  if (catalog === undefined) return undefined;
  const rename = ([path, text]: [string, string]) =>
    [path.replace(template.source, service.source), renameSource(path, text, template, service)] as const;
  const deployed = stacks.map(({ stack, text }) => deploy(service, template, stack, text));
  return {
    service,
    created: new Map([
      ...[...source].map(rename),
      [`charts/services/${service.name}.ts`, renameChart(chart, template, service, identifier)],
    ]),
    changed: new Map([...deployed.map(({ path, text }) => [path, text] as const), ['charts/catalog.ts', catalog]]),
    remarks: deployed.flatMap(({ remarks }) => remarks),
  };
}

/** The stack file with the fewest pods of the service, each of the template's size there, and a quota that holds them. */
function deploy({ name }: Service, template: Service, { environment }: StackConfig, text: string) {
  const { replicas, quota, services } = environment;
  const path = `Pulumi.${environment.name}.yaml`;
  const resources = services[template.name]?.resources;
  const settings = { replicas: replicas.min, ...(resources && { resources: statedSize(resources) }) };
  const needed = neededQuota(resources ? { ...services, [name]: { replicas: replicas.min, resources, env: {} } } : services);
  const raises = [
    { key: 'pods', isShort: quota.pods < needed.pods, value: `${needed.pods}` },
    { key: 'cpu', isShort: amountOf(quota.cpu, 'cpu') < needed.cpu, value: `${needed.cpu}m` },
    { key: 'memory', isShort: amountOf(quota.memory, 'memory') < needed.memory * 2 ** 20, value: `${needed.memory}Mi` },
  ] as const;
  let edited = addService(text, name, settings);
  const remarks: string[] = [];
  for (const { key, value } of raises.filter(({ isShort }) => isShort)) {
    edited = replaceValue(edited, ['config', 'fullcycle:quota', key], value) ?? edited;
    remarks.push(`${path}: quota.${key} raised from ${quota[key]} to ${value}, for a rollout of all services at once`);
  }
  return { path, text: edited, remarks };
}

/** What a stack file says about resources; disk has a default. */
function statedSize({ cpu, memory }: Resources) {
  return { cpu, memory };
}
