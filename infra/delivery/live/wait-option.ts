import { isDuration, secondsOf } from '../../config/rule.ts';
import { fail } from '../errors.ts';

/**
 * Seconds to wait, from `--wait` and `--timeout`.
 * @param timeout like `5m`; @default 5m
 * @throws Failure E_USAGE for anything else, and for a timeout of nothing
 */
export function waitSeconds(wait: boolean, timeout: string | undefined): number {
  if (timeout === undefined) return 300;
  if (!wait) return fail('E_USAGE', '--timeout', timeout, 'says how long --wait waits', 'add --wait');
  const [problem] = isDuration('--timeout', timeout);
  if (problem) return fail('E_USAGE', '--timeout', timeout, problem.rule, 'write it like 5m');
  return secondsOf(timeout);
}
