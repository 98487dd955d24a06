import { stripVTControlCharacters } from 'node:util';
import type { Problem, ProblemCode } from '../../charts/problem.ts';

/** Exit codes of the command line. */
export const exit = { ok: 0, failure: 1, usage: 2, changesOrConflict: 3, remote: 4, guard: 5, drift: 6, interrupted: 130 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

const exitCodes: Partial<Record<ProblemCode, ExitCode>> = {
  E_POLICY: exit.guard,
  E_SCHEMA: exit.guard,
  E_DUPLICATE_RESOURCE: exit.guard,
  E_REFERENCE: exit.guard,
  E_SECRET_IN_RENDER: exit.guard,
  E_UNCHECKED: exit.guard,
  E_PRUNE_GUARD: exit.guard,
  E_PUSH_CONTENTION: exit.changesOrConflict,
  E_STALE_BASE: exit.changesOrConflict,
  E_LOCKED: exit.changesOrConflict,
  E_DIVERGED: exit.changesOrConflict,
  E_PUSH_REFUSED: exit.remote,
  E_REMOTE_UNREACHABLE: exit.remote,
  E_AUTH: exit.remote,
  E_NO_BRANCH: exit.remote,
  E_REGISTRY: exit.remote,
  E_IMAGE_GONE: exit.guard,
  E_NOT_SOAKED: exit.guard,
  E_NOT_PROVEN: exit.guard,
  E_HELD: exit.guard,
  E_DIFF_SCOPE: exit.guard,
  E_NO_RELEASE: exit.guard,
  E_ENV_MISSING: exit.drift,
  E_DRIFT: exit.drift,
  E_UNOWNED: exit.drift,
  E_SYMLINK: exit.drift,
  E_CLUSTER_IDENTITY: exit.guard,
  E_WRONG_CLUSTER: exit.guard,
  E_EXISTS: exit.guard,
  E_APPLY: exit.failure,
  E_FIELD_CONFLICT: exit.changesOrConflict,
  E_NOT_READY: exit.failure,
  E_FINALIZER: exit.failure,
  E_ARGO_SKIP_MINOR: exit.guard,
  E_ARGO_MANIFEST: exit.guard,
  E_BUILD: exit.failure,
  E_TOOL: exit.failure,
  E_LOCAL_DOWN: exit.failure,
  E_PORT_TAKEN: exit.failure,
  E_IO: exit.failure,
  E_NO_SPACE: exit.failure,
  E_COMMAND: exit.failure,
  E_STATE: exit.failure,
};

/** Anything a user can act on. Holds every problem found, never just the first. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }

  /** Exit code of the first problem; codes without an entry above are bad input. */
  get exitCode(): ExitCode {
    const first = this.problems[0];
    return first ? (exitCodes[first.code] ?? exit.usage) : exit.failure;
  }
}

/** Throws a {@link Failure} with a single problem. */
export function fail(code: ProblemCode, field: string, value: unknown, rule: string, fix: string, options?: ErrorOptions): never {
  throw new Failure([{ code, field, value, rule, fix }], options);
}

/** Throws a {@link Failure} when there are problems. */
export function failIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Failure(problems);
}

/** `error[CODE] field: value - rule - fix (at)` on one line, without control characters or URL credentials. */
export function formatProblem(problem: Problem): string {
  const value = problem.value === undefined ? '' : ` ${show(problem.value)}`;
  const at = problem.at === undefined ? '' : ` (${problem.at})`;
  return clean(`error[${problem.code}] ${problem.field}:${value} - ${problem.rule} - ${problem.fix}${at}`);
}

/** Makes foreign text safe to print on one line: no escape sequences, no control characters, no passwords in URLs. */
export function clean(text: string): string {
  return (
    stripVTControlCharacters(text)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
      .replace(/[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ')
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/gi, '$1***@')
  );
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? (value === '' ? '""' : value) : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
