import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerPath } from '../../../infra/delivery/plan/ledger.ts';
import { type PublishRequest, preview, publish } from '../../../infra/delivery/plan/publish.ts';
import { commitId, strict, wanted } from '../desired.ts';
import { failure, manifestsOf, PlayedTiming, Remote, render } from '../gitops.ts';

let remote: Remote;
beforeEach(() => {
  remote = new Remote();
});
afterEach(() => {
  remote.expectSound();
  remote.remove();
});

const dev = { environment: 'dev', services: { goserver: 'v1' } };
const dev2 = { environment: 'dev', services: { goserver: 'v2' } };
const prod = { environment: 'prod', services: { goserver: 'v1' } };
const deployment = 'environments/dev/goserver/deployment-goserver.yaml';
const short = (word: string) => commitId(word).slice(0, 7);

/** Does something at the first push, as somebody else would. */
const beforeFirstPush = (act: () => void): PublishRequest['onStep'] => {
  let isDone = false;
  return (step) => {
    if (step !== 'push' || isDone) return;
    isDone = true;
    act();
  };
};

describe('publishing', () => {
  it('makes one commit that holds the render and its records, by the bot', async () => {
    remote.commit({ 'README.md': 'by hand' });
    const { commit, base, retries } = await publish(remote.request(dev));
    expect(remote.commits()).toEqual([base, commit]);
    expect(retries).toBe(0);
    expect(remote.git('log', '-1', '--format=%an <%ae> %cn <%ce> %at %s', 'main')).toBe(
      `fullcycle <fullcycle@fullcycle.invalid> fullcycle <fullcycle@fullcycle.invalid> ${Date.parse('2026-01-01') / 1000} deliver(dev): goserver ${short('v1')}`,
    );
    expect(remote.git('log', '-1', '--format=%(trailers:key=Fullcycle-Environment,valueonly)', 'main')).toBe('dev');
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev));
    expect([...remote.tree().keys()]).toContain('README.md');
  });

  it('the same again makes no commit, whatever the source commit', async () => {
    const first = await publish(remote.request(dev));
    const again = await publish(remote.request({ ...dev, commit: commitId('second') }));
    expect(again).toMatchObject({ commit: undefined, base: first.commit, retries: 0, plan: { nothingToDo: true } });
    expect(remote.commits()).toEqual([first.commit]);
  });

  it('needs leave to make the first commit of a branch', async () => {
    const told = 'the GitOps repo has no such branch - check its name, or make its first commit with --init';
    expect(await failure(remote.request(dev, { init: false }))).toEqual({ text: `error[E_NO_BRANCH] main: - ${told}`, exitCode: 4 });
    remote.commit({ 'README.md': 'x' }, { branch: 'master' });
    expect(await failure(remote.request(dev, { init: false }))).toEqual({ text: `error[E_NO_BRANCH] main: - ${told}`, exitCode: 4 });
    const { base } = await publish(remote.request(dev, { init: true }));
    expect(base).toBeUndefined();
    expect(remote.subjects()).toEqual([`deliver(dev): goserver ${short('v1')}`]);
    expect(remote.subjects('master')).toEqual(['by hand']);
  });

  it('works on a sha256 repository', async () => {
    const other = new Remote('sha256');
    try {
      other.commit({ 'README.md': 'x' });
      await publish(other.request(dev));
      await publish(other.request(dev2));
      expect((await publish(other.request(dev2))).plan.nothingToDo).toBe(true);
      other.expectSound();
      expect(manifestsOf(other.tree(), 'dev')).toEqual(render(dev2));
      expect(other.commits()[2]).toMatch(/^[0-9a-f]{64}$/);
    } finally {
      other.remove();
    }
  });

  it('tells its steps', async () => {
    const steps: string[] = [];
    await publish(remote.request(dev, { onStep: (step) => void steps.push(step) }));
    expect(steps).toEqual(['fetch', 'plan', 'commit', 'push', 'landed']);
  });

  it('can be looked at before, problems included, without a commit', async () => {
    await publish(remote.request(dev));
    remote.commit({ 'environments/dev/extra.yaml': 'x' });
    const { plan, base } = await preview(remote.request(dev2));
    expect(base).toBe(remote.commits().at(-1));
    expect(plan.changed).toEqual([deployment]);
    expect(plan.problems.map(({ code }) => code)).toEqual(['E_UNOWNED']);
    expect(remote.commits().length).toBe(2);
  });

  it('stops where nothing can be reached after an interrupt, and leaves nothing behind', async () => {
    const abort = new AbortController();
    const repository = remote.repository({ signal: abort.signal });
    const request = remote.request(dev, { repository, onStep: (step) => void (step === 'push' && abort.abort()) });
    expect(await failure(request)).toEqual({
      text: 'error[E_COMMAND] publish: interrupted - a commit lands whole or not at all - rerun: it finds out what landed',
      exitCode: 1,
    });
    expect(remote.commits()).toEqual([]);
    expect((await publish(remote.request(dev))).commit).toBeDefined();
  });

  it.each([
    [
      { url: 'ext::sh' },
      'error[E_URL_SCHEME] gitops.repository: ext::sh - the transport is https, http or ssh - write it as https://host/path.git or git@host:path.git',
    ],
    [{ branch: '--all' }, 'error[E_REF] gitops.branch: --all - a branch name does not begin with - - use a plain name such as main'],
  ])('refuses %j before it does anything', async (options, text) => {
    expect(await failure(remote.request(dev, { repository: remote.repository(options) }))).toEqual({ text, exitCode: 2 });
  });

  it('refuses an identity that could write lines of its own', async () => {
    const identity = { name: 'x\ncommitter y <z> 1 +0000', email: '' };
    expect(await failure(remote.request(dev, { identity }))).toEqual({
      text: [
        'error[E_NAME] identity.name: x committer y <z> 1 +0000 - the name of a committer has no < > or control characters - write it as git config takes it',
        'error[E_NAME] identity.email: "" - the email of a committer has 1 to 200 characters - write it as git config takes it',
      ].join('\n'),
      exitCode: 2,
    });
  });
});

describe('a lost race', () => {
  it("keeps the other's commit and renders again on top of it", async () => {
    await publish(remote.request(dev));
    const bases: (string | undefined)[] = [];
    const result = await publish(
      remote.request(dev2, {
        propose: (_current, tip) => {
          bases.push(tip);
          return wanted(dev2);
        },
        onStep: beforeFirstPush(() => remote.commit({ 'docs/notes.md': 'by hand' })),
      }),
    );
    expect(result.retries).toBe(1);
    expect(bases).toEqual(remote.commits().slice(0, 2));
    expect(remote.subjects()).toEqual([`deliver(dev): goserver ${short('v1')}`, 'by hand', `deliver(dev): goserver ${short('v2')}`]);
    expect(remote.tree().get('docs/notes.md')).toBe('by hand');
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('against the first commit of a branch is lost like any other', async () => {
    const { retries } = await publish(remote.request(dev, { onStep: beforeFirstPush(() => remote.commit({ 'README.md': 'x' })) }));
    expect(retries).toBe(1);
    expect(remote.subjects()).toEqual(['by hand', `deliver(dev): goserver ${short('v1')}`]);
  });

  it('against the same result has nothing to do', async () => {
    await publish(remote.request(dev));
    const timing = new PlayedTiming();
    timing.time += 1_000;
    const other = remote.request(dev2, { timing, repository: remote.repository({ cacheDir: `${remote.folder}/other` }) });
    let landed: string | undefined;
    const request = remote.request(dev2, {
      onStep: async (step) => {
        if (step === 'push' && !landed) landed = (await publish(other)).commit;
      },
    });
    expect(await publish(request)).toMatchObject({ commit: undefined, base: landed, retries: 1, plan: { nothingToDo: true } });
    expect(remote.commits().length).toBe(2);
  });

  it('against the same result of the same second is one commit that both call theirs', async () => {
    await publish(remote.request(dev));
    const other = remote.request(dev2, { repository: remote.repository({ cacheDir: `${remote.folder}/other` }) });
    let landed: string | undefined;
    const onStep: PublishRequest['onStep'] = async (step) => {
      if (step === 'push') landed = (await publish(other)).commit;
    };
    expect((await publish(remote.request(dev2, { onStep }))).commit).toBe(landed);
    expect(remote.commits().length).toBe(2);
  });

  it('against another environment changes nothing of it', async () => {
    await publish(remote.request(dev));
    const other = remote.request(prod, { repository: remote.repository({ cacheDir: `${remote.folder}/other` }) });
    let isDone = false;
    const onStep = async (step: string) => {
      if (step !== 'push' || isDone) return;
      isDone = true;
      await publish(other);
    };
    await publish(remote.request(dev2, { onStep }));
    expect(manifestsOf(remote.tree(), 'prod')).toEqual(render(prod));
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('stops a decision that was made by looking at what has changed since', async () => {
    await publish(remote.request(prod));
    const other = remote.request(
      { ...prod, services: { goserver: 'v9' } },
      { repository: remote.repository({ cacheDir: `${remote.folder}/other` }) },
    );
    let isDone = false;
    const onStep = async (step: string) => {
      if (step !== 'push' || isDone) return;
      isDone = true;
      await publish(other);
    };
    const rollback = remote.request({ ...prod, services: { goserver: 'v0' } }, { stopIfChanged: true, onStep });
    expect(await failure(rollback)).toEqual({
      text: 'error[E_STALE_BASE] prod: changed since plan - what is decided by looking is done to what was seen - look again, then rerun',
      exitCode: 3,
    });
    expect(remote.subjects().at(-1)).toBe(`deliver(prod): goserver ${short('v9')}`);
  });

  it('does not stop it when only something else has changed', async () => {
    await publish(remote.request(prod));
    const onStep = beforeFirstPush(() => remote.commit({ 'docs/x.md': 'x' }));
    const { retries } = await publish(remote.request({ ...prod, services: { goserver: 'v0' } }, { stopIfChanged: true, onStep }));
    expect(retries).toBe(1);
  });

  it('is tried a bounded number of times, with pauses by chance', async () => {
    await publish(remote.request(dev));
    let count = 0;
    const timing = new PlayedTiming();
    const onStep: PublishRequest['onStep'] = (step) => void (step === 'push' && remote.commit({ 'docs/count.md': String(count++) }));
    expect(await failure(remote.request(dev2, { timing, onStep }))).toEqual({
      text: 'error[E_PUSH_CONTENTION] main: tip moved 50 times - others push faster than this machine renders - rerun when they are done',
      exitCode: 3,
    });
    expect(count).toBe(50);
    expect(timing.slept.length).toBe(50);
    expect(Math.max(...timing.slept)).toBe(400);
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev));
  });
});

describe('a rewritten history', () => {
  const diverged = (base: string, tip: string): string =>
    `error[E_DIVERGED] main: base ${base.slice(0, 10)} is not an ancestor of ${tip} - history was rewritten meanwhile and is never forced back - find out by whom, then rerun`;

  it.each([
    ['moved back', () => remote.git('update-ref', 'refs/heads/main', 'main~1')],
    ['replaced', () => remote.git('update-ref', 'refs/heads/main', remote.commit({ 'README.md': 'new history' }, { branch: 'other' }))],
  ])('is not forced back when the branch was %s', async (_how, rewrite) => {
    remote.commit({ 'README.md': 'x' });
    const { commit = '' } = await publish(remote.request(dev));
    const { text, exitCode } = await failure(remote.request(dev2, { onStep: beforeFirstPush(rewrite) }));
    const tip = remote.commits().at(-1) ?? '';
    expect({ text, exitCode }).toEqual({ text: diverged(commit, tip.slice(0, 10)), exitCode: 3 });
    expect(remote.subjects().at(-1)).toBe('by hand');
  });

  it('is not made up for when the branch was removed', async () => {
    const { commit = '' } = await publish(remote.request(dev));
    const removed = beforeFirstPush(() => remote.git('update-ref', '-d', 'refs/heads/main'));
    expect((await failure(remote.request(dev2, { onStep: removed }))).text).toBe(diverged(commit, 'nothing: the branch is gone'));
    expect(remote.commits()).toEqual([]);
  });
});

describe('other hands', () => {
  it('are named with commit, author and date', async () => {
    await publish(remote.request(dev));
    const edit = remote.commit({ [deployment]: 'edited' }, { author: 'Jane\u001b[31m Doe <jane@example.com>' });
    const removal = remote.commit({ 'environments/dev/goserver/service-goserver.yaml': null }, { author: 'Max <max@example.com>' });
    remote.commit({ 'README.md': 'x' });
    const fix = 'only fullcycle writes this file - move the change into the settings or revert it, or deliver with --overwrite';
    const date = 'on 2025-06-15T15:06:40+00:00';
    expect(await failure(remote.request(dev2))).toEqual({
      text: [
        `error[E_DRIFT] ${deployment}: edited in ${edit.slice(0, 10)} by Jane Doe ${date} - ${fix}`,
        `error[E_DRIFT] environments/dev/goserver/service-goserver.yaml: removed in ${removal.slice(0, 10)} by Max ${date} - ${fix}`,
      ].join('\n'),
      exitCode: 6,
    });
    await publish(remote.request(dev2, { guard: { ...strict, overwrite: true } }));
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev2));
  });

  it('block by an unowned file, and by a removed environment', async () => {
    await publish(remote.request(dev));
    remote.commit({ 'environments/dev/extra.yaml': 'x' });
    expect((await failure(remote.request(dev2))).exitCode).toBe(6);
    remote.commit(
      Object.fromEntries([...remote.tree().keys()].filter((path) => path.startsWith('environments/dev/')).map((path) => [path, null])),
    );
    expect(await failure(remote.request(dev2))).toMatchObject({
      exitCode: 6,
      text: expect.stringMatching(/^error\[E_ENV_MISSING\] dev: environments\/dev is gone - /),
    });
  });

  it.each([
    ['outside', '../../../etc/passwd'],
    ['absolute', '/etc/passwd'],
    ['a loop', 'loop.yaml'],
    ['inside', 'namespace/namespace-dev.yaml'],
    ['out and back', '../../environments/dev/release.json'],
  ])('may not leave a symlink: %s', async (_how, target) => {
    await publish(remote.request(dev));
    remote.commit({ 'environments/dev/loop.yaml': target }, { mode: '120000' });
    expect(await failure(remote.request(dev2))).toEqual({
      text: `error[E_SYMLINK] environments/dev/loop.yaml: -> ${target} - what Argo CD applies is plain files - replace it by a file or remove it, in a commit of its own`,
      exitCode: 6,
    });
  });

  it('may not link the whole folder away, nor put a submodule there', async () => {
    remote.commit({ environments: '/tmp' }, { mode: '120000' });
    expect((await failure(remote.request(dev))).text).toMatch(/^error\[E_SYMLINK\] environments: -> \/tmp - /);
    remote.commit({ environments: null });
    remote.commit({ 'environments/dev/sub': commitId('elsewhere') }, { mode: '160000' });
    expect((await failure(remote.request(dev))).text).toMatch(/^error\[E_SYMLINK\] environments\/dev\/sub: is a submodule - /);
    remote.commit({ 'environments/dev/sub': null });
  });

  it('that broke the ledger stop every delivery, and nothing is removed', async () => {
    await publish(remote.request(dev));
    const before = remote.tree().get(ledgerPath) ?? '';
    const broken = remote.commit({ [ledgerPath]: before.slice(0, 40) });
    expect(await failure(remote.request(dev2))).toEqual({
      text: 'error[E_STATE] .fullcycle/owned.json: - is not JSON - restore the file from the history of the GitOps repo: git log -- .fullcycle/owned.json',
      exitCode: 1,
    });
    expect(remote.commits().at(-1)).toBe(broken);
    remote.git('update-ref', 'refs/heads/main', 'main~1');
  });

  it('that reverted a delivery with git are believed', async () => {
    await publish(remote.request(dev));
    await publish(remote.request(dev2));
    const [first = ''] = remote.commits();
    remote.commit(Object.fromEntries([...remote.tree(first)]));
    const { plan } = await preview(remote.request(dev));
    expect(plan).toMatchObject({ nothingToDo: true, problems: [] });
  });
});

describe('bytes on the remote', () => {
  it('are the bytes rendered, whatever attributes the repository or the text has', async () => {
    remote.commit({
      '.gitattributes': '* text eol=crlf ident working-tree-encoding=UTF-16 filter=evil\n',
      'environments/.gitattributes': '* -text\n',
    });
    const texts = ['a\r\nb\rc\n', '$Id$\n', '\ufeffbom', 'no final newline', '', 'data 3\nabc\nM 100644 inline x\n', 'ünïcode \u{1f680}\n'];
    const files = texts.map((text, index) => ({ ...wanted(dev).files[0], path: `environments/dev/x/${index}.yaml`, text }) as never);
    const desired = wanted(dev);
    await publish(remote.request(dev, { propose: () => ({ ...desired, files: [...desired.files, ...files] }) }));
    const tree = remote.tree();
    for (const [index, text] of texts.entries()) expect(tree.get(`environments/dev/x/${index}.yaml`)).toBe(text);
  });

  it('let a file become a folder and a folder a file', async () => {
    const desired = wanted(dev);
    const [one] = desired.files;
    if (!one) throw new Error('no file');
    const at = (path: string) => ({ ...desired, files: [...desired.files, { ...one, path, text: path }] });
    await publish(remote.request(dev, { propose: () => at('environments/dev/x') }));
    await publish(remote.request(dev, { propose: () => at('environments/dev/x/y') }));
    expect(remote.tree().get('environments/dev/x/y')).toBe('environments/dev/x/y');
    await publish(remote.request(dev, { propose: () => at('environments/dev/x') }));
    expect(remote.tree().get('environments/dev/x')).toBe('environments/dev/x');
  });
});
