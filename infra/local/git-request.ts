/** A request of git's smart HTTP protocol, checked: everything that reaches git is one of these constants. */
export interface GitRequest {
  readonly method: 'GET' | 'POST';
  /** Path below the repository. */
  readonly path: 'info/refs' | 'git-upload-pack' | 'git-receive-pack';
  readonly query: '' | 'service=git-upload-pack' | 'service=git-receive-pack';
  /** True for both requests of a push. */
  readonly writes: boolean;
}

/** Why a request is not served. */
export interface Refusal {
  readonly status: 403 | 404 | 405 | 413;
  readonly reason: string;
}

const services: readonly GitRequest[] = [
  { method: 'GET', path: 'info/refs', query: 'service=git-upload-pack', writes: false },
  { method: 'GET', path: 'info/refs', query: 'service=git-receive-pack', writes: true },
  { method: 'POST', path: 'git-upload-pack', query: '', writes: false },
  { method: 'POST', path: 'git-receive-pack', query: '', writes: true },
];

/** Matches a request against the only four that are served, byte for byte: no path is decoded or put together. */
export function parseGitRequest(method: string, url: string, repository: string): GitRequest | Refusal {
  const candidates = services.filter(({ path, query }) => url === `/${repository}/${path}${query && '?'}${query}`);
  if (candidates.length === 0) return { status: 404, reason: 'not found' };
  return candidates.find((service) => service.method === method) ?? { status: 405, reason: 'method not allowed' };
}

/**
 * Whether a connection may write: it came in over loopback, and asked for it by that name. Pods reach the server over another
 * address, and a web page that has its own name resolve to loopback still sends that name.
 */
export function mayWrite(localAddress: string | undefined, host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '');
  return isLoopback(localAddress ?? '') && (name === 'localhost' || isLoopback(name.replace(/^\[|\]$/g, '')));
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address) || address === '::1';
}
