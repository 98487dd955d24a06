import type { Problem } from '../../charts/problem.ts';

/** Host of a Git URL (`https://host/…`, `ssh://…`, `user@host:path`); lower case, without port. */
export function gitHost(url: string): string {
  if (URL.canParse(url) && url.includes('://')) return new URL(url).hostname.toLowerCase();
  return (/^(?:[^@/]*@)?([^:/]+):/.exec(url)?.[1] ?? '').toLowerCase();
}

/** Host of an image name, as Docker reads it: without a dot, a port or `localhost` in front it is on Docker Hub. */
export function imageHost(name: string): string {
  const first = name.split('/')[0] ?? '';
  const isHost = name.includes('/') ? /[.:]|^localhost$/.test(first) : /[.:]/.test(first);
  return isHost ? first.replace(/:[0-9]+$/, '') : 'docker.io';
}

/** `E_URL` unless the host is on the list; an empty list takes any. */
export function checkHostAllowed(field: string, host: string, allowed: readonly string[]): Problem[] {
  if (allowed.length === 0 || allowed.includes(host)) return [];
  const rule = `a host of allowedHosts: ${allowed.join(', ')}`;
  return [{ code: 'E_URL', field, value: host, rule, fix: 'correct the host, or allow it in Pulumi.yaml' }];
}
