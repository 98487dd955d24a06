import { Failure } from '../../delivery/errors.ts';
import { textAt } from '../../kubernetes/object.ts';
import type { Call, DeleteRequest } from '../provider.ts';
import { secondsFor } from './apply.ts';
import { type Context, explained, findRecorded, requireCluster } from './target.ts';
import { untilGone } from './wait.ts';

/**
 * Deletes the object and waits until it is gone, and with it what it owns.
 * @throws Failure E_FINALIZER naming what holds it when the time is up; it is never taken off
 */
export async function remove(context: Context, { id, inputs, outputs, timeout }: DeleteRequest, call: Call): Promise<void> {
  if (context.settings.deleteUnreachable && (await context.cluster.offline())) {
    return call.warn('the cluster is unreachable: forgotten, as deleteUnreachable is set');
  }
  await requireCluster(context);
  const target = await findRecorded(context, Object.keys(inputs).length > 0 ? inputs : outputs, call, { id, outputs });
  await explained(context, target.reference, true, async () => {
    const live = await context.cluster.get(target.reference, call);
    if (!live || !(await context.cluster.remove(target.reference, target.wishes.propagation, call))) return;
    if (target.wishes.skipAwait) return;
    const seconds = secondsFor(timeout, target);
    const problems = await untilGone(context.cluster, target.reference, textAt(live, 'metadata', 'uid'), seconds, call);
    if (problems.length > 0) throw new Failure(problems);
  });
}
