import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { git } from '../delivery/git.ts';
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

/** Makes the local GitOps repository where there is none: bare, branch main, no hooks. An existing one is kept as it is. */
export async function ensureGitopsRepository(state: string): Promise<void> {
  const folder = gitopsFolder(state);
  if (existsSync(join(folder, 'HEAD'))) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await git(['init', '--quiet', '--bare', '-b', 'main', '--template=', folder]);
}
