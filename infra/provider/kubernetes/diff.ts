import { ApiError, Unreachable } from '../../kubernetes/api-error.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { compare, difference, type ValueChange } from '../difference.ts';
import { isWithin, type PropertyPath, parsePath } from '../property-path.ts';
import type { Call, Difference, DiffRequest } from '../provider.ts';
import { hasUnknown } from '../value.ts';
import { idOf } from './id.ts';
import { immutableFields, isReplacedByConvention } from './immutable.ts';
import { appliedFields, type FieldSet, pickFields, sameFields, union, withoutFields } from './managed-fields.ts';
import { type Context, findTarget, type Target } from './target.ts';

/**
 * What an update would change, asked of the API server by a dry run: its defaults, its normal forms and its idea of what can't change are
 * the ones that count. Where it can't be asked (unknown values, no connection, no right to), the inputs are compared.
 */
export async function diff(context: Context, request: DiffRequest, call: Call): Promise<Difference> {
  const target = await findTarget(context, request.news, call, { id: request.id, outputs: request.oldOutputs });
  const inputs = compare(request.oldInputs, request.news).map((change) => ({ ...change, fromInputs: true }));
  const seen = hasUnknown(request.news) ? undefined : await look(context, target, request.ignoreChanges.map(parsePath), call);
  const isMoved = idOf(target.reference) !== request.id && !hasUnknown(request.news.metadata ?? null);
  const changes = (seen?.changes ? merge(seen.changes, inputs) : inputs).map((change) => {
    const isConvention = change.fromInputs && isReplacedByConvention(change, target.reference.kind, context.settings);
    return isConvention || (isMoved && isIdentity(change)) ? { ...change, replaces: true } : change;
  });
  // The namespace may have moved without a word in the inputs: with the provider's own.
  const isUntold = isMoved && !changes.some(({ replaces }) => replaces);
  const moved: ValueChange[] = isUntold ? [{ path: ['metadata', 'namespace'], kind: 'update', replaces: true }] : [];
  const result = difference([...changes, ...moved], request.ignoreChanges);
  const isReplaced = [...result.changes.values()].some(({ replaces }) => replaces);
  return {
    changes: result.changes,
    changed: result.changed || (seen?.isOther ?? false),
    deleteBeforeReplace: isReplaced && !isMoved && !target.wishes.isAutonamed,
  };
}

/** What the API server says. */
interface Seen {
  /** Undefined where no value tells them: see `isOther`. */
  readonly changes: readonly ValueChange[] | undefined;
  /** True when applying does something that no value shows: the object is gone, or its fields would change hands. */
  readonly isOther: boolean;
}

async function look({ cluster }: Context, target: Target, ignored: readonly PropertyPath[], call: Call): Promise<Seen | undefined> {
  const offline = await cluster.offline();
  if (offline) call.warn(`${offline.problem(cluster.server).rule}: compared with the recorded inputs only`);
  if (offline || !target.isServed) return undefined;
  try {
    // Forced, as nothing is written: a conflict is for the update to report, with both values in sight.
    const options = { manager: target.manager, force: true, dryRun: true };
    const [live, wanted] = await Promise.all([
      cluster.get(target.reference, call),
      cluster.apply(target.reference, target.manifest, options, call).catch(refusal),
    ]);
    if (!live) return { changes: undefined, isOther: true };
    if (!(wanted instanceof ApiError)) return seenChanges(live, wanted, target.manager, ignored);
    const immutable = immutableFields(wanted, target.reference.kind);
    return immutable.length === 0
      ? undefined
      : { changes: immutable.map(({ field }) => ({ path: parsePath(field), kind: 'update', replaces: true })), isOther: false };
  } catch (error) {
    if (error instanceof ApiError || error instanceof Unreachable) return undefined;
    throw error;
  }
}

function refusal(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}

function seenChanges(live: JsonObject, wanted: JsonObject, manager: string, ignored: readonly PropertyPath[]): Seen {
  const before = appliedFields(live, manager);
  const after = appliedFields(wanted, manager) ?? {};
  const changes = drift(live, wanted, union(before ?? {}, after));
  // An object that is being imported has no fields of ours yet, and must not differ for that alone.
  const counted = (fields: FieldSet) => ignored.reduce(withoutFields, fields);
  const isOther = before !== undefined && !sameFields(counted(before), counted(after));
  return { changes: isOther && changes.length === 0 ? undefined : changes, isOther };
}

/** How the wanted object differs from the live one in these fields. */
export function drift(live: JsonObject, wanted: JsonObject, fields: FieldSet): ValueChange[] {
  return compare(pickFields(live, fields), pickFields(wanted, fields));
}

/** The server's changes, told in the words of the inputs where these say the same; an input that changes nothing in the cluster is none. */
function merge(changes: readonly ValueChange[], inputs: readonly ValueChange[]): ValueChange[] {
  return changes.flatMap((change) => {
    const told = inputs.filter(({ path }) => isWithin(inData(path), change.path) || isWithin(change.path, inData(path)));
    if (told.length === 0) return [change];
    return told.map((input) => (change.replaces ? { ...input, replaces: true } : input));
  });
}

/** Where the cluster keeps what a Secret's `stringData` says. */
function inData([root, ...rest]: PropertyPath): PropertyPath {
  return root === 'stringData' ? ['data', ...rest] : root === undefined ? [] : [root, ...rest];
}

function isIdentity({ path }: ValueChange): boolean {
  const [first, second] = path;
  return first === 'metadata' && (second === undefined || second === 'name' || second === 'namespace');
}
