import { describe, expect, it } from 'vitest';
import { createIgnore } from '../../infra/image/ignore-file.ts';

/** Patterns, a path, and whether Docker leaves it out. */
const cases: readonly [string, readonly string[], string, boolean][] = [
  ['nothing is said', [], 'main.go', false],
  ['a name in the root', ['main.go'], 'main.go', true],
  ['a name does not reach into folders', ['main.go'], 'a/main.go', false],
  ['a folder takes its files along', ['node_modules'], 'node_modules/a/b.js', true],
  ['a leading slash means the same', ['/docs'], 'docs/a.md', true],
  ['a trailing slash means the same', ['docs/'], 'docs/a.md', true],
  ['a leading dot means the same', ['./docs'], 'docs/a.md', true],
  ['a star stays in its folder', ['*.md'], 'docs/a.md', false],
  ['a star matches hidden files', ['*'], '.env', true],
  ['a star takes folders along', ['*'], 'a/b', true],
  ['a question mark is one character', ['a?.go'], 'ab.go', true],
  ['a question mark is no slash', ['a?b'], 'a/b', false],
  ['a class of characters', ['[a-c].go'], 'b.go', true],
  ['the complement of a class', ['[^a-c].go'], 'b.go', false],
  ['two stars reach any depth', ['**/*_test.go'], 'a/b/c_test.go', true],
  ['two stars reach the root too', ['**/*_test.go'], 'c_test.go', true],
  ['two stars at the end', ['docs/**'], 'docs/a/b', true],
  ['two stars in the middle', ['a/**/z'], 'a/b/c/z', true],
  ['a later pattern lets in again', ['*', '!*.go'], 'main.go', false],
  ['what is let in again only there', ['*', '!*.go'], 'a/main.go', true],
  ['a folder is let in again with its files', ['*', '!web'], 'web/index.html', false],
  ['the last pattern decides', ['*', '!*.go', '*_test.go'], 'main_test.go', true],
  ['an exception that comes first does nothing', ['!main.go', '*'], 'main.go', true],
  ['comments and empty lines', ['# main.go', '', '  '], 'main.go', false],
  ['spaces around a pattern', ['  main.go  '], 'main.go', true],
  ['a space after the exclamation mark', ['*', '! main.go'], 'main.go', false],
  ['a lone exclamation mark', ['!'], 'main.go', false],
  ['an escaped star', ['a\\*'], 'a*', true],
  ['an escaped star is no star', ['a\\*'], 'ab', false],
  ['characters that mean something elsewhere', ['a+b(c).{d}$'], 'a+b(c).{d}$', true],
  ['a dot is a dot', ['a.go'], 'axgo', false],
  ['carriage returns', ['main.go\r'], 'main.go', true],
];

describe('what .dockerignore leaves out', () => {
  it.each(cases)('%s', (_, patterns, path, ignored) => {
    expect(createIgnore(patterns)(path)).toBe(ignored);
  });
});
