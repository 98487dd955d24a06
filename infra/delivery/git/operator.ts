import { userInfo } from 'node:os';
import { clean } from '../errors.ts';
import { tryGitInCheckout } from './git.ts';

/** Longest name kept, in characters. */
const longest = 200;

/** Who is at the keyboard: the name in the Git settings of the project, else the account on this machine. Commits are made by the program. */
export async function operator(project: string): Promise<string> {
  const { exitCode, stdout } = await tryGitInCheckout(project, ['config', '--get', 'user.name']);
  const name = exitCode === 0 ? clean(stdout).trim() : '';
  return (name || accountName()).slice(0, longest);
}

/** An account without a name has none to tell. */
function accountName(): string {
  try {
    return userInfo().username || 'unknown';
  } catch {
    return 'unknown';
  }
}
