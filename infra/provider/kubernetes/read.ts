import { ApiError } from '../../kubernetes/api-error.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { at, textAt, withAt } from '../../kubernetes/object.ts';
import type { ValueChange } from '../difference.ts';
import type { Call, Found, ReadRequest } from '../provider.ts';
import { markSecrets, type PropertyMap, reveal } from '../value.ts';
import { hideData } from './check.ts';
import { checkpoint } from './checkpoint.ts';
import { drift } from './diff.ts';
import { idOf } from './id.ts';
import { appliedFields, type FieldSet, pickFields, union } from './managed-fields.ts';
import { inputsOf } from './manifest.ts';
import { type Context, explained, findRecorded, requireCluster, type Target } from './target.ts';

/**
 * The object as it is now. Its inputs are those recorded, with the live value where a field that they manage has another one; for an
 * object that is imported they are everything but what the server adds.
 */
export async function read(context: Context, { id, inputs, outputs }: ReadRequest, call: Call): Promise<Found | undefined> {
  if (context.settings.deleteUnreachable && (await context.cluster.offline())) {
    call.warn('the cluster is unreachable: forgotten, as deleteUnreachable is set');
    return undefined;
  }
  await requireCluster(context);
  const isImport = Object.keys(inputs).length === 0;
  const target = await findRecorded(context, isImport ? identityOf(outputs) : inputs, call, { id, outputs });
  return explained(context, target.reference, false, async () => {
    const live = await context.cluster.get(target.reference, call);
    if (!live) return undefined;
    const found = isImport ? importedInputs(live, target) : await refreshedInputs(context, target, inputs, live, call);
    return { id: idOf(target.reference), inputs: found, outputs: checkpoint(live, found, target) };
  });
}

/** Version and kind as recorded earlier: the type's token may name an older version. */
function identityOf(outputs: PropertyMap): PropertyMap {
  const { apiVersion, kind } = outputs;
  return apiVersion && kind ? { apiVersion, kind } : {};
}

function importedInputs(live: JsonObject, { reference }: Target): PropertyMap {
  const inputs = inputsOf(live);
  return reference.apiVersion === 'v1' && reference.kind === 'Secret' ? hideData(inputs) : inputs;
}

async function refreshedInputs(
  { cluster }: Context,
  target: Target,
  inputs: PropertyMap,
  live: JsonObject,
  call: Call,
): Promise<PropertyMap> {
  const options = { manager: target.manager, force: true, dryRun: true };
  try {
    // The server tells which fields the inputs manage, and what it makes of their values.
    const meant = await cluster.apply(target.reference, target.manifest, options, call);
    const fields = union(appliedFields(live, target.manager) ?? {}, appliedFields(meant, target.manager) ?? {});
    return overlay(inputs, live, fields, drift(meant, live, fields));
  } catch (error) {
    if (error instanceof ApiError) return inputs;
    throw error;
  }
}

/** The inputs with the live values at the places that have drifted. A list is taken over as a whole: its items may have moved. */
function overlay(inputs: PropertyMap, live: JsonObject, fields: FieldSet, changes: readonly ValueChange[]): PropertyMap {
  const found = pickFields(live, fields);
  const drifted = changes.reduce((plain, { path }) => {
    const list = path.findIndex((step) => typeof step === 'number');
    const place = path.slice(0, list < 0 ? undefined : list).map(String);
    const [root = '', key = ''] = place;
    const text = root === 'data' ? textAt(plain, 'stringData', key) : undefined;
    if (text === undefined) return withAt(plain, place, at(found, ...place));
    const encoded = textAt(found, ...place);
    return withAt(plain, ['stringData', key], encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString());
  }, reveal(inputs));
  return changes.length === 0 ? inputs : (markSecrets(drifted, inputs) as PropertyMap);
}
