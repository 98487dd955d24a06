import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { checkRemote, remoteKey } from '../../../infra/delivery/git/remote.ts';

const told = (url: string, allowLocal = false): string =>
  checkRemote('gitops.repository', url, { allowLocal }).map(formatProblem).join('\n');
const form = 'write it as https://host/path.git or git@host:path.git';
const scheme = `the transport is https, http or ssh - ${form}`;

describe('the URL of a repository', () => {
  it.each([
    'https://github.com/lalausan/gitopsfc.git',
    'https://git.example.com:8443/team/gitops',
    'http://gitops.fullcycle-local.svc.cluster.local/gitops.git',
    'http://127.0.0.1:3000/gitops.git',
    'http://[::1]:3000/gitops.git',
    'ssh://git@github.com/lalausan/gitopsfc.git',
    'ssh://git@git.example.com:2222/~user/repo.git',
    'git@github.com:lalausan/gitopsfc.git',
    'github.com:lalausan/gitopsfc',
    'git@host:/srv/git/gitops.git',
    'HTTPS://Example.com/Repo.git',
  ])('%s is taken', (url) => {
    expect(told(url)).toBe('');
  });

  it.each([
    ['', `error[E_URL] gitops.repository: "" - a repository has an address - ${form}`],
    ['https://', `error[E_URL] gitops.repository: https:// - a URL names a host and a path - ${form}`],
    ['https://github.com', `error[E_URL] gitops.repository: https://github.com - a URL names a host and a path - ${form}`],
    ['ssh://git@github.com/', `error[E_URL] gitops.repository: ssh://***@github.com/ - a URL names a host and a path - ${form}`],
    ['github.com/a/b', `error[E_URL] gitops.repository: github.com/a/b - a URL names a host and a path - ${form}`],
    ['../gitops.git', `error[E_URL] gitops.repository: ../gitops.git - a URL names a host and a path - ${form}`],
    ['https://h/a b', `error[E_URL] gitops.repository: https://h/a b - a URL has no spaces or control characters - ${form}`],
    [
      'https://h/a\n-oProxyCommand=x',
      `error[E_URL] gitops.repository: https://h/a -oProxyCommand=x - a URL has no spaces or control characters - ${form}`,
    ],
    [
      '--upload-pack=touch /tmp/x',
      `error[E_URL] gitops.repository: --upload-pack=touch /tmp/x - a URL has no spaces or control characters - ${form}`,
    ],
    ['--upload-pack=x', `error[E_URL] gitops.repository: --upload-pack=x - a URL does not begin with - - ${form}`],
    [
      'ssh://-oProxyCommand=x/repo',
      `error[E_URL] gitops.repository: ssh://-oProxyCommand=x/repo - a host is letters, digits, dots and dashes and begins with neither of the last - ${form}`,
    ],
    ['ssh://-x@host/repo', `error[E_URL] gitops.repository: ssh://***@host/repo - a user name does not begin with - - ${form}`],
    ['-x@host:repo', `error[E_URL] gitops.repository: -x@host:repo - a URL does not begin with - - ${form}`],
    [
      'git@-host:repo',
      `error[E_URL] gitops.repository: git@-host:repo - a host is letters, digits, dots and dashes and begins with neither of the last - ${form}`,
    ],
    ['git@host:-repo', `error[E_URL] gitops.repository: git@host:-repo - a path does not begin with - - ${form}`],
    ['https://h/../x', `error[E_URL] gitops.repository: https://h/../x - a path has no .. - ${form}`],
    ['https://h/a?x=1', `error[E_URL] gitops.repository: https://h/a?x=1 - a URL has no query and no fragment - ${form}`],
    ['https://h/a#x', `error[E_URL] gitops.repository: https://h/a#x - a URL has no query and no fragment - ${form}`],
    ['https://h\\@evil/a', `error[E_URL] gitops.repository: https://***@evil/a - a URL has no backslash - ${form}`],
    [
      `https://h/${'x'.repeat(2048)}`,
      `error[E_URL] gitops.repository: https://h/${'x'.repeat(107)}... - a URL has at most 2048 characters - ${form}`,
    ],
    ['https://h:99999/a', `error[E_URL] gitops.repository: https://h:99999/a - a URL names a host and a path - ${form}`],
    ['ext::sh -c touch', `error[E_URL] gitops.repository: ext::sh -c touch - a URL has no spaces or control characters - ${form}`],
    ['ext::sh', `error[E_URL_SCHEME] gitops.repository: ext::sh - ${scheme}`],
    ['fd::17', `error[E_URL_SCHEME] gitops.repository: fd::17 - ${scheme}`],
    ['git://host/repo', `error[E_URL_SCHEME] gitops.repository: git://host/repo - ${scheme}`],
    ['ftp://host/repo', `error[E_URL_SCHEME] gitops.repository: ftp://host/repo - ${scheme}`],
    ['git+ssh://host/repo', `error[E_URL_SCHEME] gitops.repository: git+ssh://host/repo - ${scheme}`],
    ['file:///srv/gitops.git', `error[E_URL_SCHEME] gitops.repository: file:///srv/gitops.git - ${scheme}`],
    ['/srv/gitops.git', `error[E_URL_SCHEME] gitops.repository: /srv/gitops.git - ${scheme}`],
  ])('%j is refused', (url, text) => {
    expect(told(url)).toBe(text);
  });

  it.each([
    ['https://user:hunter2@host/repo.git', 'a URL holds no password - remove it and set up a credential helper or an ssh key'],
    ['https://hunter2@host/repo.git', 'an http URL holds no user name: it may be a token - remove it and set up a credential helper'],
    ['ssh://git:hunter2@host/repo.git', 'a URL holds no password - remove it and set up a credential helper or an ssh key'],
  ])('%s is refused without showing its secret, not even in the value', (url, rule) => {
    const problems = checkRemote('gitops.repository', url);
    expect(problems.map(formatProblem).join()).toBe(
      `error[E_URL] gitops.repository: ${url.slice(0, url.indexOf('/') + 2)}***@host/repo.git - ${rule}`,
    );
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('may be a local path only when asked for', () => {
    expect(told('/srv/gitops.git', true)).toBe('');
    expect(told('file:///srv/gitops.git', true)).toBe('');
    expect(told('ext::sh', true)).not.toBe('');
  });
});

describe('the key of a repository', () => {
  it('is the same for every spelling', () => {
    const spellings = [
      'https://github.com/lalausan/gitopsfc.git',
      'https://github.com/lalausan/gitopsfc',
      'https://github.com/lalausan/gitopsfc/',
      'https://GitHub.com:443/lalausan/gitopsfc.git',
      'http://github.com/lalausan/gitopsfc',
      'ssh://git@github.com/lalausan/gitopsfc.git',
      'ssh://git@github.com:22/lalausan/gitopsfc',
      'git@github.com:lalausan/gitopsfc.git',
      'github.com:lalausan/gitopsfc',
      'git@github.com:/lalausan/gitopsfc',
    ];
    expect(new Set(spellings.map(remoteKey)).size).toBe(1);
    expect(remoteKey('file:///srv/gitops.git')).toBe(remoteKey('/srv/gitops'));
  });

  it('differs between repositories', () => {
    const others = ['https://h/a/b', 'https://h/a/B', 'https://h/a', 'https://i/a/b', 'https://h:8443/a/b', '/a/b', '/h/a/b'];
    expect(new Set(others.map(remoteKey)).size).toBe(others.length);
    for (const url of others) expect(remoteKey(url)).toMatch(/^[0-9a-f]{16}$/);
  });
});
