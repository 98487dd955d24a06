import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../charts/environment.ts';
import { moduleDirectory } from '../../infra/local/tools.ts';
import { goldenTrees } from '../golden/trees.ts';
import { type ClusterProject, createClusterProject, eventually } from './cluster-project.ts';

const trees = await goldenTrees();
let project: ClusterProject;

beforeAll(async () => {
  project = createClusterProject();
  await project.start();
  const module = await moduleDirectory('cluster', 'github.com/argoproj/argo-cd/v3');
  const definitions = join(module, 'manifests', 'crds');
  for (const file of readdirSync(definitions).filter((name) => name.endsWith('-crd.yaml'))) {
    const { exitCode, stderr } = await project.tryKubectl(
      ['apply', '--server-side', '--filename=-'],
      readFileSync(join(definitions, file), 'utf8'),
    );
    if (exitCode !== 0) throw new Error(stderr);
  }
  // kubectl gives up on a definition that has no conditions yet.
  await eventually('the definitions are established', 30, () => project.kubectl('wait', '--for=condition=Established', 'crd', '--all'));
  const namespaces = new Set(trees.flatMap(({ files }) => files.flatMap(({ object }) => object.metadata.namespace ?? [])));
  await project.apply(...[...namespaces].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
});
afterAll(() => project[Symbol.asyncDispose]());

/** What the API server has to say about an object, nothing being stored. Unknown and doubled fields are errors. */
async function objections(object: KubernetesObject): Promise<string> {
  const dryRun = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '--filename=-'];
  const { exitCode, stdout, stderr } = await project.tryKubectl(dryRun, JSON.stringify(object));
  return exitCode === 0 ? '' : stderr || stdout;
}

describe.each(trees.map((tree) => [tree.name, tree] as const))('every object of the tree %s', (_, { files }) => {
  const objects = files.filter(({ object }) => !object.apiVersion.startsWith('kustomize.config.k8s.io/'));

  it.each(objects.map(({ path, object }) => [path, object] as const))('is accepted by the API server: %s', async (_, object) => {
    expect(await objections(object)).toBe('');
  });
});

describe('the same check', () => {
  it.each<[string, (object: KubernetesObject) => object, string]>([
    ['an unknown field', (object) => ({ ...object, spec: { ...(object.spec as object), replica: 2 } }), 'spec.replica'],
    ['a wrong type', (object) => ({ ...object, spec: { ...(object.spec as object), replicas: 'two' } }), 'replicas'],
    [
      'a selector that does not match',
      (object) => ({ ...object, spec: { ...(object.spec as object), selector: { matchLabels: { a: 'b' } } } }),
      'selector',
    ],
  ])('refuses %s', async (_, spoil, word) => {
    const deployment = trees.flatMap(({ files }) => files).find(({ object }) => object.kind === 'Deployment')?.object;
    if (!deployment) throw new Error('no Deployment in any tree');
    expect(await objections(spoil(deployment) as KubernetesObject)).toContain(word);
  });
});
