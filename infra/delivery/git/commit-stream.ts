import type { FileWrite } from '../plan/plan.ts';
import type { Identity } from './identity.ts';

/** A commit to make. */
export interface CommitRequest {
  /** Its only parent; undefined for the first commit of a branch. */
  readonly parent: string | undefined;
  readonly writes: readonly FileWrite[];
  readonly message: string;
  readonly identity: Identity;
  /** Seconds since 1970. */
  readonly time: number;
}

/**
 * The commit as git's fast-import reads it; the answer to the stream is the commit's id. Removals come first, so that a file may
 * become a folder. https://git-scm.com/docs/git-fast-import
 */
export function commitStream(ref: string, { parent, writes, message, identity, time }: CommitRequest): Buffer {
  const who = `${identity.name} <${identity.email}> ${time} +0000`;
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const removed = writes.filter(({ text }) => text === null).map(({ path }) => `D ${quote(path)}\n`);
  const written = writes.flatMap(({ path, text }) => (text === null ? [] : [`M 100644 inline ${quote(path)}\n${data(text)}`]));
  const head = [`commit ${ref}\n`, 'mark :1\n', `author ${who}\n`, `committer ${who}\n`, data(message)];
  return Buffer.from(
    [...head, ...(parent === undefined ? [] : [`from ${parent}\n`]), ...removed, ...written, 'get-mark :1\n', 'done\n'].join(''),
  );
}

/** C-style, so that no path, whoever made it up, can end its line. */
function quote(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}
