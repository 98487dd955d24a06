import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from '../../infra/delivery/process.ts';
import { findDaemon } from '../../infra/local/daemon.ts';
import type { Daemon } from '../../infra/local/daemon-record.ts';
import { stateFolder, stopLocal } from '../../infra/local/local.ts';

/** An empty project folder that takes its local environment with it when it goes. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  readonly state: string;
  /** The environment's two servers; throws when one is down. */
  servers(): Promise<{ readonly registry: Daemon; readonly git: Daemon }>;
}

export function createProject(): Project {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'project-'));
  const state = stateFolder(folder);
  const server = async (name: string) => {
    const daemon = await findDaemon(state, name);
    if (!daemon) throw new Error(`${name} is down`);
    return daemon;
  };
  return {
    folder,
    state,
    servers: async () => ({ registry: await server('registry'), git: await server('git-server') }),
    [Symbol.asyncDispose]: async () => {
      await stopLocal(folder, { purge: true });
      rmSync(folder, { recursive: true });
    },
  };
}

/** Git with an identity and without the user's settings. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return (await run(['git', '-C', folder, ...args], { env: gitEnvironment })).stdout.trim();
}

/** Like {@link git}; returns what git says on stderr, and whether it failed. */
export async function tryGit(folder: string, ...args: readonly string[]): Promise<{ exitCode: number; stderr: string }> {
  return tryRun(['git', '-C', folder, ...args], { env: gitEnvironment });
}

const gitEnvironment = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** What an HTTP server answers. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Sends a request exactly as given: no path is tidied up on the way. */
export function send(
  address: string,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: Uint8Array } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(`http://${address}`);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request({ hostname, port, method, path, headers: options.headers, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
  });
  sent.on('error', reject);
  sent.end(options.body);
  return promise;
}

/** Local addresses, in the kernel's hexadecimal, of every TCP socket on which the process listens: proc_net(5). */
export function listeningAddresses(pid: number): string[] {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1));
  const sockets = rows.map((row) => row.trim().split(/\s+/));
  return sockets.flatMap((fields) => (fields[3] === '0A' && open.has(`socket:[${fields[9]}]`) ? [fields[1] ?? ''] : []));
}
