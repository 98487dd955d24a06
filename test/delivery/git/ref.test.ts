import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { checkBranch } from '../../../infra/delivery/git/ref.ts';

const told = (name: string): string => checkBranch('gitops.branch', name).map(formatProblem).join('\n');
const gitTakes = (name: string): boolean => {
  try {
    execFileSync('git', ['check-ref-format', '--branch', name], { cwd: '/', stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('a branch name', () => {
  it.each(['main', 'master', 'release/1.2', 'feature_x', 'a', '1', 'ünïcode', 'a@b', 'x.lock.y', 'a{b'])('%j is taken', (name) => {
    expect(told(name)).toBe('');
    expect(gitTakes(name)).toBe(true);
  });

  it.each([
    ['', 'a branch name is not empty'],
    ['x'.repeat(251), 'a branch name has at most 250 bytes'],
    ['a\ud800', 'a branch name is well-formed Unicode'],
    ['refs/heads/main', 'a branch is named without refs/heads/'],
    ['--upload-pack=touch', 'a branch name does not begin with -'],
    ['HEAD', 'HEAD is not a branch'],
    ['@', '@ stands for HEAD'],
    ['a b', 'a branch name has no spaces or control characters'],
    ['a\nb', 'a branch name has no spaces or control characters'],
    ['main~1', 'a branch name has none of ~ ^ : ? * [ \\'],
    ['main^', 'a branch name has none of ~ ^ : ? * [ \\'],
    ['a:b', 'a branch name has none of ~ ^ : ? * [ \\'],
    ['*', 'a branch name has none of ~ ^ : ? * [ \\'],
    ['a\\b', 'a branch name has none of ~ ^ : ? * [ \\'],
    ['a..b', 'a branch name has no ..'],
    ['main@{1}', 'a branch name has no @{'],
    ['/main', 'slashes in a branch name are single and inside'],
    ['main/', 'slashes in a branch name are single and inside'],
    ['a//b', 'slashes in a branch name are single and inside'],
    ['main.', 'a branch name does not end with a dot'],
    ['.main', 'no part of a branch name begins with a dot'],
    ['a/.b', 'no part of a branch name begins with a dot'],
    ['main.lock', 'no part of a branch name ends with .lock'],
    ['a.lock/b', 'no part of a branch name ends with .lock'],
  ])('%j is refused', (name, rule) => {
    const [problem, ...more] = checkBranch('gitops.branch', name);
    expect(more).toEqual([]);
    expect(problem).toEqual({ code: 'E_REF', field: 'gitops.branch', value: name, rule, fix: 'use a plain name such as main' });
  });

  it('is reported on one line', () => {
    expect(told('a..b')).toBe('error[E_REF] gitops.branch: a..b - a branch name has no .. - use a plain name such as main');
  });

  it('that is taken is taken by git too, and the other way round but for our own rules', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '/',
      '.',
      '..',
      '@',
      '{',
      '@{',
      '-',
      '~',
      '^',
      ':',
      ' ',
      '.lock',
      'HEAD',
      'refs/heads/',
      '\\',
      '*',
      '[',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const name = pieces.join('');
        if (/^@$|^@\{-\d|^refs\//.test(name)) return;
        expect(checkBranch('branch', name).length === 0).toBe(gitTakes(name));
      }),
      { numRuns: 300 },
    );
  });
});
