import { describe, expect, it } from 'vitest';
import type { ProblemCode } from '../../charts/problem.ts';
import { clean, exit, Failure, formatProblem } from '../../infra/delivery/errors.ts';

const problem = (code: ProblemCode, value?: unknown) => ({ code, field: 'f', value, rule: 'the rule', fix: 'the fix' });

describe('a problem is printed on one line that says what to do', () => {
  it.each([
    ['a string', 'x', 'error[E_ENV] f: x - the rule - the fix'],
    ['an empty string', '', 'error[E_ENV] f: "" - the rule - the fix'],
    ['nothing', undefined, 'error[E_ENV] f: - the rule - the fix'],
    ['a number', -1, 'error[E_ENV] f: -1 - the rule - the fix'],
    ['a number that JSON has no word for', Number.NaN, 'error[E_ENV] f: null - the rule - the fix'],
    ['an object', { a: 1 }, 'error[E_ENV] f: {"a":1} - the rule - the fix'],
    ['a line break', 'a\nb\r\nc', 'error[E_ENV] f: a b c - the rule - the fix'],
    ['an escape sequence', '\u001b[31mred\u001b[0m', 'error[E_ENV] f: red - the rule - the fix'],
    ['a bidi override', 'a\u202eb', 'error[E_ENV] f: a b - the rule - the fix'],
    ['a password in a URL', 'https://me:secret@git.example.com/r', 'error[E_ENV] f: https://***@git.example.com/r - the rule - the fix'],
    ['a long text', 'x'.repeat(500), `error[E_ENV] f: ${'x'.repeat(117)}... - the rule - the fix`],
  ])('%s', (_what, value, line) => {
    expect(formatProblem(problem('E_ENV', value))).toBe(line);
  });
});

describe('the exit code follows from the first problem', () => {
  it.each([
    ['E_ENV', exit.usage],
    ['E_USAGE', exit.usage],
    ['E_PUSH_CONTENTION', exit.changesOrConflict],
    ['E_AUTH', exit.remote],
    ['E_PRUNE_GUARD', exit.guard],
    ['E_DRIFT', exit.drift],
    ['E_COMMAND', exit.failure],
  ] as const)('%s exits with %i', (code, expected) => {
    expect(new Failure([problem(code), problem('E_ENV')]).exitCode).toBe(expected);
  });

  it('a failure lists every problem', () => {
    expect(new Failure([problem('E_ENV', 'a'), problem('E_PORT', 'b')]).message.split('\n')).toHaveLength(2);
  });
});

it('clean leaves ordinary text alone', () => {
  expect(clean('Größe: 3 → 4, https://git.example.com/a@b')).toBe('Größe: 3 → 4, https://git.example.com/a@b');
});
