import type { Problem } from '../../../charts/problem.ts';

/** Longest branch name, in bytes: a path component on every file system, with `.lock` appended. */
const maxBytes = 250;

/**
 * Rules of `git check-ref-format --branch`, told in words, plus ours: no `refs/` in front (git would take it for a part of the
 * name), not `@` (elsewhere it means HEAD), at most 250 bytes, no lone surrogates.
 * Source: https://git-scm.com/docs/git-check-ref-format
 */
const rules: readonly (readonly [broken: (name: string) => boolean, rule: string])[] = [
  [(name) => name === '', 'a branch name is not empty'],
  [(name) => Buffer.byteLength(name) > maxBytes, `a branch name has at most ${maxBytes} bytes`],
  [(name) => !name.isWellFormed(), 'a branch name is well-formed Unicode'],
  [(name) => name.startsWith('refs/'), 'a branch is named without refs/heads/'],
  [(name) => name.startsWith('-'), 'a branch name does not begin with -'],
  [(name) => name === 'HEAD', 'HEAD is not a branch'],
  [(name) => name === '@', '@ stands for HEAD'],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  [(name) => /[\u0000-\u0020\u007f]/.test(name), 'a branch name has no spaces or control characters'],
  [(name) => /[~^:?*[\\]/.test(name), 'a branch name has none of ~ ^ : ? * [ \\'],
  [(name) => name.includes('..'), 'a branch name has no ..'],
  [(name) => name.includes('@{'), 'a branch name has no @{'],
  [(name) => /^\/|\/$|\/\//.test(name), 'slashes in a branch name are single and inside'],
  [(name) => name.endsWith('.'), 'a branch name does not end with a dot'],
  [(name) => name.split('/').some((part) => part.startsWith('.')), 'no part of a branch name begins with a dot'],
  [(name) => name.split('/').some((part) => part.endsWith('.lock')), 'no part of a branch name ends with .lock'],
];

/** What is wrong with a branch name (`E_REF`), the first broken rule only; nothing when git takes it. */
export function checkBranch(field: string, name: string): Problem[] {
  const broken = rules.find(([isBroken]) => isBroken(name));
  return broken ? [{ code: 'E_REF', field, value: name, rule: broken[1], fix: 'use a plain name such as main' }] : [];
}

/**
 * What is wrong with a commit named by its id or by the branch (`E_REF`), before git is asked. Git's own notations (`HEAD~1`, `@{-1}`)
 * mean a place in a checkout, which the GitOps repo has none of.
 */
export function checkRevision(field: string, name: string): Problem[] {
  return checkBranch(field, name).map((problem) => ({ ...problem, fix: 'name a commit by its id, or the branch' }));
}
