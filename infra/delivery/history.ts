import { styleText } from 'node:util';
import { loadStack } from '../config.ts';
import type { Context } from './context.ts';
import { clean, type ExitCode, exit, fail } from './errors.ts';
import { atTip } from './git/reach.ts';
import { realTiming } from './git/timing.ts';
import { isoTime } from './promotion/verdict.ts';
import { type EnvironmentCommit, environmentHistory } from './release/release-history.ts';
import { openTarget } from './target.ts';

export interface HistoryOptions {
  readonly env: string;
  /** Most commits told. @default all */
  readonly limit?: string;
}

/** `fullcycle history`: what an environment ran, when, who brought it and why, read from Git; the newest first, printed as it is read. */
export async function run({ env, limit }: HistoryOptions, context: Context): Promise<ExitCode> {
  const { output, signal } = context;
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit))
    fail('E_USAGE', '--limit', limit, 'a whole number from 1 to 999999999', 'write it like --limit 20');
  const { repository } = await openTarget(await loadStack(context.project, env, context), context);
  const told: ReturnType<typeof toData>[] = [];
  await atTip({ repository, timing: realTiming(signal), init: true }, async (tip) => {
    let count = 0;
    for await (const entry of tip === undefined ? [] : environmentHistory(repository, env, tip)) {
      if (output.json) told.push(toData(entry));
      else output.print(describe(entry, output.color));
      count += 1;
      if (count === Number(limit)) break;
    }
    if (count === 0) output.print(`${env}: nothing was ever delivered`);
  });
  output.data({ environment: env, commits: told });
  return exit.ok;
}

function describe({ commit, time, who, verb, reason, release }: EnvironmentCommit, color: boolean): string {
  const images = Object.entries(release?.images ?? {}).map(([service, { digest }]) => `${service} ${digest.slice(7, 19)}`);
  const facts = [isoTime(time), commit.slice(0, 10), verb.padEnd(8), images.join(', ') || 'nothing', who];
  const line = clean(facts.join('  '));
  return `${color ? line.replace(verb, styleText('bold', verb)) : line}${reason === undefined ? '' : `\n    ${clean(reason)}`}`;
}

function toData({ commit, time, who, verb, reason, release, holds }: EnvironmentCommit) {
  return {
    commit,
    time: isoTime(time),
    who,
    verb,
    reason: reason ?? null,
    source: release?.source.commit ?? null,
    digests: Object.fromEntries(Object.entries(release?.images ?? {}).map(([service, { digest }]) => [service, digest])),
    held: holds.flatMap(({ digests }) => digests),
  };
}
