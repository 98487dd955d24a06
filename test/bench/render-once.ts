import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Chart, YamlOutputType } from 'cdk8s';
import { stringify } from 'yaml';
import { catalog } from '../../charts/catalog.ts';
import type { Catalog, Environment, ReleasedImage, Service } from '../../charts/environment.ts';
import { objectLabels } from '../../charts/labels.ts';
import { render } from '../../charts/render.ts';
import { WebService } from '../../charts/web-service.ts';

// One measured run in a process of its own: `render-once.ts <contestant> <services>`. Prints objects, CPU milliseconds and peak MB.

const digest = `sha256:${'a'.repeat(64)}`;
const commit = 'b'.repeat(40);
const resources = {
  cpu: { request: '50m', limit: '200m' },
  memory: { request: '32Mi', limit: '64Mi' },
  ephemeralStorage: { request: '16Mi', limit: '64Mi' },
};
const settings = { replicas: 2, resources, env: { GREETING: 'hello' } };

function fleet(count: number): Catalog {
  const [template] = catalog as readonly [Service];
  return Array.from({ length: count }, (_, index) => ({ ...template, name: `service-${index}` }));
}

function environmentOf(services: Catalog): Environment {
  return {
    name: 'dev',
    namespace: 'dev',
    gitops: { repository: 'https://git.example.com/gitops.git', branch: 'main', layout: 'rendered' },
    argocd: { namespace: 'argocd', server: 'https://kubernetes.default.svc' },
    replicas: { min: 1, max: 5 },
    quota: { cpu: '100', memory: '100Gi', pods: 10_000 },
    services: Object.fromEntries(services.map(({ name }) => [name, settings])),
  };
}

function imageOf({ name }: Service): ReleasedImage {
  return { name: `registry.example.com/${name}`, tag: commit, digest, inputs: digest };
}

/** What `fullcycle synth` does, written to files. */
function fullcycle(services: Catalog, out: string): void {
  const images = Object.fromEntries(services.map((service) => [service.name, imageOf(service)]));
  const files = render(environmentOf(services), { source: { commit, dirty: false }, images }, services);
  for (const folder of new Set(files.map(({ path }) => dirname(join(out, path))))) mkdirSync(folder, { recursive: true });
  for (const { path, text } of files) writeFileSync(join(out, path), text);
}

/** The same constructs the way cdk8s is used: one App, a chart a service, its own writer. */
function cdk8s(services: Catalog, out: string): void {
  const app = new App({ outdir: out, yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE });
  for (const service of services) {
    const chart = new Chart(app, service.name, { namespace: 'dev', labels: objectLabels('dev', service.name) });
    const image = `registry.example.com/${service.name}:${commit}@${digest}`;
    new WebService(chart, service.name, { service, settings, environment: 'dev', image, commit });
  }
  app.synth();
}

/** The floor of any TypeScript tool that prints with the `yaml` package: no model at all, only printing and writing the same objects. */
function yamlFloor(services: Catalog, out: string): void {
  const images = Object.fromEntries(services.map((service) => [service.name, imageOf(service)]));
  const [one] = services as readonly [Service];
  const files = render(environmentOf([one]), { source: { commit, dirty: false }, images }, [one]).filter(({ path }) =>
    path.includes(one.name),
  );
  for (const { name } of services) {
    mkdirSync(join(out, name), { recursive: true });
    for (const [index, { object }] of files.entries()) writeFileSync(join(out, name, `${index}.yaml`), stringify(object));
  }
}

const contestants = { fullcycle, cdk8s, yamlFloor } as const;

const [contestant = '', count = ''] = process.argv.slice(2);
if (!(contestant in contestants)) throw new Error(`one of ${Object.keys(contestants).join(', ')}`);
const out = mkdtempSync(join(tmpdir(), 'fullcycle-bench-'));
contestants[contestant as keyof typeof contestants](fleet(Number(count)), out);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const objects = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
rmSync(out, { recursive: true });
console.log(JSON.stringify({ objects, cpu: Math.round((userCPUTime + systemCPUTime) / 1000), megabytes: Math.round(maxRSS / 1024) }));
