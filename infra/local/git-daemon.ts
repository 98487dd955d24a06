import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { git } from '../delivery/git/git.ts';
import { answers, type DaemonSpec } from './daemon.ts';

const program = fileURLToPath(new URL('git-server.ts', import.meta.url));

/** The local GitOps repository's folder. */
export function gitopsFolder(state: string): string {
  return join(state, 'gitops.git');
}

/** The server of the local GitOps repository. @param listen `host:port` each */
export function gitDaemon(state: string, listen: readonly string[]): DaemonSpec {
  const url = `http://${listen[0]}/gitops.git/info/refs?service=git-upload-pack`;
  return {
    name: 'git-server',
    state,
    argv: [process.execPath, program, '--root', gitopsFolder(state), ...listen.flatMap((address) => ['--listen', address])],
    listen,
    ready: () => answers(url),
  };
}

/** Branch that the local GitOps repository's HEAD stands for. */
export const gitopsBranch = 'main';

/** Hands what was pushed to the server, which has opened descriptor 3; says and does nothing when there is none. */
const hook = '#!/bin/sh\ncat 2>/dev/null >&3 || :\n';

/** Makes the local GitOps repository where there is none: bare, with one hook. What is there is kept as it is. */
export async function ensureGitopsRepository(state: string): Promise<void> {
  const folder = gitopsFolder(state);
  if (!existsSync(join(folder, 'HEAD'))) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await git(['init', '--quiet', '--bare', '-b', gitopsBranch, '--template=', folder]);
  }
  ensureHook(join(folder, 'hooks'));
}

function ensureHook(folder: string): void {
  const file = join(folder, 'post-receive');
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, hook, { mode: 0o700 });
  renameSync(`${file}.new`, file);
}
