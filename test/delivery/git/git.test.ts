import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectionConfig, git, isolated, tryGit } from '../../../infra/delivery/git/git.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-git-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('git', () => {
  it('is started from one file, but for its version and the path of its server half', () => {
    const sources = ['charts', 'infra'].flatMap((root) =>
      readdirSync(join(project, root), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
        .map((name) => join(root, name)),
    );
    const callers = sources.filter((name) => /[[(]\s*'git',/.test(readFileSync(join(project, name), 'utf8')));
    expect(callers.sort()).toEqual(['infra/delivery/doctor.ts', 'infra/delivery/git/git.ts', 'infra/local/git-server.ts']);
  });

  it('sees nothing of the system, the user or the variables around it', async () => {
    writeFileSync(join(folder, 'gitconfig'), '[user]\n\tname = Somebody\n[core]\n\thooksPath = /evil\n[alias]\n\tx = "!false"\n');
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(folder, 'gitconfig'));
    vi.stubEnv('GIT_CONFIG_COUNT', '1');
    vi.stubEnv('GIT_CONFIG_KEY_0', 'core.pager');
    vi.stubEnv('GIT_CONFIG_VALUE_0', 'evil');
    const keys = (await git(['config', '--list', '--name-only'])).trim().split('\n');
    expect(keys.sort()).toEqual([
      'core.attributesfile',
      'core.autocrlf',
      'core.fsync',
      'core.hookspath',
      'fetch.writecommitgraph',
      'gc.auto',
      'http.followredirects',
      'http.lowspeedlimit',
      'http.lowspeedtime',
      'maintenance.auto',
      'push.gpgsign',
      'submodule.recurse',
    ]);
    expect((await git(['config', 'core.hooksPath'])).trim()).toBe('/dev/null');
  });

  it('takes over how the user reaches remotes and logs in, and nothing else', async () => {
    writeFileSync(
      join(folder, 'gitconfig'),
      `[credential]
	helper = store
	helper = "!f() { echo password=hunter2; }; f"
[credential "https://gitops.example.com"]
	username = bot
[http]
	proxy = http://proxy.example.com:3128
	sslVerify = false
	followRedirects = true
[http "https://gitops.example.com"]
	extraHeader = "Authorization: Bearer hunter2"
	sslVerify = false
[url "ssh://git@gitops.example.com/"]
	insteadOf = https://gitops.example.com/
[core]
	sshCommand = ssh -i key
	autocrlf = true
	editor = evil
	hooksPath = /evil
[user]
	name = Somebody
	signingKey = key
[gpg]
	format = ssh
[filter "lfs"]
	clean = evil
[protocol "ext"]
	allow = always
[push]
	default = matching
[remote "origin"]
	url = evil
[include]
	path = ${folder}/missing
`,
    );
    vi.stubEnv('GIT_CONFIG_GLOBAL', join(folder, 'gitconfig'));
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
    expect(await connectionConfig()).toEqual([
      ['credential.helper', 'store'],
      ['credential.helper', '!f() { echo password=hunter2; }; f'],
      ['credential.https://gitops.example.com.username', 'bot'],
      ['http.proxy', 'http://proxy.example.com:3128'],
      ['http.https://gitops.example.com.extraheader', 'Authorization: Bearer hunter2'],
      ['url.ssh://git@gitops.example.com/.insteadof', 'https://gitops.example.com/'],
      ['core.sshcommand', 'ssh -i key'],
      ['user.signingkey', 'key'],
      ['gpg.format', 'ssh'],
    ]);
  });

  it('gets the settings through its environment, never as arguments that others can read', async () => {
    const config = [['http.extraHeader', 'Authorization: Bearer hunter2']] as const;
    const { argv } = await tryGit(['config', 'http.extraHeader'], { config });
    expect(argv.join(' ')).not.toContain('hunter2');
    expect(await git(['config', 'http.extraHeader'], { config })).toBe('Authorization: Bearer hunter2\n');
  });

  it('keeps of its variables only those that say how to log in and whom to trust', () => {
    const inherited = {
      GIT_DIR: 'x',
      GIT_WORK_TREE: 'x',
      GIT_INDEX_FILE: 'x',
      GIT_OBJECT_DIRECTORY: 'x',
      GIT_NAMESPACE: 'x',
      GIT_SSH: 'x',
      GIT_SSH_COMMAND: 'evil',
      GIT_PROXY_COMMAND: 'evil',
      GIT_TRACE_CURL: '1',
      GIT_SSL_NO_VERIFY: '1',
      GIT_CONFIG_PARAMETERS: 'x',
      GIT_EXEC_PATH: 'evil',
      GIT_TEMPLATE_DIR: 'evil',
      SSH_ASKPASS: 'evil',
      GIT_ASKPASS: 'helper',
      GIT_SSL_CAINFO: 'ca.pem',
      SSH_AUTH_SOCK: 'agent',
      HTTPS_PROXY: 'proxy',
    };
    const set = isolated(inherited, { config: [['core.sshcommand', 'ssh -i key']] });
    const seen = Object.fromEntries(
      Object.entries({ ...inherited, ...set }).filter(([name, value]) => value !== undefined && !/^GIT_CONFIG_(KEY|VALUE)/.test(name)),
    );
    expect(seen).toEqual({
      GIT_ALLOW_PROTOCOL: 'https:http:ssh',
      GIT_ASKPASS: 'helper',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_CONFIG_COUNT: '13',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_LITERAL_PATHSPECS: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_SSH_COMMAND: 'ssh -i key -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=30 -o ServerAliveCountMax=1',
      GIT_SSL_CAINFO: 'ca.pem',
      GIT_TERMINAL_PROMPT: '0',
      GCM_INTERACTIVE: 'never',
      HTTPS_PROXY: 'proxy',
      LC_ALL: 'C',
      SSH_ASKPASS_REQUIRE: 'never',
      SSH_AUTH_SOCK: 'agent',
    });
  });

  it('that is not installed is an error that says so', async () => {
    vi.stubEnv('PATH', folder);
    await expect(git(['version'])).rejects.toThrow('error[E_TOOL] git: - not found; 2.39 or newer is needed - install it');
  });
});
