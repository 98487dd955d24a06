import { devNull } from 'node:os';
import { fail } from '../errors.ts';
import { CommandError, pieces, type RunOptions, type RunResult, tryRun } from '../process.ts';

/** Git configuration as pairs of key and value; a key may come more than once. */
export type GitConfig = readonly (readonly [key: string, value: string])[];

/** How to call git. */
export interface GitOptions extends Pick<RunOptions, 'cwd' | 'input' | 'timeout' | 'signal' | 'encoding'> {
  /** Bare repository to work on. Without it git looks at none. */
  readonly gitDir?: string;
  /** The user's way to reach and authenticate, from {@link connectionConfig}. @default none */
  readonly config?: GitConfig;
  /** Local paths and `file://` as remotes. @default false */
  readonly allowLocal?: boolean;
  /** Seconds without a byte after which a remote counts as hung; servers send a keep-alive every 5 s. @default 30 */
  readonly silence?: number;
  /** More variables for git's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What is taken over from the user's Git configuration: how to reach a remote, how to log in there, how to sign. Everything else
 * (hooks, filters, line endings, aliases, templates, maintenance) could change what is read, written or run, so it stays out.
 * `http.sslVerify=false` stays out too: a private authority belongs into `http.sslCAInfo`.
 */
const connectionKeys = /^(credential\..*|http\..*|url\..*\.(insteadof|pushinsteadof)|core\.sshcommand|user\.signingkey|gpg\..*)$/;
const neverTaken = /^http\.(.*\.)?(sslverify|followredirects)$/;
/** Variables of git that say how to log in or whom to trust, not where to work. */
const keptVariables = /^GIT_(ASKPASS|SSL_(CAINFO|CAPATH|CERT|KEY)|PROXY_SSL_(CAINFO|CERT|KEY))$/;

/** Ours, after the user's, so that they win. */
const fixedConfig: GitConfig = [
  ['core.hooksPath', devNull],
  ['core.attributesFile', devNull],
  ['core.autocrlf', 'false'],
  ['core.fsync', 'none'], // the private clone is a cache: a broken one is thrown away
  ['gc.auto', '0'], // no work in the background that outlives us
  ['maintenance.auto', 'false'],
  ['fetch.writeCommitGraph', 'false'],
  ['submodule.recurse', 'false'],
  ['push.gpgSign', 'false'],
  ['http.followRedirects', 'false'], // credentials and commits go to the address that was checked, or nowhere
  ['http.lowSpeedLimit', '1'],
];

/** Runs git away from the user's settings. @throws CommandError when it exits non-zero; Failure `E_TOOL` when there is no git */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<string> {
  const result = await tryGit(args, options);
  if (result.exitCode !== 0) throw new CommandError(result, options.gitDir ?? options.cwd ?? '/');
  return result.stdout;
}

/** Like {@link git}, but a non-zero exit is returned. */
export async function tryGit(args: readonly string[], options: GitOptions = {}): Promise<RunResult> {
  const { gitDir, config, allowLocal, silence, env, ...rest } = options;
  const where = gitDir === undefined ? [] : [`--git-dir=${gitDir}`];
  return await start([...where, ...args], {
    cwd: '/',
    ...rest,
    env: { ...isolated(process.env, { config, allowLocal, silence }), ...env },
  });
}

/** Like {@link git}, but gives what git writes while it runs, split at NUL. Whoever stops asking ends it. */
export function gitPieces(args: readonly string[], options: GitOptions = {}): AsyncGenerator<string> {
  const { gitDir, config, allowLocal, silence, env, cwd = '/', timeout, signal } = options;
  const where = gitDir === undefined ? [] : [`--git-dir=${gitDir}`];
  const all = { ...isolated(process.env, { config, allowLocal, silence }), ...env };
  return pieces(['git', ...where, ...args], '\0', { cwd, timeout, signal, env: all });
}

/**
 * Runs git on a user's checkout and under the user's own settings, so that it sees what the user's `git status` sees. Only what
 * could run programs or wait for somebody is off.
 * @throws CommandError when it exits non-zero; Failure `E_TOOL` when there is no git
 */
export async function gitInCheckout(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const result = await tryGitInCheckout(cwd, args, env);
  if (result.exitCode !== 0) throw new CommandError(result, cwd);
  return result.stdout;
}

/** Like {@link gitInCheckout}, but a non-zero exit is returned. */
export async function tryGitInCheckout(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const off = ['-c', `core.hooksPath=${devNull}`, '-c', 'core.fsmonitor=false', '-c', 'core.untrackedCache=keep'];
  const inherited = withoutGit(process.env, /^GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|(KEY|VALUE)_\d+)$/);
  const quiet = { LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', GIT_LITERAL_PATHSPECS: '1' };
  return await start([...off, ...args], { cwd, env: { ...inherited, ...quiet, ...env } });
}

/** Reads how the user reaches remotes from the system's, the user's and the environment's Git configuration. */
export async function connectionConfig(): Promise<GitConfig> {
  const result = await start(['config', '--list', '-z'], { cwd: '/', env: withoutGit(process.env, /^GIT_CONFIG/) });
  if (result.exitCode !== 0) return [];
  return result.stdout.split('\0').flatMap((entry): GitConfig => {
    const [key = '', ...value] = entry.split('\n');
    return connectionKeys.test(key.toLowerCase()) && !neverTaken.test(key.toLowerCase()) ? [[key, value.join('\n')]] : [];
  });
}

/** The environment of a git that obeys nobody but us. Configuration goes through variables: arguments are visible to everybody. */
export function isolated(
  inherited: NodeJS.ProcessEnv,
  { config = [], allowLocal = false, silence = 30 }: Pick<GitOptions, 'config' | 'allowLocal' | 'silence'>,
): Record<string, string | undefined> {
  const sshCommand = config.findLast(([key]) => key.toLowerCase() === 'core.sshcommand')?.[1] ?? 'ssh';
  const sshOptions = ['BatchMode=yes', `ConnectTimeout=${silence}`, `ServerAliveInterval=${silence}`, 'ServerAliveCountMax=1'];
  const all: GitConfig = [...config, ...fixedConfig, ['http.lowSpeedTime', String(silence)]];
  const pairs = all.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key] as const,
    [`GIT_CONFIG_VALUE_${index}`, value] as const,
  ]);
  return {
    ...withoutGit(inherited, keptVariables),
    ...Object.fromEntries(pairs),
    GIT_CONFIG_COUNT: String(all.length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_ALLOW_PROTOCOL: allowLocal ? 'https:http:ssh:file' : 'https:http:ssh', // also refuses what url.insteadOf may turn a URL into
    GIT_TERMINAL_PROMPT: '0',
    GCM_INTERACTIVE: 'never',
    SSH_ASKPASS: undefined,
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_SSH_COMMAND: [sshCommand, ...sshOptions.map((option) => `-o ${option}`)].join(' '),
    LC_ALL: 'C',
    LANGUAGE: undefined,
  };
}

/** Removes git's variables (`GIT_DIR`, `GIT_INDEX_FILE`, `GIT_TRACE`, …) but those that match. */
function withoutGit(inherited: NodeJS.ProcessEnv, kept: RegExp): Record<string, undefined> {
  const names = Object.keys(inherited).filter((name) => name.startsWith('GIT_') && !kept.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

async function start(args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await tryRun(['git', ...args], options);
  if (result.exitCode === 127) fail('E_TOOL', 'git', undefined, 'not found; 2.39 or newer is needed', 'install it');
  return result;
}
