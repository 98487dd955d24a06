import { z } from 'zod';
import type { Problem } from '../../charts/problem.ts';
import type { Range } from '../../charts/validate/number.ts';
import { missing } from './issue.ts';
import { isBoolean, listOf, mapping, oneOf, type Rule, wholeNumber } from './rule.ts';

/**
 * A value judged by one of our rules, so that its problems read the same wherever the value comes from. The field of a problem is
 * relative to the value. `about` is for editors.
 */
function leaf<T>(rule: Rule, about: Readonly<Record<string, unknown>>): z.ZodType<T> {
  const judged = z
    .unknown()
    .superRefine((value, context) => addIssues(context, value === undefined ? [{ ...missing, field: '' }] : rule('', value)));
  return judged.meta({ ...about }) as unknown as z.ZodType<T>;
}

/** A string that the rule takes. */
export function string(description: string, rule: Rule): z.ZodType<string> {
  return leaf(unquoted(rule), { description, type: 'string' });
}

/** A whole number within the bounds, or as the rule says. */
export function integer(description: string, range: Range, rule: Rule = wholeNumber(range)): z.ZodType<number> {
  return leaf(quoting(rule), { description, type: 'integer', minimum: range.min, maximum: range.max });
}

/** True or false. */
export function boolean(description: string): z.ZodType<boolean> {
  return leaf(quoting(isBoolean), { description, type: 'boolean' });
}

/** One of the words. */
export function word<T extends string>(description: string, words: readonly T[]): z.ZodType<T> {
  return leaf(oneOf(words), { description, type: 'string', enum: [...words] });
}

/** Different words out of the given ones, at least one. */
export function wordList<T extends string>(description: string, words: readonly T[]): z.ZodType<readonly T[]> {
  return leaf(listOf(oneOf(words), 1), { description, type: 'array', items: { type: 'string', enum: [...words] } });
}

/** Different strings that the rule takes. */
export function stringList(description: string, rule: Rule): z.ZodType<readonly string[]> {
  return leaf(listOf(rule), { description, type: 'array', items: { type: 'string' } });
}

/** A mapping with free keys to strings, judged as a whole. */
export function stringMap(
  description: string,
  rule: (field: string, value: Readonly<Record<string, unknown>>) => Problem[],
): z.ZodType<Readonly<Record<string, string>>> {
  return leaf(mapping(rule), { description, type: 'object', additionalProperties: { type: 'string' } });
}

/** Judges a mapping as a whole; skipped while one of its values is wrong. */
export function judge<T>(schema: z.ZodType<T>, rule: (value: T) => readonly Problem[]): z.ZodType<T> {
  return schema.superRefine((value, context) => addIssues(context, rule(value)));
}

/** Where no string is wanted, the quotes of a string are what is wrong with `"3"`. */
function quoting(rule: Rule): Rule {
  return (field, value) =>
    rule(field, value).map((problem) =>
      problem.value === value && typeof value === 'string' ? { ...problem, value: JSON.stringify(value) } : problem,
    );
}

/** Where a string is wanted, missing quotes may be all that is wrong with `3`. */
function unquoted(rule: Rule): Rule {
  return (field, value) => {
    const isWord = typeof value === 'number' || typeof value === 'boolean';
    const fix = isWord && rule(field, String(value)).length === 0 ? { fix: 'quote it' } : {};
    return rule(field, value).map((problem) => ({ ...problem, ...fix }));
  };
}

function addIssues(context: z.RefinementCtx, problems: readonly Problem[]): void {
  // a value that is wrong is not judged together with others
  for (const problem of problems) context.addIssue({ code: 'custom', message: problem.rule, params: { problem }, continue: false });
}
