import { createHash } from 'node:crypto';
import type { Problem } from '../../../charts/problem.ts';
import { clean } from '../errors.ts';

/** What else a remote may be besides https, http and ssh. */
export interface RemoteOptions {
  /** Absolute paths and `file://`: for tests and air-gapped disks, never from stack settings. @default false */
  readonly allowLocal?: boolean;
}

const schemes: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80', 'ssh:': '22' };
/** `user@host:path`: a colon before the first slash, as git reads it. */
const scpLike = /^(?:(?<user>[^@:/]+)@)?(?<host>[^@:/]+):(?<path>[^/].*|\/.*)$/;
const hostName = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/**
 * What is wrong with the URL of a Git repository (`E_URL`, `E_URL_SCHEME`), the first broken rule only. Taken are https, http,
 * ssh and `user@host:path`. Refused are other transports (`ext::` runs a program), credentials (the URL is written into
 * manifests), and a leading dash anywhere a program could read it as an option.
 */
export function checkRemote(field: string, url: string, options: RemoteOptions = {}): Problem[] {
  const broken = brokenRule(url, options.allowLocal ?? false);
  if (!broken) return [];
  return [{ code: broken.code, field, value: clean(url), rule: broken.rule, fix: broken.fix }];
}

type Broken = Pick<Problem, 'code' | 'rule' | 'fix'>;
const example = 'write it as https://host/path.git or git@host:path.git';

function brokenRule(url: string, allowLocal: boolean): Broken | undefined {
  const bad = (rule: string, fix = example): Broken => ({ code: 'E_URL', rule, fix });
  const badScheme: Broken = { code: 'E_URL_SCHEME', rule: 'the transport is https, http or ssh', fix: example };
  if (url === '') return bad('a repository has an address');
  if (url.length > 2048) return bad('a URL has at most 2048 characters');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(url) || !url.isWellFormed())
    return bad('a URL has no spaces or control characters');
  if (url.startsWith('-')) return bad('a URL does not begin with -');
  if (/^[A-Za-z0-9+.-]*::/.test(url)) return badScheme;
  if (url.startsWith('/') || /^file:\/\//i.test(url)) return allowLocal ? undefined : badScheme;
  if (url.includes('\\')) return bad('a URL has no backslash');
  if (url.includes('://')) return brokenUrl(url, bad, badScheme);
  const { user, host, path } = url.match(scpLike)?.groups ?? {};
  if (host === undefined || path === undefined) return bad('a URL names a host and a path');
  if (user?.startsWith('-') || !hostName.test(host))
    return bad('a host is letters, digits, dots and dashes and begins with neither of the last');
  return brokenPath(path, bad);
}

function brokenUrl(text: string, bad: (rule: string, fix?: string) => Broken, badScheme: Broken): Broken | undefined {
  const scheme = text.slice(0, text.indexOf(':') + 1).toLowerCase();
  if (!(scheme in schemes)) return badScheme;
  if (!URL.canParse(text)) return bad('a URL names a host and a path');
  const url = new URL(text);
  if (url.password !== '') return bad('a URL holds no password', 'remove it and set up a credential helper or an ssh key');
  if (url.username !== '' && scheme !== 'ssh:')
    return bad('an http URL holds no user name: it may be a token', 'remove it and set up a credential helper');
  if (url.username.startsWith('-') || url.username.startsWith('%2D')) return bad('a user name does not begin with -');
  if (!hostName.test(url.hostname) && !/^\[[0-9a-f:.]+\]$/i.test(url.hostname))
    return bad('a host is letters, digits, dots and dashes and begins with neither of the last');
  if (text.includes('?') || text.includes('#')) return bad('a URL has no query and no fragment');
  return brokenPath(/^[a-z]+:\/\/[^/]*(\/.*)?$/i.exec(text)?.[1] ?? '', bad);
}

function brokenPath(path: string, bad: (rule: string) => Broken): Broken | undefined {
  if (/^\/*(\.git)?\/*$/.test(path)) return bad('a URL names a host and a path');
  if (/^\/*-/.test(path)) return bad('a path does not begin with -');
  if (path.split('/').includes('..')) return bad('a path has no ..');
  return undefined;
}

/**
 * Name of the repository, whatever the spelling: `https://h/a/b.git`, `ssh://git@h/a/b`, `git@h:a/b.git` give one key. Two
 * repositories that differ only by transport would share a cache of objects, never a decision: each run reads its own tip.
 */
export function remoteKey(url: string): string {
  return createHash('sha256').update(normalise(url)).digest('hex').slice(0, 16);
}

function normalise(text: string): string {
  const tidy = (path: string): string => path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  if (text.startsWith('/')) return `/${tidy(text)}`;
  if (/^file:\/\//i.test(text)) return `/${tidy(text.slice('file://'.length))}`;
  if (!text.includes('://')) {
    const { host = '', path = '' } = text.match(scpLike)?.groups ?? {};
    return `${host.toLowerCase()}/${tidy(path)}`;
  }
  const url = new URL(text);
  const port = url.port === '' || url.port === schemes[url.protocol] ? '' : `:${url.port}`;
  return `${url.hostname.toLowerCase()}${port}/${tidy(url.pathname)}`;
}
