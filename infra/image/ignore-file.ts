/**
 * Whether a file stays out of the build context, by the rules of `.dockerignore`: the last pattern that matches the path or one
 * of its folders decides, `!` lets in again.
 * @param patterns lines of the file
 * @param path relative to the context, `/` separated
 * Source of the rules: https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function createIgnore(patterns: readonly string[]): (path: string) => boolean {
  const rules = patterns.flatMap((line) => parseRule(line));
  return (path) => {
    const last = rules.findLast(({ expression }) => prefixes(path).some((prefix) => expression.test(prefix)));
    return last?.ignores ?? false;
  };
}

interface Rule {
  readonly expression: RegExp;
  readonly ignores: boolean;
}

function parseRule(line: string): Rule[] {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return [];
  const ignores = !text.startsWith('!');
  const pattern = (ignores ? text : text.slice(1))
    .trim()
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  return pattern === '' ? [] : [{ expression: new RegExp(`^${translate(pattern)}$`), ignores }];
}

/** The pattern as a regular expression: Go's `filepath.Match`, and `**` for any number of folders. */
function translate(pattern: string): string {
  return pattern.replace(/\*\*\/|\*\*|\*|\?|\\(.)|\[[^\]]+\]|[.+^${}()|[\]\\]/g, (token, escaped?: string) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    if (escaped !== undefined) return literal(escaped);
    return token.length > 1 ? token : literal(token);
  });
}

function literal(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
function prefixes(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
