import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import type { Catalog, Service } from '../../charts/environment.ts';
import { check } from '../../charts/policy/check.ts';
import { render } from '../../charts/render.ts';
import { checkServiceName } from '../../charts/validate/name.ts';
import { stackJsonSchema } from '../config/json-schema.ts';
import { listEnvironments, loadStacks, parseStack } from '../config.ts';
import { checkNewService, type ProjectTexts, type Scaffold, scaffoldService } from '../scaffold/service.ts';
import { type Language, templates } from '../scaffold/template.ts';
import { writeScaffold } from '../scaffold/write.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, fail, failIfAny } from './errors.ts';
import { gitInCheckout } from './git/git.ts';
import { placeholderRelease } from './synth.ts';

export interface NewOptions {
  /** What to make; there is one thing so far. */
  readonly kind: 'service';
  readonly name: string;
  readonly language: Language;
  /** As given. @default the template's */
  readonly port?: string;
}

/** `fullcycle new service`: source with tests, chart and settings of a service, made after the one this project has in that language. */
export async function run({ name, language, port }: NewOptions, { project, output }: Context): Promise<ExitCode> {
  const template = catalog.find((service) => service.name === templates[language]);
  if (!template) return fail('E_PATH', `app/${templates[language]}`, undefined, 'new services are made after it', 'bring it back');
  const number = port === undefined ? template.port : /^\d+$/.test(port) ? Number(port) : Number.NaN;
  const service: Service = { ...template, name, source: `app/${name}`, port: number, servicePort: number };
  const paths = checkServiceName('name', name).length === 0 ? [service.source, chartOf(name)] : [];
  const taken = paths.filter((path) => existsSync(join(project, path)));
  failIfAny(checkNewService(service, catalog, { name, '--port': port ?? number }, taken));
  const scaffold = scaffoldService(service, await readProject(project, template));
  if (!scaffold)
    return fail(
      'E_PATH',
      'charts/catalog.ts',
      undefined,
      'lists the services in `export const catalog: Catalog = […]`',
      'write it so again',
    );
  await checkResult(project, scaffold, [...catalog, service]);
  const changed = new Map([...scaffold.changed, ['Pulumi.schema.json', stackJsonSchema([...catalog, service])]]);
  await writeScaffold(project, { ...scaffold, changed });
  for (const remark of scaffold.remarks) output.note(remark);
  output.print(describe({ ...scaffold, changed }, language));
  output.data({ service, created: [...scaffold.created.keys()], changed: [...changed.keys()], remarks: scaffold.remarks });
  return exit.ok;
}

async function readProject(project: string, template: Service): Promise<ProjectTexts> {
  const read = (path: string) => readFile(join(project, path), 'utf8');
  const listed = await gitInCheckout(project, ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', template.source]);
  const paths = [...new Set(listed.split('\0').filter((path) => path !== '' && existsSync(join(project, path))))];
  return {
    template,
    source: new Map(await Promise.all(paths.map(async (path) => [path, await read(path)] as const))),
    chart: await read(chartOf(template.name)),
    catalog: await read('charts/catalog.ts'),
    stacks: await Promise.all(
      (await loadStacks(project, undefined)).map(async (stack) => ({ stack, text: await read(`Pulumi.${stack.environment.name}.yaml`) })),
    ),
  };
}

/** What is written must load, render and pass every policy. @throws Failure */
async function checkResult(project: string, { changed }: Scaffold, services: Catalog): Promise<void> {
  const environments = await listEnvironments(project);
  const projectText = await readFile(join(project, 'Pulumi.yaml'));
  for (const environment of environments) {
    const stack = parseStack(environment, projectText, changed.get(`Pulumi.${environment}.yaml`) ?? '', services, { environments });
    failIfAny(check(render(stack.environment, placeholderRelease(stack, services), services), stack.environment));
  }
}

function chartOf(name: string): string {
  return `charts/services/${name}.ts`;
}

function describe({ service, created, changed }: Scaffold, language: Language): string {
  const test = { go: 'go test ./...', node: 'npm ci && npm test' }[language];
  return [
    `${service.name}: ${created.size} files made, ${[...changed.keys()].join(', ')} changed`,
    '',
    `Its source             ${service.source}, answers on port ${service.port}`,
    `Test it                cd ${service.source} && ${test}`,
    'See what it becomes    npm run diff',
    'Accept its manifests   node test/golden/update.ts',
  ].join('\n');
}
