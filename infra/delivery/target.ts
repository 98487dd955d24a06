import { homedir } from 'node:os';
import { join } from 'node:path';
import type { StackConfig } from '../config.ts';
import { type LocalEnvironment, pushUrl } from '../local/addresses.ts';
import { findLocal } from '../local/local.ts';
import type { Context } from './context.ts';
import { Repository } from './git/repository.ts';

/** One environment, and where its images and commits go from this machine. */
export interface Target {
  readonly stack: StackConfig;
  /** The running local environment, if there is one. */
  readonly local: LocalEnvironment | undefined;
  readonly repository: Repository;
}

/** Folder of this program's caches, for every project of the user. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'fullcycle');
}

/** @throws Failure E_LOCAL_DOWN when the environment is the local one and that doesn't run */
export async function openTarget(stack: StackConfig, context: Context): Promise<Target> {
  const local = await findLocal(context.project);
  const { repository: url, branch } = stack.environment.gitops;
  const options = { url: pushUrl(url, local), branch, sign: stack.gitops.sign, cacheDir: cacheFolder(process.env), signal: context.signal };
  return { stack, local, repository: new Repository(options) };
}
