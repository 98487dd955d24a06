import { styleText } from 'node:util';
import { loadStacks, type StackConfig } from '../config.ts';
import { clusterStatus } from '../local/cluster/cluster.ts';
import { type Requirement, requirements } from '../local/cluster/requirements.ts';
import { findLocal } from '../local/local.ts';
import { toolTable } from '../local/tool-table.ts';
import { type ToolName, toolStatus } from '../local/tools.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, Failure, formatProblem } from './errors.ts';
import { tryRun } from './process.ts';
import { openTarget } from './target.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  /** `optional`: something works only with it, the rest without. */
  readonly state: 'ok' | 'missing' | 'optional';
  readonly detail: string;
  /** What to do; only when it isn't there. */
  readonly fix?: string;
}

/** A program of the machine that this one stands on. */
interface Program {
  readonly argv: readonly [string, ...string[]];
  readonly needed: 'always' | 'optional';
  readonly purpose: string;
  readonly fix: string;
}

const programs: Readonly<Record<string, Program>> = {
  git: { argv: ['git', '--version'], needed: 'always', purpose: 'writes the GitOps repo', fix: 'install git 2.39 or newer' },
  npm: { argv: ['npm', '--version'], needed: 'always', purpose: 'installs dependencies', fix: 'install Node.js with npm' },
  go: {
    argv: ['go', 'version'],
    needed: 'always',
    purpose: 'builds Go services and the pinned tools',
    fix: 'install Go 1.26 or newer from go.dev/dl',
  },
  docker: {
    argv: ['docker', 'version', '--format', 'daemon {{.Server.Version}}'],
    needed: 'optional',
    purpose: 'builds Dockerfiles; without it ko and layers build',
    fix: 'start a Docker daemon if you want your Dockerfiles to be used',
  },
  apt: {
    argv: ['apt-get', '--version'],
    needed: 'optional',
    purpose: 'gives the layers builder its C library',
    fix: 'build Node services with docker where there is no apt',
  },
};

/** `fullcycle doctor`: what is installed, reachable or missing, and the fix. Exit 1 when something needed is missing. */
export async function run(_options: unknown, context: Context): Promise<ExitCode> {
  const { output } = context;
  const findings = [
    { what: 'node', state: 'ok', detail: process.version } as const,
    ...(await Promise.all(Object.entries(programs).map(([name, program]) => examine(name, program)))),
    ...(await Promise.all((Object.keys(toolTable) as ToolName[]).map(examineTool))),
    ...(await requirements()).map(asFinding),
    await examineLocal(context),
    await examineCluster(context),
    ...(await Promise.all((await loadStacks(context.project, undefined, context)).map((stack) => examineRemote(stack, context)))),
  ];
  output.print(findings.map((finding) => describe(finding, output.color)).join('\n'));
  output.data({ findings });
  return findings.some(({ state }) => state === 'missing') ? exit.failure : exit.ok;
}

async function examine(what: string, { argv, needed, purpose, fix }: Program): Promise<Finding> {
  const { exitCode, stdout } = await tryRun(argv, { timeout: 10_000 });
  const firstLine = stdout.split('\n')[0] ?? '';
  if (exitCode === 0) return { what, state: 'ok', detail: firstLine };
  return { what, state: needed === 'always' ? 'missing' : 'optional', detail: purpose, fix };
}

async function examineTool(name: ToolName): Promise<Finding> {
  const { version, source, seconds } = await toolStatus(name);
  const detail = source === 'unbuilt' ? `${version}, built when it is first needed, about ${seconds} s` : `${version}, from ${source}`;
  return { what: name, state: 'ok', detail };
}

async function examineLocal({ project }: Context): Promise<Finding> {
  const local = await findLocal(project);
  if (local)
    return { what: 'local environment', state: 'ok', detail: `registry ${local.registry.address}, GitOps repo ${local.gitops.cloneUrl}` };
  return { what: 'local environment', state: 'optional', detail: 'not running', fix: 'npm run up' };
}

/** The embedded cluster is one of several: what it lacks is needed only for it. */
function asFinding({ what, state, detail, fix, package: name }: Requirement): Finding {
  const own = name ? `${fix}; up does it by itself where it may` : fix;
  return { what: `cluster: ${what}`, state: state === 'ok' ? 'ok' : 'optional', detail, ...(own ? { fix: own } : {}) };
}

async function examineCluster({ project }: Context): Promise<Finding> {
  const what = 'local cluster';
  const cluster = await clusterStatus(project);
  if (!cluster?.running) return { what, state: 'optional', detail: 'not running', fix: 'npm run up' };
  const policies = cluster.enforcesNetworkPolicy === false ? '; it stores NetworkPolicies but does not enforce them' : '';
  if (cluster.ready) return { what, state: 'ok', detail: `${cluster.kind}, context ${cluster.context}${policies}` };
  return {
    what,
    state: 'optional',
    detail: `${cluster.kind} is not ready${policies}`,
    fix: 'npm run up, or look at its log in .fullcycle',
  };
}

/** Whether the GitOps repo of an environment answers. */
async function examineRemote(stack: StackConfig, context: Context): Promise<Finding> {
  const what = `GitOps repo of ${stack.environment.name}`;
  try {
    const { repository } = await openTarget(stack, context);
    const { url, branch } = repository.options;
    const asked = await repository.askTip();
    if (!asked.isReached)
      return {
        what,
        state: 'missing',
        detail: `${url}: ${asked.words.trim().split('\n').at(-1) ?? 'no answer'}`,
        fix: 'check the address and your credentials',
      };
    return {
      what,
      state: 'ok',
      detail: asked.tip === undefined ? `${url} has no branch ${branch} yet` : `${branch} is at ${asked.tip.slice(0, 10)}`,
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [problem] = error.problems;
    if (problem?.code === 'E_LOCAL_DOWN')
      return { what, state: 'optional', detail: 'is the local one, which does not run', fix: problem.fix };
    return { what, state: 'missing', detail: problem ? formatProblem(problem) : error.message, fix: problem?.fix ?? 'mend the settings' };
  }
}

function describe({ what, state, detail, fix }: Finding, color: boolean): string {
  const marks = { ok: ['green', '✓'], missing: ['red', '✗'], optional: ['yellow', '–'] } as const;
  const [style, mark] = marks[state];
  const line = `${color ? styleText(style, mark) : mark} ${what.padEnd(24)} ${detail}`;
  return fix ? `${line}\n    → ${fix}` : line;
}
