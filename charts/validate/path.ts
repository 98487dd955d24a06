import type { Problem } from '../problem.ts';

const longest = 512;
const part = /^[A-Za-z0-9._-]*[A-Za-z0-9_-]$/;
const urlPath = /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,1023}$/;

/**
 * `checkPath(field, value, inside?): Problem[]` - E_PATH unless a relative, normalised path of A-Z, a-z, 0-9, `.`, `_`, `-` and `/`,
 * 512 at most, with no `.`, `..` or `.git` part (in any case), and below the folder `inside` when one is given.
 */
export function checkPath(field: string, value: unknown, inside?: string): Problem[] {
  const isBelow = (path: string) => inside === undefined || path.startsWith(`${inside}/`);
  if (typeof value === 'string' && value.length <= longest && value.split('/').every(isPart) && isBelow(value)) return [];
  const where = inside === undefined ? '' : `, below ${inside}/`;
  const rule = `a relative, normalised path of A-Z, a-z, 0-9, ".", "_" and "-", at most ${longest} characters, without ".." or ".git" parts${where}`;
  return [{ code: 'E_PATH', field, value, rule, fix: 'write it from the root of the repository, like app/goserver' }];
}

/** `checkUrlPath(field, value): Problem[]` - E_PATH unless an absolute URL path of at most 1024 characters, without query, fragment, `.` or `..` parts. */
export function checkUrlPath(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && urlPath.test(value) && !value.split('/').some((text) => text === '.' || text === '..')) return [];
  const rule = 'a URL path: starts with "/", at most 1024 characters, without query, fragment or ".." parts';
  return [{ code: 'E_PATH', field, value, rule, fix: 'write it like /healthz' }];
}

/** A trailing dot is dropped by Windows, so `.git.` would be `.git` there: it is not a part either. */
function isPart(text: string): boolean {
  return part.test(text) && text.toLowerCase() !== '.git';
}
