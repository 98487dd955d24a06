import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type CustomResourceDefinition, customSchemas, kubernetesSchemas } from '../../charts/schema.ts';
import { moduleDirectory } from '../../infra/local/tools.ts';

/** Writes the schemas of the pinned Kubernetes and Argo CD, taken from their own Go modules, for kubeconform. */
export async function writeSchemas(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const openapi = join(await moduleDirectory('cluster', 'k8s.io/kubernetes'), 'api/openapi-spec/v3');
  const crds = join(await moduleDirectory('cluster', 'github.com/argoproj/argo-cd/v3'), 'manifests/crds');
  for (const file of await readdir(openapi))
    await write(folder, kubernetesSchemas(JSON.parse(await readFile(join(openapi, file), 'utf8'))));
  for (const file of (await readdir(crds)).filter((name) => name.endsWith('-crd.yaml'))) {
    await write(folder, customSchemas(parse(await readFile(join(crds, file), 'utf8')) as CustomResourceDefinition));
  }
}

async function write(folder: string, schemas: ReturnType<typeof kubernetesSchemas>): Promise<void> {
  for (const [name, schema] of Object.entries(schemas)) await writeFile(join(folder, name), JSON.stringify(schema));
}
