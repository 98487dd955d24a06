import { resolve } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import { render } from '../../charts/render.ts';
import { loadStacks, type StackConfig } from '../config.ts';
import { staleImages } from './build.ts';
import type { Context } from './context.ts';
import { readCurrent } from './current.ts';
import { currentRelease } from './deliver.ts';
import type { Change } from './diff/change.ts';
import { compare } from './diff/compare.ts';
import { printJson, toReport } from './diff/json.ts';
import { printMarkdown } from './diff/markdown.ts';
import { printText } from './diff/text.ts';
import { type ExitCode, exit, failIfAny } from './errors.ts';
import { belongsTo } from './ledger.ts';
import { manifestsAt } from './manifests.ts';
import { atTip } from './reach.ts';
import { checkRevision } from './ref.ts';
import { releasePath } from './release.ts';
import { openTarget } from './target.ts';
import { realTiming } from './timing.ts';
import { readTree } from './tree.ts';

export interface DiffOptions {
  readonly env?: string;
  readonly against?: string;
  /** Folder that `synth` wrote, to compare with instead of the GitOps repo; needs no network, git or state. */
  readonly tree?: string;
  readonly format: 'text' | 'markdown' | 'json';
  readonly exitCode?: boolean;
}

/** `fullcycle diff`: what a delivery would change in the GitOps repo, with the images that run now; a new image has no digest before it is built. */
export async function run({ env, against, tree, format, exitCode = false }: DiffOptions, context: Context): Promise<ExitCode> {
  const { output } = context;
  failIfAny(against === undefined ? [] : checkRevision('--against', against));
  const stacks = await loadStacks(context.project, env, context);
  const changes: Change[] = tree === undefined ? [] : await changesSince(resolve(tree), stacks, env);
  if (tree === undefined) for (const stack of stacks) changes.push(...(await changesOf(stack, against, context)));
  const print = { text: () => printText(changes, output), markdown: () => printMarkdown(changes), json: () => printJson(changes) };
  output.print(print[format]().trimEnd());
  output.data(toReport(changes));
  return exitCode && changes.length > 0 ? exit.changesOrConflict : exit.ok;
}

async function changesOf(stack: StackConfig, against: string | undefined, context: Context): Promise<Change[]> {
  const { repository, local } = await openTarget(stack, context);
  const { before, release } = await atTip({ repository, timing: realTiming(context.signal), init: true }, async (tip) => {
    const current = await readCurrent(repository, stack.environment.name, tip);
    const commit = against === undefined ? tip : await repository.resolve(against);
    return {
      before: commit === undefined ? [] : await manifestsAt(repository, commit, stack.environment.name),
      release: currentRelease(current, stack),
    };
  });
  for (const service of await staleImages(context.project, stack, local, release))
    context.output.note(`${stack.environment.name}: the image of ${service} would be built anew`);
  return compare(before, render(stack.environment, release, catalog));
}

/** What changes since a tree was written, with the images of its releases. */
async function changesSince(folder: string, stacks: readonly StackConfig[], env: string | undefined): Promise<Change[]> {
  const { manifests, records, problems } = await readTree(folder);
  failIfAny(problems);
  const before = env === undefined ? manifests : manifests.filter(({ path }) => belongsTo(env, path));
  const after = stacks.flatMap((stack) => {
    const release = currentRelease({ release: records.get(releasePath(stack.environment.name)) }, stack);
    return render(stack.environment, release, catalog);
  });
  return compare(before, after);
}
