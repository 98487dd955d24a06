import { Failure } from '../errors.ts';
import { inBatches } from '../git/batch.ts';
import type { LogEntry } from '../git/log.ts';
import type { Repository } from '../git/repository.ts';
import { type Hold, holdPath, parseHolds } from './hold.ts';
import { parseRelease, type ReleaseRecord, releasePath } from './release.ts';

/** A commit of the GitOps repo that changed an environment, and what the environment was afterwards. */
export interface EnvironmentCommit {
  /** Full id. */
  readonly commit: string;
  /** Commit time in seconds since 1970: when it came to the branch. */
  readonly time: number;
  /** Who committed; of a rollback, who asked for it. */
  readonly who: string;
  /** `deliver`, `promote`, `rollback`, …; `merge` or `by hand` when it was not made by this program. */
  readonly verb: string;
  /** Why, in the words of whoever did it. */
  readonly reason?: string;
  /** What it runs; undefined when that can't be read. */
  readonly release?: ReleaseRecord;
  /** What is held; expired holds too. */
  readonly holds: readonly Hold[];
}

/** The commits that changed an environment, the newest first, read while they are asked for. One git walks; one more reads 500 records. */
export async function* environmentHistory(repository: Repository, environment: string, tip: string): AsyncGenerator<EnvironmentCommit> {
  const read = recordReader(repository, environment);
  for await (const batch of inBatches(repository.log(tip, [`environments/${environment}`]))) yield* await read(batch);
}

/** Reads the records of batch after batch; a record that a commit leaves alone is what the next older change made it. */
function recordReader(
  repository: Repository,
  environment: string,
): (batch: readonly [LogEntry, ...LogEntry[]]) => Promise<EnvironmentCommit[]> {
  const [release, hold] = [releasePath(environment), holdPath(environment)];
  const state: Record<string, string | undefined> = {};
  let isFirst = true;
  return async (batch) => {
    if (isFirst) for (const { path, id } of await repository.tree(batch[0].commit, [release, hold])) state[path] = id;
    isFirst = false;
    const states = batch.map(({ files }) => {
      const after = { ...state };
      for (const { path, before } of files) if (path === release || path === hold) state[path] = before;
      return after;
    });
    const texts = await repository.blobs([...new Set(states.flatMap((ids) => Object.values(ids).filter((id) => id !== undefined)))]);
    const parsed = new Map<string, unknown>();
    const parse = <T>(id: string | undefined, parser: (environment: string, text: string) => T): T | undefined => {
      if (id === undefined) return undefined;
      if (!parsed.has(id))
        parsed.set(
          id,
          readable(() => parser(environment, texts.get(id) ?? '')),
        );
      return parsed.get(id) as T | undefined;
    };
    return batch.map((entry, index) => {
      const ids = states[index] ?? {};
      return describe(environment, entry, parse(ids[release], parseRelease), parse(ids[hold], parseHolds)?.holds ?? []);
    });
  };
}

/** What other hands broke is no release, and no reason to stop reading. */
function readable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function describe(
  environment: string,
  { commit, time, author, subject, body, parents }: LogEntry,
  release: ReleaseRecord | undefined,
  holds: readonly Hold[],
): EnvironmentCommit {
  const isOurs = body.split('\n').includes(`Fullcycle-Environment: ${environment}`);
  const verb = isOurs ? (/^([a-z]+)\(/.exec(subject)?.[1] ?? 'by hand') : parents.length > 1 ? 'merge' : 'by hand';
  const first = body.split('\n\n')[0]?.trim() ?? '';
  const reason = isOurs ? (first.startsWith('Source ') ? undefined : first) : subject;
  const who = verb === 'rollback' ? (holds.at(-1)?.who ?? author) : author;
  return { commit, time, who, verb, ...(reason ? { reason } : {}), ...(release ? { release } : {}), holds };
}
