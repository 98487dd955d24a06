import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventHeaders, pushEvent, readChangedFiles, readRefUpdate } from '../../infra/local/push-event.ts';

const [none, old, now] = ['0', 'a', 'b'].map((digit) => digit.repeat(40)) as [string, string, string];
const repository = { url: 'http://gitops.fullcycle-local.svc.cluster.local/gitops.git', defaultBranch: 'main' };
const update = { before: old, after: now, ref: 'refs/heads/main' };
const noFiles = { added: [], modified: [], removed: [] };

describe('a line for the hook', () => {
  it.each([
    ['a branch', `${old} ${now} refs/heads/team/main`, { before: old, after: now, ref: 'refs/heads/team/main' }],
    ['a new branch', `${none} ${now} refs/heads/main`, { before: none, after: now, ref: 'refs/heads/main' }],
    ['a tag', `${none} ${now} refs/tags/v1`, { before: none, after: now, ref: 'refs/tags/v1' }],
    ['a deleted branch', `${old} ${none} refs/heads/main`, undefined],
    ['notes', `${old} ${now} refs/notes/commits`, undefined],
    ['nothing', '', undefined],
    ['an option', `--output=x ${now} refs/heads/main`, undefined],
  ])('tells of %s', (_what, line, expected) => {
    expect(readRefUpdate(line)).toEqual(expected);
  });
});

describe('a list of changed files', () => {
  it.each([
    ['nothing', '', noFiles],
    ['one of each', 'A\0new\0M\0dir/old\0D\0gone\0', { added: ['new'], modified: ['dir/old'], removed: ['gone'] }],
    ['a file that became a link', 'T\0link\0', { ...noFiles, modified: ['link'] }],
    ['names with everything', 'A\0a b\n"c"\0A\0ünï\0', { ...noFiles, added: ['a b\n"c"', 'ünï'] }],
  ])('tells %s', (_what, text, expected) => {
    expect(readChangedFiles(text)).toEqual(expected);
  });
});

describe('a push event', () => {
  it('has the shape of GitHub’s', () => {
    const files = { added: ['a'], modified: ['b'], removed: ['c'] };
    expect(pushEvent(repository, update, files)).toEqual({
      ref: 'refs/heads/main',
      before: old,
      after: now,
      created: false,
      deleted: false,
      forced: false,
      commits: [{ id: now, ...files }],
      repository: {
        name: 'gitops',
        html_url: 'http://gitops.fullcycle-local.svc.cluster.local/gitops',
        clone_url: repository.url,
        default_branch: 'main',
      },
    });
  });

  it('says that a branch is new', () => {
    expect(pushEvent(repository, { ...update, before: none }, noFiles)).toMatchObject({ created: true, before: none });
  });

  it('names up to 3000 files, and none at all of more: then every file counts as changed', () => {
    const added = Array.from({ length: 3000 }, (_, index) => `file-${index}`);
    expect(pushEvent(repository, update, { ...noFiles, added }).commits).toEqual([{ id: now, ...noFiles, added }]);
    expect(pushEvent(repository, update, { ...noFiles, added, removed: ['one'] }).commits).toEqual([]);
  });

  it('is signed over the bytes of its body', () => {
    const body = JSON.stringify({ name: 'ünï' });
    const expected = createHmac('sha256', 'key').update(Buffer.from(body, 'utf8')).digest('hex');
    expect(eventHeaders('key', body)).toEqual({ 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': `sha256=${expected}` });
  });
});
