import type { Problem } from '../../../charts/problem.ts';
import { clean } from '../errors.ts';

/** Longest foreign text in a problem, in characters. */
const wordsLength = 400;

/**
 * Why asking again is of no use, told from git's words: they pick the message and spare the waiting, they never decide what landed.
 * Undefined when the remote may come back.
 */
export function finalProblem(url: string, words: string): Problem | undefined {
  const value = clean(url);
  const field = 'gitops.repository';
  if (/returned error: 30\d|unable to update url base from redirection/.test(words))
    return { code: 'E_URL_SCHEME', field, value, rule: 'redirects to another address', fix: 'set the address it redirects to' };
  if (refusedWords.test(words)) {
    const rule = `refused or expired, or no such repository: ${cause(words)}`;
    return {
      code: 'E_AUTH',
      field,
      value,
      rule,
      fix: 'check the address and your credential helper or ssh key; nobody is asked for a password here',
    };
  }
  return undefined;
}

const refusedWords =
  /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 40[13]|permission denied|host key verification failed|not authorized|repository .*not found|repository .*does not exist|does not appear to be a git repository/i;

/** `E_REMOTE_UNREACHABLE` after waiting for it. */
export function unreachable(url: string, milliseconds: number, tries: number, words: string): Problem {
  return {
    code: 'E_REMOTE_UNREACHABLE',
    field: 'gitops.repository',
    value: clean(url),
    rule: `no answer after ${Math.round(milliseconds / 1000)} s, ${tries} ${tries === 1 ? 'try' : 'tries'}: ${cause(words)}`,
    fix: 'check the address and the network, then rerun: it finds out what landed',
  };
}

/** `E_PUSH_REFUSED` with what the server said. */
export function refused(branch: string, words: string): Problem {
  return {
    code: 'E_PUSH_REFUSED',
    field: branch,
    rule: `the server refused the commit: ${serverWords(words)}`,
    fix: 'let this committer push to the branch, or sign as it asks, then rerun',
  };
}

/** The lines that the server wrote, and git's short reason behind them. */
function serverWords(words: string): string {
  const lines = words.split('\n');
  const said = lines.flatMap((line) => /^remote: ?(.*)$/.exec(line)?.[1] ?? []);
  const reason = lines.flatMap((line) => /^\[remote rejected\] (.*)$/.exec(line)?.[1] ?? []);
  return shorten([...said, ...reason].join(' '));
}

/** All that was said, without git's advice on access rights. */
function cause(words: string): string {
  return shorten(words.replace(/Please make sure you have the correct access rights\s+and the repository exists\./, ''));
}

function shorten(text: string): string {
  const tidy = clean(text).replace(/\s+/g, ' ').trim();
  if (tidy === '') return 'it said nothing';
  return tidy.length > wordsLength ? `${tidy.slice(0, wordsLength)}…` : tidy;
}
