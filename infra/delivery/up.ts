import { loadStacks } from '../config.ts';
import type { BuiltImage } from '../image/image.ts';
import { startLocal } from '../local/local.ts';
import { type Build, buildRelease } from './build.ts';
import { requireChecked } from './checked.ts';
import type { Context } from './context.ts';
import { deliver, deliveryData, summarize } from './deliver.ts';
import { type ExitCode, exit } from './errors.ts';
import type { Published } from './publish.ts';
import { cacheFolder, openTarget } from './target.ts';

export interface UpOptions {
  readonly cluster: 'auto' | 'kind' | 'embedded' | 'current' | 'none';
}

/** `fullcycle up`: the whole flow on this machine, for every environment. A second run does only what is missing. */
export async function run(_options: UpOptions, given: Context): Promise<ExitCode> {
  const context = { ...given, local: true };
  const { project, output } = context;
  await output.step('type check', () => requireChecked(project, cacheFolder(process.env)));
  const local = await output.step('registry and GitOps repo', (say) => startLocal(project, { onProgress: say }));

  const builds = new Map<string, Build>();
  const delivered: [environment: string, published: Published][] = [];
  for (const stack of await loadStacks(project, undefined, context)) {
    const target = await openTarget(stack, context);
    const key = JSON.stringify([stack.image, Object.keys(stack.environment.services).sort()]);
    const build = builds.get(key) ?? (await buildRelease(project, stack, local, output));
    builds.set(key, build);
    delivered.push([stack.environment.name, await deliver(target, build.release, { init: true }, context)]);
  }

  const images = [...new Map([...builds.values()].flatMap((build) => build.images).map((image) => [image.name, image])).values()];
  output.print(describe(delivered, images, local.gitops.cloneUrl));
  output.data({
    registry: local.registry.address,
    gitops: local.gitops.cloneUrl,
    images,
    environments: delivered.map(([name, published]) => deliveryData(name, published)),
  });
  return exit.ok;
}

function describe(delivered: readonly [string, Published][], images: readonly BuiltImage[], cloneUrl: string): string {
  const isSettled = delivered.every(([, { commit }]) => commit === undefined) && images.every(({ built }) => !built);
  return [
    '',
    isSettled ? 'Already up to date.' : 'Delivered.',
    '',
    ...images.map(({ name, digest, built }) => `  ${name.split('/').at(-1)}  ${digest.slice(0, 19)}…  ${built ? 'built' : 'unchanged'}`),
    '',
    ...delivered.map(([environment, published]) => `  ${summarize(environment, published)}`),
    '',
    'See what was written      git clone ' + cloneUrl,
    'Change something, then    npm run diff',
    'Deliver it                npm run deliver -- --env dev',
    'Where everything stands   npm run status',
    'Stop                      npm run down',
  ].join('\n');
}
