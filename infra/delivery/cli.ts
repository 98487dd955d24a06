import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, CommanderError, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import type { Context } from './context.ts';
import { type ExitCode, exit, Failure, formatProblem } from './errors.ts';
import { createOutput } from './output.ts';

/** A verb's module: loaded only when the verb runs, so that the others cost nothing. */
interface Verb<Options> {
  readonly run: (options: Options, context: Context) => Promise<ExitCode>;
}

/** The folder this program lives in: the default project. */
const home = fileURLToPath(new URL('../../', import.meta.url));

/** Parses the arguments, runs the verb, prints every problem, and returns the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  process.once('SIGTERM', () => abort.abort());
  let code: ExitCode = exit.ok;
  try {
    await createProgram(abort.signal, (result) => {
      code = result;
    }).parseAsync(argv, { from: 'user' });
  } catch (error) {
    code = report(error);
  }
  return abort.signal.aborted ? exit.interrupted : code;
}

/** All verbs with their options. `finished` receives the verb's exit code. */
export function createProgram(signal: AbortSignal, finished: (code: ExitCode) => void): Command {
  const program = new Command('fullcycle')
    .description('One typed program from source to a synced cluster.')
    .version(manifest.version)
    .option('--json', 'print data only on stdout, logs on stderr')
    .option('-q, --quiet', 'no progress, no remarks')
    .option('-v, --verbose', 'show what the tools underneath say')
    .addOption(new Option('-C, --directory <dir>', 'the project, where Pulumi.yaml is').default(home, 'this one'))
    .option('--local', 'use the local registry, GitOps repo and cluster, whatever the stack file says')
    .configureHelp({ helpWidth: 100, showGlobalOptions: true })
    .configureOutput({ outputError: () => {}, getErrHelpWidth: () => 100, getOutHelpWidth: () => 100 })
    .exitOverride()
    .helpCommand(false);

  const verb = (name: string, description: string) => program.command(name).description(description).copyInheritedSettings(program);
  const runs =
    <Options>(load: () => Promise<Verb<Options>>, named: readonly string[] = []) =>
    async (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      const given = Object.fromEntries(named.map((name, index) => [name, args[index]]));
      const { json, quiet, verbose, directory, local, ...own } = command.optsWithGlobals();
      const output = createOutput({ json, quiet, verbose }, process, Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb');
      const { run } = await load();
      finished(await run({ ...own, ...given } as Options, { project: resolve(directory), output, local: local ?? false, signal }));
    };
  const env = () => new Option('-e, --env <env>', 'the environment; one Pulumi.<env>.yaml each');

  verb('up', 'run everything on this machine: registry, GitOps repo, images, every environment')
    .addOption(new Option('--cluster <kind>', 'where to run it').choices(['auto', 'kind', 'embedded', 'current', 'none']).default('auto'))
    .option('--context <name>', 'context of your kubeconfig, for --cluster current')
    .action(runs(() => import('./up.ts')));
  verb('down', 'stop what up started')
    .option('--purge', 'remove its data too')
    .action(runs(() => import('./down.ts')));
  verb('synth', 'render the GitOps tree to a directory; no network, git, state or Docker')
    .addOption(env())
    .option('-o, --out <dir>', 'where to', 'dist')
    .option('--release <file>', 'release.json to take the images from; placeholders otherwise')
    .action(runs(() => import('./synth.ts')));
  verb('diff', 'what delivery would change, by object and field')
    .addOption(env())
    .option('--against <ref>', 'commit or branch of the GitOps repo to compare with; its tip otherwise')
    .addOption(new Option('--tree <dir>', 'folder that synth wrote, to compare with instead of the GitOps repo').conflicts('against'))
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'markdown', 'json', 'sarif']).default('text'))
    .option('--exit-code', 'exit with 3 when something would change')
    .action(runs(() => import('./diff.ts')));
  verb('deliver', 'build, render, check, commit and push one environment')
    .addOption(env().makeOptionMandatory())
    .option('--dry-run', 'build nothing, push nothing; say what would change')
    .option('--allow-delete <kind/name...>', 'objects whose deletion is intended')
    .option('--overwrite', 'replace files that were edited by hand in the GitOps repo')
    .option('--init', 'make the first commit of an empty GitOps repo')
    .option('--settings', 'build nothing: deliver the settings alone, with the images that run')
    .addOption(new Option('--wait', 'wait until the cluster runs it, and answers').conflicts('dryRun'))
    .option('--timeout <duration>', 'how long to wait; 5m otherwise')
    .action(runs(() => import('./deliver.ts')));
  verb('promote', 'bring what one environment runs to the next: the same digests, its settings')
    .requiredOption('--to <env>', 'the environment that gets it')
    .option('--from <env>', 'the environment that runs it; the one in promotion.from otherwise')
    .option('--service <name>', 'only this service')
    .option('--plan', 'say whether it may, and why; change nothing')
    .option('--dry-run', 'push nothing; say what would change')
    .option('--pr', 'push to a branch of its own, and write the pull request')
    .option('--allow-delete <kind/name...>', 'objects whose deletion is intended')
    .action(runs(() => import('./promote.ts')));
  verb('rollback', 'bring an earlier release back byte for byte, and hold what it replaces')
    .addOption(env().makeOptionMandatory())
    .requiredOption('--reason <words>', 'why: one sentence, for those who ask later')
    .option('--to <commit>', 'commit of the GitOps repo; the last one with other images otherwise')
    .option('--until <time>', 'when the hold ends: a time, or a duration like 7d; never otherwise')
    .option('--dry-run', 'push nothing; say what would change')
    .option('--allow-delete <kind/name...>', 'objects whose deletion is intended')
    .option('--overwrite', 'replace files that were edited by hand in the GitOps repo')
    .action(runs(() => import('./rollback.ts')));
  verb('unhold', 'let what a rollback held be delivered again')
    .addOption(env().makeOptionMandatory())
    .option('--service <name>', 'only this service')
    .option('--reason <words>', 'why: one sentence')
    .action(runs(() => import('./unhold.ts')));
  verb('attest', 'record that an environment runs its release healthily; promotion asks for it')
    .addOption(env().makeOptionMandatory())
    .option('--reason <words>', 'what you saw, where Argo CD cannot be asked')
    .action(runs(() => import('./attest.ts')));
  verb('history', 'the releases of an environment: when, what, who and why')
    .addOption(env().makeOptionMandatory())
    .option('-n, --limit <count>', 'at most so many')
    .action(runs(() => import('./history.ts')));
  verb('bisect', 'which commit changed a field of an environment')
    .addOption(env().makeOptionMandatory())
    .requiredOption('--field <object:path>', 'like Deployment/goserver:spec.replicas')
    .option('--all', 'every commit that changed it, not the last alone')
    .action(runs(() => import('./bisect.ts')));
  verb('verify', 'render again from the recorded source commit and compare bytes')
    .addOption(env())
    .option('--ref <ref>', 'commit or branch of the GitOps repo; its tip otherwise')
    .action(runs(() => import('./verify.ts')));
  verb('validate', 'check a rendered tree: schema, policy, references between objects')
    .argument('[dir]', 'the tree', 'dist')
    .addOption(new Option('--format <format>', 'how to print it; sarif for code scanning').choices(['text', 'sarif']).default('text'))
    .action(runs(() => import('./validate.ts'), ['dir']));
  verb('status', 'source → rendered → pushed → synced → live: which hop lags, and why')
    .addOption(env())
    .option('--wait', 'wait until the cluster runs what the GitOps repo holds, and answers')
    .option('--timeout <duration>', 'how long to wait; 5m otherwise')
    .action(runs(() => import('./status.ts')));
  verb('report', 'one HTML page: where every environment stands, what it runs, how it differs, which policies hold')
    .option('-o, --out <file>', 'where to', 'report.html')
    .action(runs(() => import('./report.ts')));
  verb('new', 'make a service after goserver or nodeserver: source, tests, chart, settings')
    .addArgument(new Argument('<kind>', 'what to make').choices(['service']))
    .argument('<name>', 'its name: letters, digits and dashes')
    .addOption(new Option('--language <language>', 'what it is written in').choices(['go', 'node']).default('go'))
    .option('--port <port>', 'port it listens on; unset, as its model does')
    .action(runs(() => import('./new.ts'), ['kind', 'name']));
  verb('completion', 'a script by which your shell completes verbs, options and environments')
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish']))
    .action(runs(() => import('./completion.ts'), ['shell']));
  verb('open', 'make Argo CD or a service reachable on this machine until Ctrl-C')
    .argument('<target>', 'argocd, or a service')
    .addOption(env())
    .option('--print', 'say how to get there, and leave it at that')
    .action(runs(() => import('./open.ts'), ['target']));
  verb('explain', 'the chain of one environment: source, image, SBOM, who brought it and on what evidence, commit, cluster')
    .addOption(env().makeOptionMandatory())
    .action(runs(() => import('./explain.ts')));
  verb('doctor', 'what is installed, reachable or missing, and the fix').action(runs(() => import('./doctor.ts')));
  return program;
}

function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exit.ok;
    const rule = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    const problem = { code: 'E_USAGE', field: 'arguments', rule, fix: 'see fullcycle --help' } as const;
    process.stderr.write(`${formatProblem(problem)}\n`);
    return exit.usage;
  }
  if (error instanceof Failure) {
    for (const problem of error.problems) process.stderr.write(`${formatProblem(problem)}\n`);
    return error.exitCode;
  }
  const rule = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error[E_INTERNAL] fullcycle: ${rule}\nThis is a bug; please report it with the lines above.\n`);
  return exit.failure;
}
