import type { Change } from '../diff/change.ts';
import { printMarkdown } from '../diff/markdown.ts';
import { Failure, fail, failIfAny } from '../errors.ts';
import type { Identity } from '../git/identity.ts';
import { atTip } from '../git/reach.ts';
import { finalProblem, refused } from '../git/remote-failure.ts';
import { decide, type PreviewRequest } from '../plan/publish.ts';
import type { Evidence } from './evidence.ts';
import { duration, isoTime } from './verdict.ts';

/**
 * A promotion for others to look at before it lands: what a pull request is opened with. Opening it takes a host's API and a token;
 * whatever does so needs nothing but this.
 */
export interface Proposal {
  /** Branch that holds the commit. */
  readonly branch: string;
  /** Branch that it is to be merged into. */
  readonly base: string;
  readonly commit: string;
  readonly title: string;
  /** Markdown. */
  readonly description: string;
}

/** What to propose. */
export interface ProposalRequest extends PreviewRequest {
  readonly identity: Identity;
  /** Name of the branch, and what the request says, of the plan that was made. */
  readonly describe: (tip: string | undefined) => Promise<{ readonly branch: string; readonly description: string }>;
}

/**
 * Commits the plan on the current tip and pushes it to a branch of its own, which must not be there yet: nothing is forced.
 * @returns undefined when there is nothing to do
 * @throws Failure with the plan's problems; E_EXISTS when the branch is there
 */
export async function propose(request: ProposalRequest): Promise<Proposal | undefined> {
  const { repository, timing, identity } = request;
  return await atTip(request, async (tip) => {
    const { decided } = await decide(request, tip);
    failIfAny(decided.problems);
    if (decided.nothingToDo) return undefined;
    const time = Math.floor(timing.now() / 1000);
    const commit = await repository.commit({ parent: tip, writes: decided.writes, message: decided.message, identity, time });
    const { branch, description } = await request.describe(tip);
    const pushed = await repository.pushNew(commit, branch);
    if (pushed.isStale) {
      const fix = `merge it, or remove it: git push ${repository.options.url} --delete ${branch}`;
      fail('E_EXISTS', branch, undefined, 'this release was proposed before', fix);
    }
    if (!pushed.isAccepted) throw new Failure([finalProblem(repository.options.url, pushed.words) ?? refused(branch, pushed.words)]);
    return { branch, base: repository.options.branch, commit, title: decided.message.split('\n')[0] ?? '', description };
  });
}

/** The text of the request: the evidence in a table, then the difference by object and field. */
export function describeProposal({ from, to, rules, candidates }: Evidence, changes: readonly Change[]): string {
  const rows = candidates.map(({ service, image, replaces, since, health }) => {
    const cells = [
      service,
      code(replaces?.digest.slice(0, 19) ?? 'none'),
      code(image?.digest.slice(0, 19) ?? 'none'),
      since ? isoTime(since.time) : '',
      `${health.state}: ${health.words}`,
    ];
    return `| ${cells.map((cell) => cell.replace(/[|<>&\r\n]/g, ' ')).join(' | ')} |`;
  });
  return [
    `Brings to **${to}** what **${from.environment}** runs since ${code(from.commit.slice(0, 10))}. Needs ${duration(rules.soak)} there${rules.requireHealthy ? ', Healthy' : ''}.`,
    ['| service | from | to | there since | health |', '| --- | --- | --- | --- | --- |', ...rows].join('\n'),
    printMarkdown(changes).trimEnd(),
  ].join('\n\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
