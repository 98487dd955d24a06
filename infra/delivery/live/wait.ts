import type { StackConfig } from '../../config.ts';
import { Unreachable } from '../../kubernetes/api-error.ts';
import type { Connection } from '../../kubernetes/connection.ts';
import type { Context } from '../context.ts';
import { Failure, fail } from '../errors.ts';
import { realTiming, type Timing } from '../git/timing.ts';
import type { TreeEntry } from '../plan/drift.ts';
import { requireCluster } from './cluster.ts';
import { diagnose } from './diagnosis.ts';
import { changes, type Finding } from './finding.ts';
import { judge, type Observation, unaware, unknownRevisions } from './judge.ts';
import { type ClusterView, viewCluster } from './observe.ts';
import type { Wanted } from './wanted.ts';
import { readYardstick } from './yardstick.ts';

/** How to wait. */
export interface WaitOptions {
  /** Seconds, for each environment. @default 300 */
  readonly timeout?: number;
  /** The cluster of all environments. @default the one of each, see {@link requireCluster} */
  readonly connection?: Connection;
  /** Told of every change, a line each. @default the output's notes */
  readonly onChange?: (line: string) => void;
}

/** An environment that is live. */
export interface LiveEnvironment {
  readonly environment: string;
  /** Commit of the GitOps repo that the cluster has. */
  readonly commit: string;
  /** Source commit by service, as the services answer. */
  readonly services: Readonly<Record<string, string>>;
  /** How long it took, seconds. */
  readonly seconds: number;
}

/** Milliseconds between two looks. */
const interval = 250;
/** Milliseconds after which an Application that has not noticed a commit is made to look, and between two such times. */
const notice = 2_000;
const again = 10_000;

/**
 * Waits until the cluster has what the tip of the GitOps repo holds: every Application Synced and Healthy, every Deployment rolled out to the
 * wanted image, and every service answering with the wanted source commit. All environments at once.
 * @throws Failure E_NOT_READY at the timeout, for each object that lags; E_CLUSTER without a cluster; what {@link requireCluster} throws
 */
export async function waitUntilLive(
  stacks: readonly StackConfig[],
  context: Context,
  { timeout = 300, onChange = context.output.note, connection }: WaitOptions = {},
): Promise<readonly LiveEnvironment[]> {
  const waits = stacks.map(async (stack) => {
    const cluster = connection ?? (await requireCluster(stack, context)).connection;
    try {
      return await waitFor(stack, viewCluster(cluster, context.signal), context, { timeout, onChange });
    } catch (error) {
      throw error instanceof Unreachable ? new Failure([error.problem(cluster.server)], { cause: error }) : error;
    }
  });
  const done = await Promise.allSettled(waits);
  const errors = done.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const other = errors.find((error) => !(error instanceof Failure));
  if (other) throw other;
  if (errors.length > 0) throw new Failure(errors.flatMap(({ problems }: Failure) => problems));
  return done.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

async function waitFor(
  stack: StackConfig,
  view: ClusterView,
  context: Context,
  { timeout, onChange }: Required<Pick<WaitOptions, 'timeout' | 'onChange'>>,
): Promise<LiveEnvironment> {
  const timing = realTiming(context.signal);
  const start = timing.now();
  const look = createLook(stack, view, context);
  const nudge = createNudge(view, timing);
  let before: readonly Finding[] | undefined;
  for (;;) {
    const { wanted, seen, findings } = await look(before);
    for (const line of changes(before, findings)) onChange(line);
    before = findings;
    const seconds = (timing.now() - start) / 1000;
    if (findings.every(({ isDone }) => isDone)) {
      onChange(`${wanted.environment} is live at ${wanted.commit.slice(0, 10)} (${seconds.toFixed(1)} s)`);
      return summary(wanted, seconds);
    }
    if (seconds >= timeout) throw await lags(wanted, view, findings, timeout);
    if (seen) await nudge(wanted, seen);
    await timing.sleep(interval);
  }
}

/** What one look has found; `seen` is undefined while the API server is away, and the findings are the last ones. */
interface Look {
  readonly wanted: Wanted;
  readonly seen: Observation | undefined;
  readonly findings: readonly Finding[];
}

/** Looks at the cluster, and at the GitOps repo whenever the cluster shows a commit that was not seen yet. */
function createLook(stack: StackConfig, view: ClusterView, context: Context): (before?: readonly Finding[]) => Promise<Look> {
  let wanted: Wanted | undefined;
  const revisions = new Map<string, readonly TreeEntry[] | undefined>();
  const read = async (commits: readonly string[]) => {
    const yardstick = await readYardstick(stack, context, commits);
    for (const [commit, files] of yardstick.revisions) revisions.set(commit, files);
    const { name } = stack.environment;
    return yardstick.wanted ?? fail('E_ENV_MISSING', name, undefined, 'nothing was delivered yet', `run fullcycle deliver --env ${name}`);
  };
  return async (before) => {
    wanted ??= await read([]);
    try {
      const objects = await view.look(wanted);
      const unknown = unknownRevisions(wanted, objects.applications, revisions);
      if (unknown.length > 0) wanted = await read(unknown);
      const seen = { ...objects, revisions };
      return { wanted, seen, findings: judge(wanted, seen) };
    } catch (error) {
      if (!(error instanceof Unreachable) || !before) throw error;
      return { wanted, seen: undefined, findings: before.map((finding) => ({ ...finding, isDone: false })) };
    }
  };
}

/** Where no webhook tells Argo CD of commits, it would find out within minutes. */
function createNudge(view: ClusterView, timing: Timing): (wanted: Wanted, seen: Observation) => Promise<void> {
  const due = new Map<string, number>();
  return async (wanted, seen) => {
    const now = timing.now();
    const lagging = unaware(wanted, seen);
    for (const name of due.keys()) if (!lagging.includes(name)) due.delete(name);
    for (const name of lagging) if (!due.has(name)) due.set(name, now + notice);
    const late = lagging.filter((name) => (due.get(name) ?? now) <= now);
    for (const name of late) due.set(name, now + again);
    if (late.length > 0) await view.refresh(wanted, late);
  };
}

async function lags(wanted: Wanted, view: ClusterView, findings: readonly Finding[], timeout: number): Promise<Failure> {
  const lagging = findings.filter(({ isDone }) => !isDone);
  const problems = lagging.map(async (finding) => diagnose(wanted.environment, finding, await view.evidence(wanted, finding)));
  const told = await Promise.all(problems);
  return new Failure(told.map((problem) => ({ ...problem, rule: `not within ${timeout} s: ${problem.rule}` })));
}

function summary({ environment, commit, services }: Wanted, seconds: number): LiveEnvironment {
  return { environment, commit, services: Object.fromEntries(services.map((service) => [service.name, service.commit])), seconds };
}
