import { catalog } from '../../charts/catalog.ts';
import type { Environment, ManifestFile } from '../../charts/environment.ts';
import { render } from '../../charts/render.ts';
import { listEnvironments, loadStack } from '../../infra/config.ts';
import { everything, release, withLayout } from '../fixtures/environments.ts';

const project = new URL('../..', import.meta.url).pathname;

/** A whole GitOps tree as it is expected to be: the folder `test/golden/<name>`. */
export interface GoldenTree {
  readonly name: string;
  readonly environment: Environment;
  readonly files: readonly ManifestFile[];
}

/** The environments of this project as their stack files stand, and one fixed environment that uses everything, in the kustomize layout. */
export async function goldenTrees(): Promise<GoldenTree[]> {
  const stacks = await Promise.all((await listEnvironments(project)).map((name) => loadStack(project, name)));
  const named = stacks.map(({ environment }) => [environment.name, environment] as const);
  return [...named, ['kustomize', withLayout(everything, 'kustomize')] as const].map(([name, environment]) => ({
    name,
    environment,
    files: render(environment, release, catalog),
  }));
}
