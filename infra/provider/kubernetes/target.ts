import { createHash } from 'node:crypto';
import { Failure, fail } from '../../delivery/errors.ts';
import { ApiError, Unreachable } from '../../kubernetes/api-error.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { type ObjectReference, textAt } from '../../kubernetes/object.ts';
import type { Call } from '../provider.ts';
import { UnknownOutcome } from '../rpc-error.ts';
import { type PropertyMap, reveal } from '../value.ts';
import { readWishes, type Wishes } from './annotations.ts';
import type { Cluster } from './cluster.ts';
import { parseId } from './id.ts';
import { inNamespace, manifestOf, typeMeta } from './manifest.ts';
import type { Settings } from './settings.ts';

/** A configured provider. */
export interface Context {
  readonly cluster: Cluster;
  readonly settings: Settings;
}

/** An object that an operation is about. */
export interface Target {
  readonly reference: ObjectReference;
  /** What the program wants it to be. */
  readonly manifest: JsonObject;
  readonly wishes: Wishes;
  /** Name that its applied fields are owned under. */
  readonly manager: string;
  /** False for a kind that the API server doesn't know. */
  readonly isServed: boolean;
}

/** Who recorded the resource before: its id and outputs. */
interface Recorded {
  readonly id?: string;
  readonly outputs?: PropertyMap;
}

/**
 * Works out which object the inputs mean. A namespaced object without a namespace goes into the provider's, the context's, or
 * `default`; one that has none must not name any.
 */
export async function findTarget(
  { cluster, settings }: Context,
  inputs: PropertyMap,
  call: Call,
  recorded: Recorded = {},
): Promise<Target> {
  const type = typeMeta(inputs, call.type);
  if (!type) return fail('E_UNSUPPORTED', call.type, undefined, 'names no kind', 'use a class of the SDK, or apiextensions.CustomResource');
  const manifest = manifestOf(inputs, type);
  const served = (await cluster.offline()) ? undefined : await cluster.servedKind(type);
  const stated = textAt(manifest, 'metadata', 'namespace');
  const usual = stated ?? settings.namespace ?? cluster.namespace ?? 'default';
  const known = recorded.id ? parseId(recorded.id) : undefined;
  const namespace = served ? (served.namespaced ? usual : undefined) : (stated ?? known?.namespace);
  const name = textAt(manifest, 'metadata', 'name') ?? known?.name ?? '';
  const wishes = readWishes(manifest);
  const manager = wishes.fieldManager ?? textAt(reveal(recorded.outputs ?? {}), '__fieldManager') ?? managerOf(call.urn);
  const reference = { ...type, name, namespace };
  return { reference, manifest: inNamespace(manifest, namespace), wishes, manager, isServed: served !== undefined };
}

/** The object that was recorded, wherever the settings would put a new one today. */
export async function findRecorded(context: Context, inputs: PropertyMap, call: Call, recorded: Required<Recorded>): Promise<Target> {
  const target = await findTarget(context, inputs, call, recorded);
  const { name, namespace = target.reference.namespace } = parseId(recorded.id);
  return { ...target, reference: { ...target.reference, name, namespace }, manifest: inNamespace(target.manifest, namespace) };
}

/**
 * Another name for each resource: two that mean the same object by mistake meet in a conflict instead of overwriting each other. And the
 * same name every time: after a crash the rerun knows its own object again.
 */
function managerOf(urn: string): string {
  return `fullcycle-${createHash('sha256').update(urn).digest('hex').slice(0, 8)}`;
}

/** True when fields of other managers are taken over. */
export function isForced({ wishes }: Target, settings: Settings): boolean {
  return wishes.patchForce ?? settings.enablePatchForce;
}

/** Turns what the API server refuses into problems of the object. @param isWrite true when a lost answer leaves the outcome open */
export async function explained<T>({ cluster }: Context, reference: ObjectReference, isWrite: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) throw new Failure(error.problems(reference), { cause: error });
    if (!(error instanceof Unreachable)) throw error;
    const problems = [error.problem(cluster.server)];
    throw isWrite && error.sent ? new UnknownOutcome(problems, { cause: error }) : new Failure(problems, { cause: error });
  }
}

/** @throws Failure E_REMOTE_UNREACHABLE when the API server can't be reached */
export async function requireCluster({ cluster }: Context): Promise<void> {
  const offline = await cluster.offline();
  if (offline) throw new Failure([offline.problem(cluster.server)], { cause: offline });
}
