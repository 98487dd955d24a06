import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { check, rules } from '../../charts/policy/check.ts';
import type { Problem } from '../../charts/problem.ts';
import type { Context } from './context.ts';
import { type ExitCode, exit, Failure, formatProblem } from './errors.ts';
import { ledgerPath, parseLedger } from './plan/ledger.ts';
import { findingsOfProblems } from './problem-findings.ts';
import { parseRelease, releasePath } from './release/release.ts';
import { printSarif } from './sarif.ts';
import { checkSchemas } from './schemas.ts';
import { cacheFolder } from './target.ts';
import { readTree, type Tree } from './tree.ts';

export interface ValidateOptions {
  readonly dir: string;
  readonly format?: 'text' | 'sarif';
}

/** The verdict on a tree. */
export interface Validation {
  readonly schema: 1;
  /** Manifests that were looked at. */
  readonly manifests: number;
  /** Policy rules that each had to pass. */
  readonly rules: number;
  readonly problems: readonly Problem[];
}

/** `fullcycle validate`: reads a rendered tree strictly, holds it against the schemas of its kinds and runs every policy on it. The exit code is that of the first problem. */
export async function run({ dir, format = 'text' }: ValidateOptions, { output }: Context): Promise<ExitCode> {
  const tree = await readTree(resolve(dir));
  // what can't be read would only be told twice
  const isRead = tree.problems.length === 0;
  const mistyped = isRead ? await output.step('schemas', (say) => checkSchemas(resolve(dir), cacheFolder(process.env), say)) : [];
  const validation = validate(tree, mistyped);
  const sarif = () => printSarif(findingsOfProblems(validation.problems), tree.manifests).trimEnd();
  output.print(format === 'sarif' ? sarif() : describe(validation, output.color));
  output.data(validation);
  return validation.problems.length === 0 ? exit.ok : new Failure(validation.problems).exitCode;
}

/** Everything that is wrong with a tree: files that can't be read, records that are broken, policies that are, and what the schemas say. Pure. */
export function validate({ manifests, records, problems }: Tree, mistyped: readonly Problem[] = []): Validation {
  const broken = [...records].flatMap(([path, text]) => checkRecord(path, text));
  // rules look at how objects fit together: with some of them unread they would only repeat that
  const violations = problems.length > 0 ? [] : check(manifests);
  return {
    schema: 1,
    manifests: manifests.length,
    rules: Object.keys(rules).length,
    problems: [...problems, ...broken, ...mistyped, ...violations],
  };
}

function checkRecord(path: string, text: string): readonly Problem[] {
  const environment = /^environments\/([^/]+)\//.exec(path)?.[1];
  try {
    if (path === ledgerPath) parseLedger(text);
    else if (environment !== undefined && path === releasePath(environment)) parseRelease(environment, text);
    return [];
  } catch (error) {
    if (error instanceof Failure) return error.problems;
    throw error;
  }
}

function describe({ manifests, rules: passed, problems }: Validation, color: boolean): string {
  const paint = (style: 'green' | 'red', text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  if (problems.length === 0) return `${paint('green', '✓')} ${manifests} manifests pass ${passed} rules`;
  const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in ${manifests} manifests`;
  return [...problems.map(formatProblem), `${paint('red', '✗')} ${count}`].join('\n');
}
