import { loadStack } from '../config.ts';
import type { Context } from './context.ts';
import { deliveryData, guardOf, publishStep } from './deliver.ts';
import { type ExitCode, exit, failIfAny } from './errors.ts';
import { realTiming } from './git/timing.ts';
import { type Delivered, deliveredAt } from './plan/manifests.ts';
import { checkReason } from './plan/message.ts';
import type { Current, Wanted } from './plan/plan.ts';
import { formatHolds, type Hold, parseHolds, released } from './release/hold.ts';
import { openTarget } from './target.ts';

export interface UnholdOptions {
  readonly env: string;
  readonly service?: string;
  readonly reason?: string;
}

/** `fullcycle unhold`: lets what a rollback held be delivered again. Nothing else changes. */
export async function run({ env, service, reason }: UnholdOptions, context: Context): Promise<ExitCode> {
  const { output, signal } = context;
  failIfAny(reason === undefined ? [] : checkReason('--reason', reason));
  const target = await openTarget(await loadStack(context.project, env, context), context);
  const { repository, stack } = target;
  let before: readonly Hold[] = [];
  const propose = async (_current: Current, tip: string | undefined): Promise<Wanted> => {
    const delivered = await deliveredAt(repository, env, tip);
    before = holdsOf(delivered);
    return letGo(delivered, service, reason);
  };
  const request = {
    environment: env,
    repository,
    timing: realTiming(signal),
    guard: guardOf(target, {}),
    identity: stack.gitops.author,
    propose,
  };
  const published = await publishStep(`unhold ${env}`, request, output);
  const digests = before.flatMap((hold) => hold.digests).filter((held) => service === undefined || held.service === service);
  const names = digests.map((held) => `${held.service} ${held.digest.slice(0, 19)}…`);
  output.print(published.commit === undefined ? `${env}: nothing is held` : `${env}: released ${names.join(', ')}`);
  output.data({ ...deliveryData(env, published), released: published.commit === undefined ? [] : digests });
  return exit.ok;
}

/** The same environment without the holds of a service, or of any. Pure. @param service @default every service is released */
export function letGo(delivered: Delivered, service?: string, reason?: string): Wanted {
  const { files, release } = delivered;
  const hold = formatHolds(release.environment, released(holdsOf(delivered), service));
  return { files, release, hold, verb: 'unhold', ...(reason === undefined ? {} : { reason }) };
}

function holdsOf({ current, release }: Delivered): readonly Hold[] {
  return current.hold === undefined ? [] : parseHolds(release.environment, current.hold).holds;
}
