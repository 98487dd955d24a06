import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { secretKeys } from '../config/secret.ts';
import { clean, fail } from '../delivery/errors.ts';
import { run, tryRun } from '../delivery/process.ts';
import { type Engine, pulumiEngine } from '../provider/engine.ts';
import { stateFolder } from './local.ts';

/** The cluster that the stacks are for. */
export interface StackCluster {
  /** Absolute path. */
  readonly kubeconfig: string;
  readonly context: string;
  /** UID of the namespace kube-system. */
  readonly identity: string;
}

/** Where the engine works: the project's own program and stack files, with a state of their own that belongs to one cluster. */
export interface Workspace {
  /** Absolute folder. */
  readonly folder: string;
  readonly cluster: StackCluster;
  readonly engine: Engine;
  readonly env: Readonly<Record<string, string>>;
}

/** How often each operation was done. */
export type Changes = Readonly<Partial<Record<'created' | 'updated' | 'replaced' | 'deleted' | 'unchanged', number>>>;

export interface WorkspaceOptions {
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const runMilliseconds = 1_800_000;

/**
 * Makes the folder in `.fullcycle` from which stacks are run against one cluster: `pulumi` may be used there by hand. The project's own stack
 * files are not touched: the engine writes salts and secrets into the copies. Another cluster, another state: nothing of the one before is in it.
 * @throws Failure E_TOOL when the engine can't be built
 */
export async function openWorkspace(project: string, cluster: StackCluster, options: WorkspaceOptions = {}): Promise<Workspace> {
  const root = join(stateFolder(project), 'pulumi');
  const folder = join(root, cluster.identity);
  mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });
  const engine = await pulumiEngine({ home: join(root, 'home'), onProgress: options.onProgress });
  for (const name of ['infra', 'node_modules', 'package.json']) {
    if (!existsSync(join(folder, name))) symlinkSync(join(project, name), join(folder, name));
  }
  copyFileSync(join(project, 'Pulumi.yaml'), join(folder, 'Pulumi.yaml'));
  const env = {
    ...engine.env,
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase(root),
    PULUMI_CONFIG_PASSPHRASE: '',
  };
  return { folder, cluster, engine, env };
}

/**
 * `pulumi up` of one environment, without a preview: it is ours alone, and made anew whenever it is lost.
 * @throws Failure E_APPLY with what the program and the engine said
 */
export async function upStack(
  project: string,
  environment: string,
  workspace: Workspace,
  { onProgress = () => {}, signal }: WorkspaceOptions = {},
): Promise<Changes> {
  writeConfig(project, environment, workspace);
  await makeStack(environment, workspace);
  await releaseLocks(environment, workspace);
  const argv = ['up', `--stack=${environment}`, '--yes', '--skip-preview', '--non-interactive', '--color=never'] as const;
  const result = await tryRun([workspace.engine.pulumi, ...argv], {
    cwd: workspace.folder,
    env: workspace.env,
    timeout: runMilliseconds,
    signal,
    onLine: (line) => {
      const step = stepOf(line);
      if (step) onProgress(step);
    },
  });
  if (result.exitCode !== 0) explain(environment, `${result.stdout}\n${result.stderr}`, workspace);
  return changesOf(result.stdout);
}

/** Outputs of a stack, secrets in clear: for this program, never to be printed. */
export async function stackOutputs(environment: string, { engine, folder, env }: Workspace): Promise<Readonly<Record<string, unknown>>> {
  const argv = [engine.pulumi, 'stack', 'output', `--stack=${environment}`, '--json', '--show-secrets', '--non-interactive'] as const;
  return JSON.parse((await run(argv, { cwd: folder, env })).stdout);
}

/** How often each operation is counted in what the engine prints at the end of a run. */
export function changesOf(printed: string): Changes {
  const summary = printed.slice(printed.lastIndexOf('\nResources:'));
  const counts = summary.matchAll(/(\d+) (created|updated|replaced|deleted|unchanged)$/gm);
  return Object.fromEntries([...counts].map(([, count, operation]) => [operation, Number(count)]));
}

/**
 * What a line of the engine says of one resource, in fewer words; undefined for other lines. Components are left out: they do nothing themselves.
 * `+  kubernetes:apps/v1:Deployment Deployment/a/b creating (7s) Deployment a/b: 0 of 1 replicas available` becomes
 * `creating Deployment/a/b: 0 of 1 replicas available`.
 */
export function stepOf(line: string): string | undefined {
  const pattern = /^\s*[+~-]{1,2}\s+(\S+:\S+)\s+(\S+)\s+([a-z]+)(?:\s+\([\d.]+m?s\))?\s*(.*)$/;
  const [, type = '', name, operation, detail = ''] = pattern.exec(line.trimEnd()) ?? [];
  if (name === undefined || type.startsWith('fullcycle:index:') || type.startsWith('pulumi:')) return undefined;
  const words = detail.replace(/^\[diff: .*?\]\s*/, '').replace(/^\S+ \S+: /, '');
  return `${operation} ${name}${words && `: ${words}`}`;
}

function writeConfig(project: string, environment: string, { folder, cluster }: Workspace): void {
  const name = `Pulumi.${environment}.yaml`;
  const file = join(folder, name);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  writeFileSync(file, localStackFile(readFileSync(join(project, name), 'utf8'), before, cluster), { mode: 0o600 });
}

/**
 * The values of a stack file, and where the local cluster is. Secrets stay behind: they belong to real clusters, and to another key.
 * @param before what the copy was until now: it keeps the salt that the engine has put there
 */
export function localStackFile(text: string, before: string | undefined, cluster: StackCluster): string {
  const document = parseDocument(text);
  for (const key of ['encryptionsalt', 'encryptedkey', 'secretsprovider']) document.delete(key);
  for (const key of Object.keys(secretKeys)) document.deleteIn(['config', `fullcycle:${key}`]);
  document.setIn(['config', 'fullcycle:local'], 'true');
  document.setIn(['config', 'fullcycle:localCluster'], { ...cluster });
  const salt = before === undefined ? undefined : parseDocument(before).get('encryptionsalt');
  if (salt) document.set('encryptionsalt', salt);
  return document.toString();
}

/** Whether a stack was brought to this cluster before. */
export function isKnown(environment: string, { folder }: Workspace): boolean {
  return existsSync(join(folder, 'state', '.pulumi', 'stacks', 'fullcycle', `${environment}.json`));
}

async function makeStack(environment: string, workspace: Workspace): Promise<void> {
  if (isKnown(environment, workspace)) return;
  const { engine, folder, env } = workspace;
  await run([engine.pulumi, 'stack', 'init', environment, '--non-interactive', '--no-select'], { cwd: folder, env });
}

/** Takes the stack's lock back from runs that were killed; one that still runs keeps it, and the engine says so. */
async function releaseLocks(environment: string, { engine, folder, env }: Workspace): Promise<void> {
  const locks = join(folder, 'state', '.pulumi', 'locks', 'organization', 'fullcycle', environment);
  if (!existsSync(locks)) return;
  const holders = readdirSync(locks).map((name) => Number(JSON.parse(readFileSync(join(locks, name), 'utf8')).pid));
  if (holders.length === 0 || holders.some(isAlive)) return;
  await run([engine.pulumi, 'cancel', environment, '--yes', '--non-interactive'], { cwd: folder, env });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function explain(environment: string, printed: string, { folder, engine }: Workspace): never {
  const diagnostics = printed.slice(Math.max(printed.indexOf('\nDiagnostics:'), 0));
  const problems = diagnostics.split('\n').filter((line) => /error(\[E_[A-Z_]+\])?:? /.test(line));
  const told = [...new Set(problems.map((line) => clean(line).trim()))].slice(0, 10).join('\n  ');
  const fix = `run ${engine.pulumi} up --stack ${environment} in ${folder} to see all of it`;
  return fail('E_APPLY', `stack ${environment}`, undefined, told || clean(printed).trim().slice(-400), fix);
}

function passphrase(root: string): string {
  const file = join(root, 'passphrase');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  return file;
}
