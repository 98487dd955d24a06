import { resolve } from 'node:path';
import { catalog } from '../../charts/catalog.ts';
import type { ManifestFile } from '../../charts/environment.ts';
import { render } from '../../charts/render.ts';
import { loadStacks, type StackConfig } from '../config.ts';
import { staleImages } from './build.ts';
import type { Context } from './context.ts';
import { currentRelease } from './deliver.ts';
import type { Change } from './diff/change.ts';
import { compare } from './diff/compare.ts';
import { printJson, toReport } from './diff/json.ts';
import { printMarkdown } from './diff/markdown.ts';
import { findingsOf } from './diff/sarif.ts';
import { printText } from './diff/text.ts';
import { type ExitCode, exit, failIfAny } from './errors.ts';
import { atTip } from './git/reach.ts';
import { checkRevision } from './git/ref.ts';
import { realTiming } from './git/timing.ts';
import { readCurrent } from './plan/current.ts';
import { belongsTo } from './plan/ledger.ts';
import { manifestsAt } from './plan/manifests.ts';
import { releasePath } from './release/release.ts';
import { printSarif } from './sarif.ts';
import { openTarget } from './target.ts';
import { readTree } from './tree.ts';

export interface DiffOptions {
  readonly env?: string;
  readonly against?: string;
  /** Folder that `synth` wrote, to compare with instead of the GitOps repo; needs no network, git or state. */
  readonly tree?: string;
  readonly format: 'text' | 'markdown' | 'json' | 'sarif';
  readonly exitCode?: boolean;
}

/** What changes, and the manifests as they would be. */
interface Compared {
  readonly changes: readonly Change[];
  readonly after: readonly ManifestFile[];
}

/** `fullcycle diff`: what a delivery would change in the GitOps repo, with the images that run now; a new image has no digest before it is built. */
export async function run({ env, against, tree, format, exitCode = false }: DiffOptions, context: Context): Promise<ExitCode> {
  const { output } = context;
  failIfAny(against === undefined ? [] : checkRevision('--against', against));
  const stacks = await loadStacks(context.project, env, context);
  const compared: Compared[] = tree === undefined ? [] : [await compareWithTree(resolve(tree), stacks, env)];
  if (tree === undefined) for (const stack of stacks) compared.push(await compareWithRepository(stack, against, context));
  const changes = compared.flatMap((each) => each.changes);
  const print = {
    text: () => printText(changes, output),
    markdown: () => printMarkdown(changes),
    json: () => printJson(changes),
    sarif: () =>
      printSarif(
        findingsOf(changes),
        compared.flatMap(({ after }) => after),
      ),
  };
  output.print(print[format]().trimEnd());
  output.data(toReport(changes));
  return exitCode && changes.length > 0 ? exit.changesOrConflict : exit.ok;
}

async function compareWithRepository(stack: StackConfig, against: string | undefined, context: Context): Promise<Compared> {
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
  const after = render(stack.environment, release, catalog);
  return { changes: compare(before, after), after };
}

/** What changes since a tree was written, with the images of its releases. */
async function compareWithTree(folder: string, stacks: readonly StackConfig[], env: string | undefined): Promise<Compared> {
  const { manifests, records, problems } = await readTree(folder);
  failIfAny(problems);
  const before = env === undefined ? manifests : manifests.filter(({ path }) => belongsTo(env, path));
  const after = stacks.flatMap((stack) => {
    const release = currentRelease({ release: records.get(releasePath(stack.environment.name)) }, stack);
    return render(stack.environment, release, catalog);
  });
  return { changes: compare(before, after), after };
}
