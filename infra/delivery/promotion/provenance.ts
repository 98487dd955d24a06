import type { Release } from '../../../charts/environment.ts';
import type { Problem } from '../../../charts/problem.ts';
import type { StackConfig } from '../../config.ts';
import type { Repository } from '../git/repository.ts';
import type { Current } from '../plan/plan.ts';
import { parseRelease } from '../release/release.ts';
import { environmentHistory } from '../release/release-history.ts';

/**
 * `E_NOT_PROVEN` for each image that would be new in an environment and never was in the one that it is promoted from, at any time:
 * whatever verb brings it, no image reaches prod that was not in staging.
 */
export async function unproven(
  repository: Repository,
  { environment: { name }, promotion: { from } }: Pick<StackConfig, 'environment' | 'promotion'>,
  { images }: Release,
  current: Current,
  tip: string | undefined,
): Promise<Problem[]> {
  if (from === undefined) return [];
  const before = current.release === undefined ? undefined : parseRelease(name, current.release);
  const open = new Map(Object.entries(images).filter(([service, { digest }]) => before?.images[service]?.digest !== digest));
  if (open.size > 0 && tip !== undefined) {
    for await (const { release } of environmentHistory(repository, from, tip)) {
      for (const [service, { digest }] of open) if (release?.images[service]?.digest === digest) open.delete(service);
      if (open.size === 0) break;
    }
  }
  return [...open].map(([service, { digest }]) => ({
    code: 'E_NOT_PROVEN',
    field: `${name}/${service}`,
    value: digest,
    rule: `was never in ${from}, which ${name} is promoted from`,
    fix: `deliver it to ${from} first; for a change of settings alone: fullcycle deliver --env ${name} --settings`,
  }));
}
