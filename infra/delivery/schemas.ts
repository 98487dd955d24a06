import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parse } from 'yaml';
import type { Problem } from '../../charts/problem.ts';
import { type CustomResourceDefinition, customSchemas, kubernetesSchemas, type SchemaFiles, schemaLocation } from '../../charts/schema.ts';
import { moduleDirectory, tool, toolStatus } from '../local/tools.ts';
import { CommandError, tryRun } from './process.ts';

/** What kubeconform says of one object. */
interface Verdict {
  readonly filename: string;
  readonly kind: string;
  readonly name: string;
  readonly msg: string;
}

/**
 * Folder with strict JSON Schemas of the pinned Kubernetes and Argo CD, taken from their own Go modules; written once into the cache.
 * @throws Failure E_TOOL when the modules can't be had
 */
export async function provideSchemas(cache: string, say: (line: string) => void = () => {}): Promise<string> {
  const [kubernetes, argocd] = await Promise.all([toolStatus('kube-apiserver'), toolStatus('argocd')]);
  const folder = join(cache, 'schemas', `kubernetes-${kubernetes.version}-argocd-${argocd.version}`);
  if (existsSync(folder)) return folder;
  say('reading the API of Kubernetes and Argo CD from their Go modules');
  await mkdir(dirname(folder), { recursive: true });
  const next = await mkdtemp(`${folder}.`);
  const openapi = join(await moduleDirectory('cluster', 'k8s.io/kubernetes'), 'api/openapi-spec/v3');
  const crds = join(await moduleDirectory('cluster', 'github.com/argoproj/argo-cd/v3'), 'manifests/crds');
  for (const file of await readdir(openapi)) await write(next, kubernetesSchemas(JSON.parse(await readFile(join(openapi, file), 'utf8'))));
  for (const file of (await readdir(crds)).filter((name) => name.endsWith('-crd.yaml')))
    await write(next, customSchemas(parse(await readFile(join(crds, file), 'utf8')) as CustomResourceDefinition));
  try {
    await rename(next, folder);
  } catch (error) {
    // Another process was faster: its folder holds the same.
    await rm(next, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function write(folder: string, schemas: SchemaFiles): Promise<void> {
  for (const [name, schema] of Object.entries(schemas)) await writeFile(join(folder, name), JSON.stringify(schema));
}

/**
 * Holds every manifest below a tree's folder against the schema of its kind; a kind without a schema is a problem too.
 * A kustomization is none of the cluster's kinds and is left out.
 */
export async function checkSchemas(tree: string, cache: string, say: (line: string) => void = () => {}): Promise<Problem[]> {
  const kubeconform = await tool('kubeconform', { onProgress: say });
  const location = schemaLocation(await provideSchemas(cache, say));
  const folders = ['environments', 'argocd'].map((name) => join(tree, name)).filter((folder) => existsSync(folder));
  const flags = [
    '-strict',
    '-output',
    'json',
    '-skip',
    'Kustomization',
    '-ignore-filename-pattern',
    '\\.json$',
    '-schema-location',
    location,
  ];
  const result = await tryRun([kubeconform, ...flags, ...folders]);
  if (result.exitCode !== 0 && result.stdout === '') throw new CommandError(result, tree);
  const { resources = [] } = JSON.parse(result.stdout) as { resources?: readonly Verdict[] };
  return resources.map(({ filename, kind, name, msg }) => ({
    code: 'E_SCHEMA',
    field: relative(tree, filename),
    value: `${kind} ${name}`.trim(),
    rule: innermost(msg),
    fix: 'write it as the API of the pinned Kubernetes and Argo CD has it',
  }));
}

/** Of the way down to what is wrong, which kubeconform tells step by step, the last steps only. */
function innermost(message: string): string {
  const [, ...steps] = message.split(/\s+- (?=at ')/);
  const told = steps.filter((step) => !step.endsWith("'allOf' failed"));
  return told.length > 0 ? told.join('; ') : message;
}
