import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PublishRequest, publish } from '../../../infra/delivery/plan/publish.ts';
import { commitId } from '../desired.ts';
import { failure, manifestsOf, PlayedTiming, Remote, render } from '../gitops.ts';
import { freePort, HttpRemote } from '../http-remote.ts';

const dev = { environment: 'dev', services: { goserver: 'v1' } };
const dev2 = { environment: 'dev', services: { goserver: 'v2' } };
const short = (word: string) => commitId(word).slice(0, 7);

let remote: Remote;
let http: HttpRemote;
let url: string;
let timing: PlayedTiming;
beforeEach(async () => {
  remote = new Remote();
  http = new HttpRemote(remote.bare);
  url = await http.listen();
  timing = new PlayedTiming();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await http.close();
  remote.expectSound();
  remote.remove();
});

const request = (desired: typeof dev, more: Partial<PublishRequest> = {}): PublishRequest =>
  remote.request(desired, { repository: remote.repository({ url, allowLocal: false }), timing, ...more });

const isPush = (path = '') => path.endsWith('/git-receive-pack');
const asksToPush = (path = '') => path.includes('git-receive-pack');

describe('a server that refuses', () => {
  it('is believed once, in its own words, without escape sequences and credentials', async () => {
    await publish(request(dev));
    remote.hook(
      'pre-receive',
      `echo run >>"${remote.folder}/runs"; printf '\\033[31mmain is protected\\033[0m\\nsee https://bot:hunter2@host/rules\\n' >&2; exit 1`,
    );
    expect(await failure(request(dev2))).toEqual({
      text: 'error[E_PUSH_REFUSED] main: - the server refused the commit: main is protected see https://***@host/rules (pre-receive hook declined) - let this committer push to the branch, or sign as it asks, then rerun',
      exitCode: 4,
    });
    expect(readFileSync(`${remote.folder}/runs`, 'utf8')).toBe('run\n');
    expect(timing.slept.length).toBe(3);
    expect(manifestsOf(remote.tree(), 'dev')).toEqual(render(dev));
  });

  it.each([
    ['fetch first', 'Updates were rejected because the remote contains work that you do not have locally.'],
    ['non-fast-forward', '! [rejected] main -> main (non-fast-forward)'],
    ['cannot lock ref', "cannot lock ref 'refs/heads/main': is at 1234 but expected 5678"],
    ['incorrect old value provided', 'failed to update ref: incorrect old value provided'],
    ['failed to update ref', 'failed to update ref'],
    ['stale info', 'stale info'],
    ['no words at all', ''],
    ['words that sound like success', 'Everything up-to-date'],
    ['words that sound like bad credentials', 'Permission denied, returned error: 403'],
  ])('while the tip moved has lost us a race, whatever it says: %s', async (_name, words) => {
    await publish(request(dev));
    // Out of the quarantine of this push, as a concurrent push would be.
    const outside = 'env -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY -u GIT_ALTERNATE_OBJECT_DIRECTORIES';
    const other = 'git commit-tree -p main -m other "main^{tree}"';
    remote.hook(
      'update',
      `test -e moved && exit 0; touch moved; export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o
${outside} git update-ref refs/heads/main $(${outside} ${other}); echo "${words}" >&2; exit 1`,
    );
    expect((await publish(request(dev2))).retries).toBe(1);
    expect(remote.subjects()).toEqual([`deliver(dev): goserver ${short('v1')}`, 'other', `deliver(dev): goserver ${short('v2')}`]);
  });

  it('because another push holds the ref is asked again until that one is through', async () => {
    await publish(request(dev));
    writeFileSync(join(remote.bare, 'refs/heads/main.lock'), '');
    let pauses = 0;
    timing.meanwhile = () => {
      pauses += 1;
      if (pauses < 2 || !existsSync(join(remote.bare, 'refs/heads/main.lock'))) return;
      remote.git('update-ref', 'refs/heads/other', 'main');
      remote.commit({ 'docs/x.md': 'x' }, { branch: 'other' });
      writeFileSync(join(remote.bare, 'refs/heads/main'), `${remote.git('rev-parse', 'other')}\n`);
      rmSync(join(remote.bare, 'refs/heads/main.lock'));
    };
    expect((await publish(request(dev2))).retries).toBe(1);
    expect(remote.subjects()).toEqual([`deliver(dev): goserver ${short('v1')}`, 'by hand', `deliver(dev): goserver ${short('v2')}`]);
  });
});

describe('a connection that breaks', () => {
  it('after the push has landed is no failure and makes no second commit', async () => {
    await publish(request(dev));
    let cuts = 0;
    http.front = (incoming) => {
      if (!isPush(incoming.url) || incoming.headers['x-forwarded'] || cuts > 0) return false;
      cuts += 1;
      http.cutAnswer(incoming);
      return true;
    };
    const { commit, retries } = await publish(request(dev2));
    expect({ cuts, retries }).toEqual({ cuts: 1, retries: 0 });
    expect(remote.commits().length).toBe(2);
    expect(remote.commits().at(-1)).toBe(commit);
  });

  it('after the push has landed is no failure even when somebody has committed on top', async () => {
    await publish(request(dev));
    let cuts = 0;
    http.front = (incoming) => {
      if (!isPush(incoming.url) || incoming.headers['x-forwarded'] || cuts > 0) return false;
      cuts += 1;
      incoming.socket.once('close', () => remote.commit({ 'docs/x.md': 'x' }));
      http.cutAnswer(incoming);
      return true;
    };
    const { commit } = await publish(request(dev2));
    expect(remote.commits().indexOf(commit ?? '')).toBe(1);
    expect(remote.subjects().filter((subject) => subject.startsWith('deliver')).length).toBe(2);
  });

  it('before the push has landed is tried again with the same commit', async () => {
    await publish(request(dev));
    http.front = (incoming) => {
      if (!isPush(incoming.url) || timing.slept.length === 2) return false;
      incoming.socket.destroy();
      return true;
    };
    const { commit, retries } = await publish(request(dev2));
    expect({ retries, pauses: timing.slept }).toEqual({ retries: 0, pauses: [750, 1500] });
    expect(remote.commits().at(-1)).toBe(commit);
  });

  it.each([500, 502, 503, 429])('by an answer of %i is tried again', async (status) => {
    let answers = 0;
    http.front = (_incoming, response) => {
      if (answers === 3) return false;
      answers += 1;
      response.writeHead(status).end('try later');
      return true;
    };
    await publish(request(dev));
    expect(timing.slept.length).toBe(3);
    expect(remote.commits().length).toBe(1);
  });

  it('in the middle of an answer is tried again', async () => {
    await publish(request(dev));
    remote.commit({ 'docs/x.md': 'x' });
    let cuts = 0;
    http.front = (incoming, response) => {
      if (!incoming.url?.endsWith('/git-upload-pack') || cuts > 1) return false;
      cuts += 1;
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.write('0011packfile\n0123\u0001PACK');
      setImmediate(() => response.destroy());
      return true;
    };
    await publish(request(dev2));
    expect(cuts).toBe(2);
    expect(remote.commits().length).toBe(3);
  });

  it('for good ends after a while with what to do', async () => {
    const port = await freePort();
    const repository = remote.repository({ url: `http://127.0.0.1:${port}/gitops.git`, allowLocal: false });
    const { text, exitCode } = await failure(request(dev, { repository }));
    expect(exitCode).toBe(4);
    expect(text).toMatch(
      new RegExp(
        `^error\\[E_REMOTE_UNREACHABLE\\] gitops.repository: http://127.0.0.1:${port}/gitops.git - no answer after 60 s, 10 tries: fatal: unable to access .*Failed to connect .* - check the address and the network, then rerun: it finds out what landed$`,
      ),
    );
    expect(timing.slept.slice(0, 5)).toEqual([750, 1500, 3000, 6000, 11250]);
  });

  it('comes back during the wait: one commit', async () => {
    const port = await freePort();
    await http.close();
    http = new HttpRemote(remote.bare);
    timing.meanwhile = async () => {
      if (timing.slept.length === 3) await http.listen(port);
    };
    const repository = remote.repository({ url: `http://127.0.0.1:${port}/gitops.git`, allowLocal: false });
    await publish(request(dev, { repository }));
    expect(timing.slept.length).toBe(3);
    expect(remote.commits().length).toBe(1);
  });

  it('by a host without an address is told the same way', async () => {
    const repository = remote.repository({ url: 'http://no-such-host.invalid/gitops.git', allowLocal: false });
    const { text } = await failure(request(dev, { repository, patience: 2_000 }));
    expect(text).toMatch(
      /^error\[E_REMOTE_UNREACHABLE\] gitops.repository: http:\/\/no-such-host.invalid\/gitops.git - no answer after 2 s, 3 tries: fatal: unable to access .*Could not resolve host/,
    );
  });

  it('by saying nothing is given up', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const repository = remote.repository({
      url: `http://127.0.0.1:${(mute.address() as AddressInfo).port}/gitops.git`,
      allowLocal: false,
      silence: 1,
    });
    const { text } = await failure(request(dev, { repository, patience: 0 }));
    expect(text).toMatch(/^error\[E_REMOTE_UNREACHABLE\] .* - no answer after 0 s, 1 try: /);
    expect(sockets.length).toBe(1);
    for (const socket of sockets) socket.destroy();
    mute.close();
  });

  it('by saying nothing during a push is found out', async () => {
    await publish(request(dev));
    let hung = 0;
    http.front = (incoming) => {
      if (!isPush(incoming.url) || hung > 0) return false;
      hung += 1;
      return true;
    };
    const { commit } = await publish(request(dev2, { repository: remote.repository({ url, allowLocal: false, silence: 1 }) }));
    expect(hung).toBe(1);
    expect(remote.commits().at(-1)).toBe(commit);
  });
});

describe('credentials', () => {
  const told = (words: string, address = url): string =>
    `error[E_AUTH] gitops.repository: ${address} - refused or expired, or no such repository: ${words} - check the address and your credential helper or ssh key; nobody is asked for a password here`;
  const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

  /** The user's Git configuration for this test. */
  const configure = (text: string): void => {
    writeFileSync(join(remote.folder, 'gitconfig'), text);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(remote.folder, 'gitconfig'));
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
  };

  const demand = (accepted: string): void => {
    http.front = (incoming, response) => {
      if (incoming.headers.authorization === accepted) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return true;
    };
  };

  it('that are missing end at once, and nobody is asked', async () => {
    configure('');
    demand(basic('bot', 'right'));
    expect(await failure(request(dev))).toEqual({
      text: told(`fatal: could not read Username for '${new URL(url).origin}': terminal prompts disabled`),
      exitCode: 4,
    });
    expect(timing.slept).toEqual([]);
  });

  it('that are wrong or expired end at once, without being shown', async () => {
    configure('[credential]\n\thelper = "!f() { echo username=bot; echo password=hunter2; }; f"\n');
    demand(basic('bot', 'right'));
    const { text } = await failure(request(dev));
    expect(text).toBe(told(`fatal: Authentication failed for '${url}/'`));
    expect(timing.slept).toEqual([]);
  });

  it("are taken from the user's credential helper", async () => {
    configure('[credential]\n\thelper = "!f() { echo username=bot; echo password=right; }; f"\n');
    demand(basic('bot', 'right'));
    await publish(request(dev));
    expect(remote.commits().length).toBe(1);
  });

  it('are taken from GIT_ASKPASS, as build servers give them', async () => {
    configure('');
    const program = join(remote.folder, 'askpass');
    writeFileSync(program, '#!/bin/sh\ncase "$1" in User*) echo bot;; *) echo right;; esac\n');
    chmodSync(program, 0o755);
    vi.stubEnv('GIT_ASKPASS', program);
    demand(basic('bot', 'right'));
    await publish(request(dev));
    expect(remote.commits().length).toBe(1);
  });

  it('that allow to read but not to write end at once', async () => {
    configure('');
    await publish(request(dev));
    http.front = (incoming, response) => {
      if (!asksToPush(incoming.url)) return false;
      response.writeHead(403).end();
      return true;
    };
    expect(await failure(request(dev2))).toEqual({
      text: told(`fatal: unable to access '${url}/': The requested URL returned error: 403`),
      exitCode: 4,
    });
    expect(timing.slept).toEqual([]);
    expect(remote.commits().length).toBe(1);
  });

  it('that expire between fetch and push end at once', async () => {
    configure('[credential]\n\thelper = "!f() { echo username=bot; echo password=right; }; f"\n');
    demand(basic('bot', 'right'));
    await publish(request(dev));
    const onStep: PublishRequest['onStep'] = (step) => void (step === 'push' && demand(basic('bot', 'renewed')));
    expect((await failure(request(dev2, { onStep }))).text).toBe(told(`fatal: Authentication failed for '${url}/'`));
    expect(timing.slept).toEqual([]);
  });

  it('are of no use for a repository that is not there', async () => {
    http.front = (_incoming, response) => {
      response.writeHead(404).end();
      return true;
    };
    expect((await failure(request(dev))).text).toBe(told(`fatal: repository '${url}/' not found`));
  });

  it.each([
    ['git@gitops.example.com: Permission denied (publickey).', 'a wrong key'],
    ['Host key verification failed.', 'an unknown host'],
  ])('over ssh end at once and never ask: %s', async (words) => {
    const ssh = join(remote.folder, 'ssh');
    writeFileSync(ssh, `#!/bin/sh\necho "$@" >"${remote.folder}/ssh.args"\necho "${words}" >&2\nexit 255\n`);
    chmodSync(ssh, 0o755);
    configure(`[core]\n\tsshCommand = ${ssh}\n`);
    const repository = remote.repository({ url: 'git@gitops.example.com:team/gitops.git', allowLocal: false });
    const { text } = await failure(request(dev, { repository }));
    expect(text).toContain(
      `error[E_AUTH] gitops.repository: git@gitops.example.com:team/gitops.git - refused or expired, or no such repository: `,
    );
    expect(text).toContain(words);
    expect(readFileSync(`${remote.folder}/ssh.args`, 'utf8')).toContain('-o BatchMode=yes -o ConnectTimeout=30');
  });

  it('over ssh work with the user’s ssh command', async () => {
    const ssh = join(remote.folder, 'ssh');
    writeFileSync(ssh, `#!/bin/sh\nfor last; do :; done\ncd "${remote.folder}" && eval "$last"\n`);
    chmodSync(ssh, 0o755);
    configure(`[core]\n\tsshCommand = ${ssh}\n`);
    await publish(request(dev, { repository: remote.repository({ url: 'git@gitops.example.com:gitops.git', allowLocal: false }) }));
    expect(remote.commits().length).toBe(1);
  });
});

describe('an address that leads elsewhere', () => {
  it('by a redirect is not followed', async () => {
    const elsewhere: string[] = [];
    const other = new HttpRemote(remote.bare);
    const otherUrl = await other.listen();
    other.front = (incoming) => {
      elsewhere.push(incoming.url ?? '');
      return false;
    };
    http.front = (incoming, response) => {
      response.writeHead(301, { location: otherUrl.replace('/gitops.git', incoming.url ?? '') }).end();
      return true;
    };
    expect(await failure(request(dev))).toEqual({
      text: `error[E_URL_SCHEME] gitops.repository: ${url} - redirects to another address - set the address it redirects to`,
      exitCode: 2,
    });
    expect(elsewhere).toEqual([]);
    await other.close();
  });

  it.each(['ext::sh -c touch% pwned% #', 'file:///'])("by the user's url.insteadOf runs no program: %s", async (base) => {
    writeFileSync(join(remote.folder, 'gitconfig'), `[url "${base}"]\n\tinsteadOf = ${url}\n[protocol "ext"]\n\tallow = always\n`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(remote.folder, 'gitconfig'));
    const { text } = await failure(request(dev, { patience: 0 }));
    expect(text).toMatch(/^error\[E_REMOTE_UNREACHABLE\] .*: fatal: transport '(ext|file)' not allowed - /);
    expect(existsSync(join(remote.folder, 'pwned'))).toBe(false);
  });

  it("by the user's url.insteadOf to an allowed address is followed", async () => {
    writeFileSync(join(remote.folder, 'gitconfig'), `[url "${url}"]\n\tinsteadOf = https://gitops.example.com/team/gitops.git\n`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(remote.folder, 'gitconfig'));
    const repository = remote.repository({ url: 'https://gitops.example.com/team/gitops.git', allowLocal: false });
    await publish(request(dev, { repository }));
    expect(remote.commits().length).toBe(1);
  });
});

describe('requests', () => {
  it('are as few as can be: one question and one push when the tip is known', async () => {
    await publish(request(dev));
    http.seen.length = 0;
    await publish(request(dev2));
    expect(http.seen).toEqual([
      'GET service=git-upload-pack',
      'POST git-upload-pack',
      'GET service=git-receive-pack',
      'POST git-receive-pack',
    ]);
    http.seen.length = 0;
    await publish(request(dev2));
    expect(http.seen).toEqual(['GET service=git-upload-pack', 'POST git-upload-pack']);
  });
});
