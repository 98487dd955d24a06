import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../delivery/errors.ts';
import { ApiError } from '../../kubernetes/api-error.ts';
import type { Json, JsonObject } from '../../kubernetes/json.ts';
import { at, describe, textAt } from '../../kubernetes/object.ts';
import { type PropertyPath, parsePath } from '../property-path.ts';
import { type Call, type Created, type CreateRequest, Unfinished, type UpdateRequest } from '../provider.ts';
import { hasUnknown, type PropertyMap } from '../value.ts';
import { checkpoint, previewed } from './checkpoint.ts';
import { idOf } from './id.ts';
import { immutableFields } from './immutable.ts';
import { appliedFields } from './managed-fields.ts';
import { type Context, explained, findTarget, isForced, requireCluster, type Target } from './target.ts';
import { untilGone, untilReady } from './wait.ts';

/** Seconds to wait where neither the resource's options nor an annotation say. */
export const defaultTimeout = 600;
/** Milliseconds for a definition made by somebody else to be served. */
const servedPatience = 10_000;
const servedPause = 250;

/** Makes the object by server-side apply and waits until it does its work. */
export async function create(context: Context, { inputs, preview, timeout }: CreateRequest, call: Call): Promise<Created> {
  if (preview) return { id: '', outputs: await previewCreate(context, inputs, call) };
  await requireCluster(context);
  const target = await servedTarget(context, inputs, call);
  return explained(context, target.reference, true, async () => {
    const live = await clearOfOld(context, target, timeout, call);
    if (live && isForeign(context, target, live)) throw new Failure([exists(target)]);
    return finish(context, target, inputs, target.manifest, timeout, call);
  });
}

/** Changes the object by server-side apply and waits until it does its work. One that is gone is made again. */
export async function update(context: Context, request: UpdateRequest, call: Call): Promise<PropertyMap> {
  const { news, preview } = request;
  const recorded = { id: request.id, outputs: request.oldOutputs };
  if (preview && (hasUnknown(news) || (await context.cluster.offline()))) return news;
  await requireCluster(context);
  const target = preview ? await findTarget(context, news, call, recorded) : await servedTarget(context, news, call, recorded);
  if (preview && !target.isServed) return news;
  return explained(context, target.reference, !preview, async () => {
    const live = preview ? await context.cluster.get(target.reference, call) : await clearOfOld(context, target, request.timeout, call);
    const manifest = request.ignoreChanges.reduce((kept, path) => keepLive(kept, live, parsePath(path)), target.manifest);
    if (!preview) return (await finish(context, target, news, manifest, request.timeout, call)).outputs;
    const options = { manager: target.manager, force: isForced(target, context.settings), dryRun: true };
    return previewed(await context.cluster.apply(target.reference, manifest, options, call), news, target, live === undefined);
  });
}

/** What would be made; the inputs where that can't be told. */
async function previewCreate(context: Context, inputs: PropertyMap, call: Call): Promise<PropertyMap> {
  if (hasUnknown(inputs)) return inputs;
  const offline = await context.cluster.offline();
  if (offline) call.warn(`${offline.problem(context.cluster.server).rule}: shown as the program describes it`);
  if (offline) return inputs;
  const target = await findTarget(context, inputs, call);
  if (!target.isServed) return inputs;
  return explained(context, target.reference, false, async () => {
    const live = await context.cluster.get(target.reference, call);
    if (live && isForeign(context, target, live))
      call.warn(`${describe(target.reference)} exists already: the update will refuse to take it over`);
    const options = { manager: target.manager, force: isForced(target, context.settings), dryRun: true };
    try {
      return previewed(await context.cluster.apply(target.reference, target.manifest, options, call), inputs, target, live === undefined);
    } catch (error) {
      if (error instanceof ApiError && isPremature(error, target, live)) return inputs;
      throw error;
    }
  });
}

/** A refusal that the real run may not meet: its namespace comes first, the old object goes first, or only the dry run is forbidden. */
function isPremature(error: ApiError, { reference }: Target, live: JsonObject | undefined): boolean {
  return error.status === 404 || error.status === 403 || (live !== undefined && immutableFields(error, reference.kind).length > 0);
}

/** Applies, waits, and records what came of it in any case. */
async function finish(
  context: Context,
  target: Target,
  inputs: PropertyMap,
  manifest: JsonObject,
  timeout: number,
  call: Call,
): Promise<Created> {
  const { reference, manager, wishes } = target;
  const options = { manager, force: isForced(target, context.settings), dryRun: false };
  const applied = await context.cluster.apply(reference, manifest, options, call);
  const id = idOf(reference);
  if (wishes.skipAwait) return { id, outputs: checkpoint(applied, inputs, target) };
  const { object, problems } = await untilReady(context.cluster, reference, secondsFor(timeout, target), call);
  const made = { id, outputs: checkpoint(object ?? applied, inputs, target) };
  if (problems.length > 0) throw new Unfinished(made, problems);
  return made;
}

/** The object that stands where the target goes; one that is being deleted is waited for. */
async function clearOfOld({ cluster }: Context, target: Target, timeout: number, call: Call): Promise<JsonObject | undefined> {
  const live = await cluster.get(target.reference, call);
  if (at(live, 'metadata', 'deletionTimestamp') === undefined) return live;
  const problems = await untilGone(cluster, target.reference, textAt(live, 'metadata', 'uid'), secondsFor(timeout, target), call);
  if (problems.length > 0) throw new Failure(problems);
  return undefined;
}

/** The target, as soon as its kind is served: the definition may have come a moment ago, or come from another hand. */
async function servedTarget(
  context: Context,
  inputs: PropertyMap,
  call: Call,
  recorded: Parameters<typeof findTarget>[3] = {},
): Promise<Target> {
  for (const deadline = performance.now() + servedPatience; ; ) {
    const target = await findTarget(context, inputs, call, recorded);
    if (target.isServed || performance.now() >= deadline) return target;
    call.status(`${describe(target.reference)}: its kind is not served yet`);
    await sleep(servedPause, undefined, { signal: call.signal });
  }
}

/** True for an object that this resource has not made: a rerun after a crash finds its own again by the field manager. */
function isForeign({ settings }: Context, { manager }: Target, live: JsonObject): boolean {
  return !settings.upsertExistingObjects && appliedFields(live, manager) === undefined;
}

function exists({ reference }: Target) {
  return {
    code: 'E_EXISTS',
    field: describe(reference),
    rule: 'the cluster has one already, and this resource has not made it',
    fix: `adopt it with the option import: '${idOf(reference)}', or set upsertExistingObjects on the provider`,
  } as const;
}

/** Seconds to wait: the resource's options, else the annotation, else the default. */
export function secondsFor(timeout: number, { wishes }: Pick<Target, 'wishes'>): number {
  return timeout || wishes.timeoutSeconds || defaultTimeout;
}

/** The manifest with the live value at an ignored path; `*` stands for every key or position. */
function keepLive(manifest: JsonObject, live: JsonObject | undefined, path: PropertyPath): JsonObject {
  return live === undefined ? manifest : (keep(manifest, live, path) as JsonObject);
}

function keep(wanted: Json | undefined, live: Json | undefined, [step, ...rest]: PropertyPath): Json | undefined {
  if (step === undefined) return live;
  if (Array.isArray(wanted))
    return wanted.map((item: Json, index) => (isStep(step, index) ? (keep(item, at(live, index), rest) ?? item) : item));
  if (typeof wanted !== 'object' || wanted === null) return wanted;
  const object = wanted as JsonObject;
  const keys = step === '*' ? Object.keys(object) : [String(step)];
  const kept = keys.flatMap((key) => {
    const value = keep(at(object, key), at(live, key), rest);
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...object, ...Object.fromEntries(kept) };
}

function isStep(step: string | number, index: number): boolean {
  return step === '*' || Number(step) === index;
}
