import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withLock } from '../../../infra/delivery/git/lock.ts';
import { atTip } from '../../../infra/delivery/git/reach.ts';
import type { Repository } from '../../../infra/delivery/git/repository.ts';
import { type PublishRequest, publish } from '../../../infra/delivery/plan/publish.ts';
import { commitId } from '../desired.ts';
import { failure, manifestsOf, PlayedTiming, Remote, render } from '../gitops.ts';

const dev = { environment: 'dev', services: { goserver: 'v1' } };
const dev2 = { environment: 'dev', services: { goserver: 'v2' } };

let remote: Remote;
let repository: Repository;
beforeEach(() => {
  remote = new Remote();
  repository = remote.repository();
});
afterEach(() => {
  vi.unstubAllEnvs();
  remote.expectSound();
  remote.remove();
});

/** Every file of the private clone, largest first. */
function filesOfClone(): string[] {
  const names = readdirSync(repository.clone.folder, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(repository.clone.folder, name),
  );
  return names.filter((name) => statSync(name).isFile()).sort((a, b) => statSync(b).size - statSync(a).size);
}

describe('the private clone', () => {
  it('is the same for two spellings of one remote, and serves both', async () => {
    const spelled = remote.repository({ url: `file://${remote.bare.replace(/\.git$/, '')}.git` });
    expect(spelled.clone.folder).toBe(repository.clone.folder);
    await publish(remote.request(dev));
    await publish(remote.request(dev2, { repository: spelled }));
    expect(readdirSync(join(remote.folder, 'cache/gitops')).filter((name) => !name.includes('.lock')).length).toBe(1);
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('is used by one at a time: the second waits, and then says for whom', async () => {
    await publish(remote.request(dev));
    const timing = new PlayedTiming();
    const steps: string[] = [];
    await withLock(`${repository.clone.folder}.lock`, 'main', { timing, patience: 0 }, async () => {
      const holder = `by pid ${process.pid} since 2026-01-01T00:00:00.000Z`;
      const waiting = remote.request(dev2, { timing, lockPatience: 1_000, onStep: (step, detail) => void steps.push(`${step} ${detail}`) });
      expect(await failure(waiting)).toEqual({
        text: `error[E_LOCKED] main: ${holder} - one writer at a time on one machine - wait for it to end, then rerun`,
        exitCode: 3,
      });
      expect(steps).toEqual([`wait locked ${holder}`]);
    });
    expect((await publish(remote.request(dev2))).commit).toBeDefined();
  });

  it('is for its owner alone', async () => {
    await publish(remote.request(dev));
    expect(statSync(repository.clone.folder).mode & 0o777).toBe(0o700);
  });

  const each = (act: (file: string) => void) => (files: readonly string[]) => {
    for (const file of files) act(file);
  };
  const broken: readonly (readonly [how: string, breakIt: (objects: string[]) => void])[] = [
    ['the blob of the ledger truncated', () => truncateSync(blobOfLedger(), 10)],
    ['no blob of the ledger', () => rmSync(blobOfLedger())],
    ['a newest object that is cut off', (objects) => truncateSync(newest(objects), 10)],
    ['every object truncated', each((file) => truncateSync(file, 1))],
    ['every object emptied', each((file) => truncateSync(file, 0))],
    ['every object gone', each((file) => rmSync(file))],
    ['objects of other bytes', each((file) => scramble(file))],
    ['an empty HEAD', () => truncateSync(join(repository.clone.folder, 'HEAD'), 0)],
    ['no HEAD', () => rmSync(join(repository.clone.folder, 'HEAD'))],
    ['a broken config', () => writeFileSync(join(repository.clone.folder, 'config'), '[core')],
    ['a ref that is cut off', () => writeFileSync(join(repository.clone.folder, 'refs/fullcycle/next'), 'abc\n')],
    ['a ref to nothing', () => writeFileSync(join(repository.clone.folder, 'refs/fullcycle/next'), `${commitId('nothing')}\n`)],
    ['a file where the objects were', () => replaceByFile(join(repository.clone.folder, 'objects'))],
    [
      'nothing in its folder',
      () => each((name) => rmSync(join(repository.clone.folder, name), { recursive: true }))(readdirSync(repository.clone.folder)),
    ],
    ['a lock of a killed git on a ref', () => writeFileSync(join(repository.clone.folder, 'refs/fullcycle/next.lock'), '')],
    ['a lock of a killed git on the tip', () => lockTip()],
    ['a lock of a killed git on HEAD', () => writeFileSync(join(repository.clone.folder, 'HEAD.lock'), '')],
    ['a lock of a killed git on packed refs', () => writeFileSync(join(repository.clone.folder, 'packed-refs.lock'), '')],
    ['a lock of a killed git on its config', () => writeFileSync(join(repository.clone.folder, 'config.lock'), '')],
  ];
  const blobOfLedger = (): string => {
    const id = remote.git('rev-parse', 'main:.fullcycle/owned.json');
    return join(repository.clone.folder, 'objects', id.slice(0, 2), id.slice(2));
  };
  const newest = (files: string[]): string => files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0] ?? '';
  const replaceByFile = (path: string): void => {
    rmSync(path, { recursive: true });
    writeFileSync(path, '');
  };
  const lockTip = (): void => {
    mkdirSync(join(repository.clone.folder, 'refs/remotes/origin'), { recursive: true });
    writeFileSync(join(repository.clone.folder, 'refs/remotes/origin/tip.lock'), '');
  };
  const scramble = (file: string): void => {
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
  };

  it.each(broken)('with %s is thrown away and made anew', async (_how, breakIt) => {
    await publish(remote.request(dev));
    const objects = filesOfClone().filter((name) => name.includes('/objects/'));
    for (const file of objects) chmodSync(file, 0o644);
    breakIt(objects);
    await publish(remote.request(dev2));
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
    expect(remote.commits().length).toBe(2);
    expect(readdirSync(join(remote.folder, 'cache/gitops')).filter((name) => name.includes('trash'))).toEqual([]);
  });

  it('that breaks between commit and push is thrown away, and the commit made again', async () => {
    await publish(remote.request(dev));
    let isBroken = false;
    const onStep: PublishRequest['onStep'] = (step) => {
      if (step !== 'push' || isBroken) return;
      isBroken = true;
      for (const file of filesOfClone().filter((name) => name.includes('/objects/'))) {
        chmodSync(file, 0o644);
        truncateSync(file, 5);
      }
    };
    await publish(remote.request(dev2, { onStep }));
    expect(remote.commits().length).toBe(2);
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('finds commits by id or branch, of this history only', async () => {
    const { commit = '' } = await publish(remote.request(dev));
    const stray = remote.commit({ 'x.md': 'x' }, { branch: 'other' });
    const options = { repository, timing: new PlayedTiming() };
    const found = await atTip(options, async () => [await repository.resolve('main'), await repository.resolve(commit.slice(0, 12))]);
    expect(found).toEqual([commit, commit]);
    for (const name of [stray, 'other', '--all', 'HEAD~1', '', 'refs/heads/main'])
      await expect(atTip(options, () => repository.resolve(name))).rejects.toThrow(
        `error[E_REF] main: ${name === '' ? '""' : name} - is no commit of the GitOps repo - take one from git log main`,
      );
  });
});

describe('a disk', () => {
  it('that can not be written is named, and nothing is pushed', async () => {
    const cacheDir = join(remote.folder, 'a-file');
    writeFileSync(cacheDir, '');
    expect(await failure(remote.request(dev, { repository: remote.repository({ cacheDir }) }))).toEqual({
      text: `error[E_IO] ${cacheDir}/gitops: can not be written - the private clone of the GitOps repo is kept there - make it writable, then rerun: nothing was pushed`,
      exitCode: 1,
    });
    expect(remote.commits()).toEqual([]);
  });

  it('is not blamed for what a render can not read, and the clone stays', async () => {
    await publish(remote.request(dev));
    const before = statSync(repository.clone.folder).ino;
    const broken = () => Promise.resolve(readFileSync(join(remote.folder, 'checkout', 'README.md'), 'utf8') as never);
    await expect(publish(remote.request(dev2, { propose: broken }))).rejects.toThrow(
      `ENOENT: no such file or directory, open '${remote.folder}/checkout/README.md'`,
    );
    const denied = () => Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', path: '/etc/shadow' }));
    await expect(publish(remote.request(dev2, { propose: denied }))).rejects.toThrow('EACCES: permission denied');
    expect(statSync(repository.clone.folder).ino).toBe(before);
  });

  // Only root may mount a disk small enough to fill.
  const asRoot = process.getuid?.() === 0 ? it : () => {};
  asRoot('that is full is named, and nothing is pushed; with room again the delivery goes through', async () => {
    remote.commit(
      Object.fromEntries(Array.from({ length: 4 }, (_none, index) => [`big/${index}`, randomBytes(300_000).toString('base64')])),
    );
    const cacheDir = join(remote.folder, 'small');
    mkdirSync(cacheDir);
    const limited = { repository: remote.repository({ cacheDir }) };
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', cacheDir]);
    try {
      expect(await failure(remote.request(dev, limited))).toEqual({
        text: `error[E_NO_SPACE] ${cacheDir}/gitops: the disk is full - the private clone of the GitOps repo is kept there - free some space, then rerun: nothing was pushed`,
        exitCode: 1,
      });
      expect(remote.commits().length).toBe(1);
      execFileSync('mount', ['-o', 'remount,size=64m', cacheDir]);
      await publish(remote.request(dev, limited));
      expect(remote.commits().length).toBe(2);
      execFileSync('mount', ['-o', 'remount,ro', cacheDir]);
      expect((await failure(remote.request(dev2, limited))).text).toBe(
        `error[E_IO] ${cacheDir}/gitops: can not be written - the private clone of the GitOps repo is kept there - make it writable, then rerun: nothing was pushed`,
      );
    } finally {
      execFileSync('umount', [cacheDir]);
    }
  });
});

describe("the user's own Git", () => {
  /** A checkout in the middle of the user's work, with settings and variables that would lead git astray. */
  function checkout(): { folder: string; state: () => string } {
    const folder = join(remote.folder, 'checkout');
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=u', '-c', 'user.email=u@example.com', ...args], { encoding: 'utf8', env: clean });
    const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...clean } = process.env;
    mkdirSync(folder);
    git('init', '--quiet');
    writeFileSync(join(folder, 'a'), 'committed\n');
    git('add', '.');
    git('commit', '--quiet', '-m', 'first');
    writeFileSync(join(folder, 'b'), 'staged\n');
    git('add', 'b');
    writeFileSync(join(folder, 'a'), 'changed\n');
    writeFileSync(join(folder, 'c'), 'untracked\n');
    return {
      folder,
      state: () =>
        git('status', '--porcelain') +
        git('rev-parse', 'HEAD') +
        git('for-each-ref') +
        readFileSync(join(folder, '.git/index')).toString('hex'),
    };
  }

  it('is neither used nor changed', async () => {
    const { folder, state } = checkout();
    const before = state();
    const evil = join(remote.folder, 'evil');
    mkdirSync(evil);
    for (const hook of ['pre-push', 'pre-commit', 'reference-transaction', 'post-index-change']) {
      writeFileSync(join(evil, hook), `#!/bin/sh\ntouch "${remote.folder}/pwned"\n`);
      chmodSync(join(evil, hook), 0o755);
    }
    writeFileSync(
      join(remote.folder, 'gitconfig'),
      `[core]\n\thooksPath = ${evil}\n\tautocrlf = true\n\tfsmonitor = "touch ${remote.folder}/pwned"\n\tattributesFile = ${evil}/attributes
[commit]\n\tgpgSign = true\n[push]\n\tgpgSign = true\n\tfollowTags = true\n[init]\n\ttemplateDir = ${evil}\n[gpg]\n\tprogram = false
[alias]\n\tpush = "!touch ${remote.folder}/pwned"\n[filter "evil"]\n\tclean = "touch ${remote.folder}/pwned"\n[user]\n\tname = Somebody\n`,
    );
    writeFileSync(join(evil, 'attributes'), '* filter=evil text eol=crlf\n');
    const traps = { GIT_DIR: join(folder, '.git'), GIT_WORK_TREE: folder, GIT_INDEX_FILE: join(folder, '.git/index') };
    const more = {
      GIT_SSH_COMMAND: 'false',
      GIT_EXTERNAL_DIFF: 'false',
      GIT_AUTHOR_NAME: 'Somebody',
      GIT_COMMITTER_DATE: '1 +0000',
      GIT_TRACE: '1',
    };
    for (const [name, value] of Object.entries({ ...traps, ...more, GIT_CONFIG_GLOBAL: join(remote.folder, 'gitconfig') }))
      vi.stubEnv(name, value);
    vi.stubEnv('GIT_OBJECT_DIRECTORY', join(remote.folder, 'nowhere'));
    await publish(remote.request(dev));
    await publish(remote.request(dev2));
    vi.unstubAllEnvs();
    expect(state()).toBe(before);
    expect(existsSync(join(remote.folder, 'pwned'))).toBe(false);
    expect(remote.git('log', '-1', '--format=%an', 'main')).toBe('fullcycle');
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('may be in the middle of anything', async () => {
    const { folder, state } = checkout();
    for (const file of ['index.lock', 'HEAD.lock', 'refs/heads/master.lock']) writeFileSync(join(folder, '.git', file), '');
    mkdirSync(join(folder, '.git/rebase-merge'));
    writeFileSync(join(folder, '.git/MERGE_HEAD'), `${commitId('x')}\n`);
    const before = state();
    await publish(remote.request(dev));
    expect(state()).toBe(before);
    expect(existsSync(join(folder, '.git/index.lock'))).toBe(true);
  });

  it('signs, when asked, with the key it names', async () => {
    const key = join(remote.folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bot', '-f', key]);
    writeFileSync(join(remote.folder, 'gitconfig'), `[user]\n\tsigningKey = ${key}\n[gpg]\n\tformat = ssh\n`);
    writeFileSync(join(remote.folder, 'allowed'), `fullcycle@fullcycle.invalid ${readFileSync(`${key}.pub`, 'utf8')}`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(remote.folder, 'gitconfig'));
    await publish(remote.request(dev, { repository: remote.repository({ sign: true }) }));
    await publish(remote.request(dev2, { repository: remote.repository({ sign: true }) }));
    const verify = ['-c', `gpg.ssh.allowedSignersFile=${remote.folder}/allowed`, 'verify-commit', '-v'];
    for (const commit of remote.commits()) remote.git(...verify, commit);
    expect(remote.git('log', '--format=%s %ae %at', 'main').split('\n').length).toBe(2);
    expect(remote.git('cat-file', 'commit', 'main')).toContain('gpgsig -----BEGIN SSH SIGNATURE-----');
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('without a key to sign with is an error that says so, and nothing is pushed', async () => {
    writeFileSync(join(remote.folder, 'gitconfig'), `[user]\n\tsigningKey = ${remote.folder}/no-key\n[gpg]\n\tformat = ssh\n`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(remote.folder, 'gitconfig'));
    const { text, exitCode } = await failure(remote.request(dev, { repository: remote.repository({ sign: true }) }));
    expect(text).toMatch(/^error\[E_COMMAND\] git .* commit-tree -S .*no-key.* - run it by hand to see more$/);
    expect(exitCode).toBe(1);
    expect(remote.commits()).toEqual([]);
  });
});
