import { isDeepStrictEqual } from 'node:util';
import { loadStack } from '../config.ts';
import type { Context } from './context.ts';
import { deliveryData, guardOf, publishStep } from './deliver.ts';
import { type ExitCode, exit, fail, failIfAny } from './errors.ts';
import { operator } from './git/operator.ts';
import { realTiming } from './git/timing.ts';
import { liveHealth } from './live/health.ts';
import { type Delivered, deliveredAt } from './plan/manifests.ts';
import { checkReason } from './plan/message.ts';
import type { Current, Wanted } from './plan/plan.ts';
import type { HealthEvidence } from './promotion/evidence.ts';
import { isoTime } from './promotion/verdict.ts';
import { type Attestation, attestationPath, formatAttestation, parseAttestation } from './release/attestation.ts';
import { openTarget } from './target.ts';

export interface AttestOptions {
  readonly env: string;
  readonly reason?: string;
}

/**
 * `fullcycle attest`: records in the GitOps repo that an environment runs its release healthily, as Argo CD says or, where it can't be
 * asked from here, as you do. Promotion believes it where it can't ask either.
 */
export async function run({ env, reason }: AttestOptions, context: Context): Promise<ExitCode> {
  const { output, signal, project } = context;
  failIfAny(reason === undefined ? [] : checkReason('--reason', reason));
  const target = await openTarget(await loadStack(project, env, context), context);
  const healthOf = liveHealth(target.stack, context);
  const { repository, stack } = target;
  const timing = realTiming(signal);
  const who = await operator(project);
  const propose = async (_current: Current, tip: string | undefined): Promise<Wanted> => {
    const delivered = await deliveredAt(repository, env, tip);
    const commit = tip ?? '';
    const live = await healthOf({ commit, current: delivered.current, repository });
    return attesting(delivered, commit, { who, at: isoTime(Math.floor(timing.now() / 1000)), live, reason });
  };
  const guard = guardOf(target, {});
  const request = { environment: env, repository, timing, guard, identity: stack.gitops.author, propose, stopIfChanged: true };
  const published = await publishStep(`attest ${env}`, request, output);
  output.print(published.commit === undefined ? `${env}: attested before` : `${env}: healthy, recorded in ${attestationPath(env)}`);
  output.data(deliveryData(env, published));
  return exit.ok;
}

/** Who saw what. */
export interface Sight {
  readonly who: string;
  /** ISO 8601. */
  readonly at: string;
  /** What the cluster says, where it can be asked. */
  readonly live: Readonly<Record<string, HealthEvidence>> | undefined;
  /** What the person says. */
  readonly reason: string | undefined;
}

/** The same environment with the word that it is healthy. Pure. @throws Failure E_NOT_PROVEN when it isn't; E_USAGE when nobody says so */
export function attesting({ current, files, release }: Delivered, commit: string, { who, at, live, reason }: Sight): Wanted {
  const { environment } = release;
  const digests = Object.fromEntries(Object.entries(release.images).map(([service, { digest }]) => [service, digest]));
  const next: Attestation = {
    schema: 1,
    environment,
    digests,
    release: commit,
    who,
    at,
    ...sawHealthy(environment, digests, live, reason),
  };
  const before = current.attestation === undefined ? undefined : parseAttestation(environment, current.attestation);
  // Saying it once more writes nothing.
  const attestation = before && isDeepStrictEqual({ ...before, at, release: commit }, next) ? current.attestation : formatAttestation(next);
  return { files, release, attestation, verb: 'attest', ...(reason === undefined ? {} : { reason }) };
}

/** What was seen, and by whom. @throws Failure E_NOT_PROVEN when that isn't health; E_USAGE when nobody says anything */
function sawHealthy(
  env: string,
  digests: Readonly<Record<string, string>>,
  live: Readonly<Record<string, HealthEvidence>> | undefined,
  reason: string | undefined,
): Pick<Attestation, 'source' | 'words'> {
  if (live === undefined) {
    const fix = 'say what you saw with --reason';
    if (reason === undefined) fail('E_USAGE', '--reason', undefined, `the cluster of ${env} can't be asked from here`, fix);
    return { source: 'person', words: reason };
  }
  failIfAny(
    Object.entries(digests).flatMap(([service, value]) => {
      const { state, words } = live[service] ?? { state: 'unknown', words: 'Argo CD does not know it' };
      const rule = `not Healthy: ${words}`;
      return state === 'healthy' ? [] : [{ code: 'E_NOT_PROVEN' as const, field: `${env}/${service}`, value, rule, fix: 'mend it first' }];
    }),
  );
  return { source: 'argocd', words: [...new Set(Object.values(live).map(({ words }) => words))].join('; ') };
}
