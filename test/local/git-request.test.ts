import { describe, expect, it } from 'vitest';
import { mayWrite, parseGitRequest } from '../../infra/local/git-request.ts';

describe('a request of the git protocol', () => {
  it.each([
    ['GET', '/gitops.git/info/refs?service=git-upload-pack', false],
    ['GET', '/gitops.git/info/refs?service=git-receive-pack', true],
    ['POST', '/gitops.git/git-upload-pack', false],
    ['POST', '/gitops.git/git-receive-pack', true],
  ])('%s %s is served', (method, url, writes) => {
    expect(parseGitRequest(method, url, 'gitops.git')).toMatchObject({ method, writes });
  });

  it.each([
    '',
    '/',
    '*',
    '/gitops.git',
    '/gitops.git/',
    '/gitops.git/HEAD',
    '/gitops.git/config',
    '/gitops.git/objects/info/packs',
    '/gitops.git/info/refs',
    '/gitops.git/info/refs?service=git-upload-archive',
    '/gitops.git/info/refs?service=git-upload-pack&x=1',
    '/gitops.git/info/refs?service=git-upload-pack?x',
    '/gitops.git/git-upload-pack?x',
    '//gitops.git/git-upload-pack',
    '/gitops.git//git-upload-pack',
    '/gitops.git/./git-upload-pack',
    '/gitops.git/../gitops.git/git-upload-pack',
    '/gitops.git/%2e%2e/gitops.git/git-upload-pack',
    '/../../../etc/passwd',
    '/%67itops.git/git-upload-pack',
    '/GITOPS.GIT/git-upload-pack',
    '/other.git/git-upload-pack',
    '/gitopsXgit/git-upload-pack',
    'http://example.com/gitops.git/git-upload-pack',
    '/gitops.git/git-upload-pack\0',
    '/gitops.git/git-upload-pack#x',
  ])('with the path %j is not served', (url) => {
    for (const method of ['GET', 'POST']) {
      expect(parseGitRequest(method, url, 'gitops.git')).toEqual({ status: 404, reason: 'not found' });
    }
  });

  it.each([
    ['POST', '/gitops.git/info/refs?service=git-upload-pack'],
    ['GET', '/gitops.git/git-receive-pack'],
    ['DELETE', '/gitops.git/git-receive-pack'],
    ['OPTIONS', '/gitops.git/git-receive-pack'],
    ['HEAD', '/gitops.git/git-upload-pack'],
  ])('%s %s has the wrong method', (method, url) => {
    expect(parseGitRequest(method, url, 'gitops.git')).toEqual({ status: 405, reason: 'method not allowed' });
  });
});

describe('writing', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:20001'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost:20001'],
    ['127.8.9.1', 'localhost'],
    ['::1', '[::1]:20001'],
    ['::ffff:127.0.0.1', '127.0.0.1:20001'],
  ])('is open to who came in over %s and asked for %s', (address, host) => {
    expect(mayWrite(address, host)).toBe(true);
  });

  it.each([
    ['10.64.0.1', '10.64.0.1:20001'],
    ['10.64.0.1', '127.0.0.1:20001'],
    ['127.0.0.1', 'gitops.fullcycle-local.svc.cluster.local'],
    ['127.0.0.1', '127.0.0.1.example.com:20001'],
    ['127.0.0.1', 'localhost.example.com'],
    ['127.0.0.1', ''],
    ['127.0.0.1', undefined],
    ['::ffff:10.64.0.1', '127.0.0.1'],
    ['1270.0.0.1', '127.0.0.1'],
    [undefined, '127.0.0.1'],
  ])('is closed to who came in over %s and asked for %s', (address, host) => {
    expect(mayWrite(address, host)).toBe(false);
  });
});
