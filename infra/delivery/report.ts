import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import { check, rules } from '../../charts/policy/check.ts';
import { render } from '../../charts/render.ts';
import { loadStacks, type StackConfig } from '../config.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, fail } from './errors.ts';
import { atTip } from './git/reach.ts';
import { sourceState } from './git/source.ts';
import { realTiming } from './git/timing.ts';
import { isoTime } from './promotion/verdict.ts';
import { environmentHistory } from './release/release-history.ts';
import { printPage } from './report/page.ts';
import type { ReportData, ReportedCommit, ReportedEnvironment } from './report/report-data.ts';
import { style } from './report/style.ts';
import { status } from './status.ts';
import { placeholderRelease } from './synth.ts';
import { openTarget } from './target.ts';

export interface ReportOptions {
  readonly out: string;
}

/** Commits of each environment on the page. */
const lastCommits = 5;

/** `fullcycle report`: one page about every environment: where it stands, what it runs, how it differs, which policies hold. */
export async function run({ out }: ReportOptions, context: Context): Promise<ExitCode> {
  const environments: ReportedEnvironment[] = [];
  for (const stack of await loadStacks(context.project, undefined, context))
    environments.push(await context.output.step(`look at ${stack.environment.name}`, () => lookAt(stack, context)));
  const { commit } = await sourceState(context.project);
  const data: ReportData = { time: new Date().toISOString(), source: commit, environments };
  await write(resolve(out), printPage(data, `sha256-${createHash('sha256').update(style).digest('base64')}`));
  context.output.print(`Report in ${out}`);
  context.output.data({ out: resolve(out), ...data });
  return exit.ok;
}

async function lookAt(stack: StackConfig, context: Context): Promise<ReportedEnvironment> {
  const settings = stack.environment;
  const found = await status(stack, context);
  const files = render(settings, found.release ?? placeholderRelease(stack, catalog), catalog);
  const policies = Object.entries(rules).map(([rule, each]) => ({ rule, problems: check(files, settings, [each]) }));
  return { settings, status: found, history: await historyOf(stack, context), policies };
}

async function historyOf(stack: StackConfig, context: Context): Promise<ReportedCommit[]> {
  const { repository } = await openTarget(stack, context);
  return atTip({ repository, timing: realTiming(context.signal), init: true }, async (tip) => {
    const commits: ReportedCommit[] = [];
    for await (const { commit, time, who, verb, reason } of tip === undefined
      ? []
      : environmentHistory(repository, stack.environment.name, tip)) {
      commits.push({ commit, time: isoTime(time), who, verb, ...(reason !== undefined && { reason }) });
      if (commits.length === lastCommits) break;
    }
    return commits;
  });
}

/** Readers see the last report or this one. @throws Failure E_IO */
async function write(file: string, text: string): Promise<void> {
  const next = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(next, text);
    await rename(next, file);
  } catch (cause) {
    await rm(next, { force: true });
    fail('E_IO', '--out', file, `a file that can be written (${(cause as NodeJS.ErrnoException).code})`, 'choose another place', { cause });
  }
}
