import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { rootApplication } from '../../charts/argocd/root.ts';
import { catalog } from '../../charts/catalog.ts';
import type { KubernetesObject, ManifestFile } from '../../charts/environment.ts';
import { keyOf, parse, print } from '../../charts/manifest.ts';
import { render } from '../../charts/render.ts';
import { schemaLocation } from '../../charts/schema.ts';
import { run, tryRun } from '../../infra/delivery/process.ts';
import { provideSchemas } from '../../infra/delivery/schemas.ts';
import { ensureTools } from '../../infra/local/tools.ts';
import { everything, release, withLayout } from '../fixtures/environments.ts';
import { goldenTrees } from '../golden/trees.ts';

const folder = await mkdtemp(join(tmpdir(), 'fullcycle-schema-'));
const tools = await ensureTools(['kubeconform', 'kustomize']);
const trees = await goldenTrees();

let schemas: string;

beforeAll(async () => {
  schemas = await provideSchemas(join(folder, 'cache'));
});
afterAll(() => rm(folder, { recursive: true }));

async function writeTree(name: string, files: readonly Pick<ManifestFile, 'path' | 'text'>[]): Promise<string> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), text);
  }
  return join(folder, name);
}

/** What kubeconform finds in files or folders; no schema is ever ignored. */
async function problemsIn(...paths: string[]): Promise<{ valid: number; problems: string[] }> {
  const location = schemaLocation(schemas);
  const argv = [
    tools.kubeconform,
    '-strict',
    '-summary',
    '-output',
    'json',
    '-kubernetes-version',
    '1.36.3',
    '-schema-location',
    location,
  ] as const;
  const { stdout, stderr } = await tryRun([...argv, ...paths]);
  if (stderr) throw new Error(stderr);
  const { resources, summary } = JSON.parse(stdout) as { resources: { msg: string }[]; summary: { valid: number; skipped: number } };
  expect(summary.skipped).toBe(0);
  return { valid: summary.valid, problems: resources.map(({ msg }) => msg) };
}

describe.each(trees.filter(({ environment }) => environment.gitops.layout === 'rendered'))(
  'golden tree $name',
  ({ name, files, environment }) => {
    it('is valid for the pinned Kubernetes and Argo CD', async () => {
      const { project, application } = rootApplication(environment);
      const all = [...files, print('root/project.yaml', project), print('root/application.yaml', application)];
      expect(await problemsIn(await writeTree(name, all))).toEqual({ valid: all.length, problems: [] });
    });
  },
);

it.each<[what: string, change: (deployment: { spec: { template: { spec: Record<string, unknown> } } }) => void, message: string]>([
  [
    'a misspelt field',
    ({ spec }) => Object.assign(spec.template.spec, { enableServiceLink: false }),
    "additional properties 'enableServiceLink' not allowed",
  ],
  ['a value of another type', ({ spec }) => Object.assign(spec, { replicas: '3' }), 'got string, want integer'],
  ['a missing field', ({ spec }) => Object.assign(spec, { selector: undefined }), "missing property 'selector'"],
])('%s is found', async (what, change, message) => {
  const file = render(everything, release, catalog).find(({ path }) => path.endsWith('deployment-goserver.yaml')) as ManifestFile;
  const object = structuredClone(file.object) as unknown as { spec: { template: { spec: Record<string, unknown> } } };
  change(object);
  const { problems } = await problemsIn(await writeTree(what, [print(file.path, object as unknown as KubernetesObject)]));
  expect(problems).toEqual([expect.stringContaining(message)]);
});

describe('the kustomize layout', () => {
  const services = catalog.map(({ name }) => name);
  const rendered = render(everything, release, catalog);
  const kustomize = render(withLayout(everything, 'kustomize'), release, catalog);

  async function build(path: string): Promise<KubernetesObject[]> {
    const { stdout } = await run([tools.kustomize, 'build', path]);
    return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
  }

  it.each(services)('is built into the very objects of the rendered layout: %s', async (service) => {
    const path = `environments/prod/${service}`;
    const root = await writeTree('kustomize', kustomize);
    const built = await build(join(root, path));
    const expected = rendered.filter((file) => file.path.startsWith(`${path}/`)).map(({ object }) => object);
    const byKey = (objects: readonly KubernetesObject[]) => objects.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
    expect(byKey(built)).toEqual(byKey(expected));
  });

  it('is valid once built, the rest as it is', async () => {
    const root = await writeTree('kustomize', kustomize);
    const rest = kustomize.filter(({ path }) => !services.some((service) => path.startsWith(`environments/prod/${service}/`)));
    const outputs = await Promise.all(services.map((service) => run([tools.kustomize, 'build', join(root, 'environments/prod', service)])));
    const built = outputs.map(({ stdout }, index) => ({ path: `${index}.yaml`, text: stdout }));
    const { valid, problems } = await problemsIn(await writeTree('built', [...rest, ...built]));
    expect(problems).toEqual([]);
    expect(valid).toBe(rendered.length);
  });

  it('is edited by kustomize edit set image, and still read by us', async () => {
    const root = await writeTree('edited', kustomize);
    const path = 'environments/prod/goserver/kustomization.yaml';
    const image = `docker.io/team/goserver:0a1b@sha256:${'5'.repeat(64)}`;
    await cp(join(root, 'environments/prod/goserver'), join(folder, 'edit'), { recursive: true });
    await run([tools.kustomize, 'edit', 'set', 'image', `goserver=${image}`], { cwd: join(folder, 'edit') });
    const deployment = (await build(join(folder, 'edit'))).find(({ kind }) => kind === 'Deployment');
    expect(deployment).toMatchObject({ spec: { template: { spec: { containers: [{ image }] } } } });
    const { file } = parse(path, await readFile(join(folder, 'edit/kustomization.yaml'), 'utf8'));
    expect(file?.object.images).toEqual([
      { name: 'goserver', newName: 'docker.io/team/goserver', newTag: '0a1b', digest: `sha256:${'5'.repeat(64)}` },
    ]);
  });
});
