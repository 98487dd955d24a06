import { createHash } from 'node:crypto';
import { catalog } from '../../../charts/catalog.ts';
import type { Release, ReleasedImage } from '../../../charts/environment.ts';
import { suggest } from '../../config/suggestion.ts';
import { listEnvironments, loadStack } from '../../config.ts';
import { deployedServices } from '../../delivery/build.ts';
import { requireChecked } from '../../delivery/checked.ts';
import type { Context } from '../../delivery/context.ts';
import { deliver, renderChecked } from '../../delivery/deliver.ts';
import { sourceState } from '../../delivery/git/source.ts';
import { realTiming } from '../../delivery/git/timing.ts';
import type { Output } from '../../delivery/output.ts';
import { preview as previewPlan } from '../../delivery/plan/publish.ts';
import { recordRelease } from '../../delivery/release/record.ts';
import { cacheFolder, openTarget } from '../../delivery/target.ts';
import { compare, difference } from '../difference.ts';
import type { Call, Found, PropertyProblem, ReadRequest } from '../provider.ts';
import { hasUnknown, type PropertyMap, reveal, unknown } from '../value.ts';
import { type Project, type ResourceType, wrong } from './resource.ts';

/** Inputs of `fullcycle:gitops:Delivery`, as {@link check} leaves them. */
interface DeliveryInputs {
  readonly environment: string;
  readonly images: Readonly<Record<string, ReleasedImage>>;
  /** Deliver into an empty repository too. */
  readonly init: boolean;
  /** Hash of all manifests. */
  readonly tree: string;
}

/**
 * An environment's manifests in the GitOps repository. The hash of all of them is part of the inputs, so that it changes exactly when
 * a commit would. Removing the resource leaves Git as it is: what runs is stopped by a commit, never by a state file.
 */
export function delivery(project: () => Project): ResourceType {
  return {
    check: ({ news }) => check(project(), news),
    async diff({ oldInputs, news, ignoreChanges }) {
      return difference(
        compare(oldInputs, news).map((change) => ({ ...change, fromInputs: true })),
        ignoreChanges,
      );
    },
    async create({ inputs, preview }, call) {
      if (preview) return { id: '', outputs: { ...inputs, commit: unknown } };
      return { id: reveal(inputs).environment as string, outputs: await commit(project(), inputs, {}, call) };
    },
    async update({ news, oldOutputs, preview }, call) {
      return preview ? { ...news, commit: unknown } : commit(project(), news, oldOutputs, call);
    },
    read: (request, call) => read(project(), request, call),
    async delete() {},
  };
}

async function check({ folder, local }: Project, news: PropertyMap) {
  const inputs: PropertyMap = { init: false, ...news, tree: unknown };
  const problems = await checkEnvironment(folder, news.environment);
  if (problems.length > 0 || hasUnknown(news)) return { inputs, problems };
  const { environment, images } = reveal(inputs) as unknown as DeliveryInputs;
  const stack = await loadStack(folder, environment, { local });
  const missing = deployedServices(stack).filter(({ name }) => !images?.[name]?.digest);
  if (missing.length > 0) {
    const rule = `needs an image for each of its services: there is none for ${missing.map(({ name }) => name).join(', ')}`;
    return { inputs, problems: [wrong('images', { code: 'E_KEY', rule, fix: 'pass the released image of each' })] };
  }
  return { inputs: { ...inputs, tree: treeHash(renderChecked(stack.environment, await releaseOf(folder, images))) }, problems };
}

async function checkEnvironment(folder: string, environment: PropertyMap[string] | undefined): Promise<PropertyProblem[]> {
  const known = await listEnvironments(folder);
  if (environment === unknown || known.includes(environment as string)) return [];
  const meant = suggest(String(environment ?? ''), known);
  const fix = meant ? `did you mean ${meant}?` : 'name one of them';
  return [wrong('environment', { code: 'E_ENV', value: environment, rule: `one of ${known.join(', ')}`, fix })];
}

/** Renders, commits and pushes; an environment that is already so gets no commit. */
async function commit({ folder, local }: Project, inputs: PropertyMap, old: PropertyMap, call: Call): Promise<PropertyMap> {
  const { environment, images, init } = reveal(inputs) as unknown as DeliveryInputs;
  await requireChecked(folder, cacheFolder(process.env));
  const context = contextOf({ folder, local }, call);
  const target = await openTarget(await loadStack(folder, environment, context), context);
  const published = await deliver(target, await releaseOf(folder, images), { init }, context);
  return { ...inputs, commit: published.commit ?? old.commit ?? published.base ?? null };
}

/** What the branch holds now. Where it isn't what was delivered, the recorded tree no longer holds, and the next update delivers again. */
async function read({ folder, local }: Project, { id, inputs, outputs }: ReadRequest, call: Call): Promise<Found | undefined> {
  const { environment, images, init } = reveal(inputs) as unknown as DeliveryInputs;
  if (!environment || !images) return undefined;
  const context = contextOf({ folder, local }, call);
  const { stack, repository } = await openTarget(await loadStack(folder, environment, context), context);
  const release = await releaseOf(folder, images);
  const files = renderChecked(stack.environment, release);
  const { plan } = await previewPlan({
    environment,
    repository,
    timing: realTiming(call.signal),
    init,
    guard: { deletionBudget: stack.deletionBudget, allowDelete: [], overwrite: true },
    propose: () => ({ files, release: recordRelease(stack.environment, release, catalog) }),
  });
  const isDelivered = plan.nothingToDo && treeHash(files) === reveal(inputs).tree;
  const found = isDelivered ? inputs : { ...inputs, tree: '' };
  return { id, inputs: found, outputs: { ...outputs, ...found } };
}

async function releaseOf(folder: string, images: DeliveryInputs['images']): Promise<Release> {
  const { commit: source, dirty } = await sourceState(folder);
  const plain = Object.entries(images).map(([service, { name, tag, digest, inputs }]) => [service, { name, tag, digest, inputs }]);
  return { source: { commit: source, dirty }, images: Object.fromEntries(plain) };
}

function treeHash(files: readonly { readonly path: string; readonly text: string }[]): string {
  const hash = createHash('sha256');
  for (const { path, text } of files) hash.update(`${path}\0${text}\0`);
  return `sha256:${hash.digest('hex')}`;
}

function contextOf({ folder, local }: Project, call: Call): Context {
  return { project: folder, local, signal: call.signal, output: outputOf(call) };
}

/** Progress goes to the engine; answers have nowhere to go: they are outputs. */
function outputOf(call: Call): Output {
  return {
    json: false,
    color: false,
    print() {},
    data() {},
    note: (text) => call.warn(text),
    detail() {},
    step: (title, work) => work((text) => call.status(`${title}: ${text}`)),
  };
}
