/** A commit that changed files asked for. */
export interface LogEntry {
  /** Full id. */
  readonly commit: string;
  /** More than one for a merge. */
  readonly parents: readonly string[];
  /** Commit time in seconds since 1970. */
  readonly time: number;
  readonly author: string;
  readonly subject: string;
  /** Message without its subject. */
  readonly body: string;
  readonly files: readonly ChangedFile[];
}

/** A file before and after a commit; of a merge before and after it came to the branch. */
export interface ChangedFile {
  readonly path: string;
  /** Git blob id; undefined when the file was not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

const fields = ['%H', '%P', '%ct', '%an', '%s', '%b'];
const mark = 'commit';

/** How git is asked. A merge counts when and as it came to the branch: what it brings is compared with its first parent. */
export const logArguments: readonly string[] = [
  'log',
  '--first-parent',
  '--diff-merges=first-parent',
  '--raw',
  '--no-abbrev',
  '--no-renames',
  '--no-color',
  '-z',
  `--format=%x00${mark}%x00${fields.join('%x00')}%x00`,
  '--end-of-options',
];

/** Reads what git says to {@link logArguments}, split at NUL: no message and no path can hold one, so nobody can make up an entry. */
export async function* readLog(pieces: AsyncIterable<string>): AsyncGenerator<LogEntry> {
  let head: string[] | undefined;
  let files: ChangedFile[] = [];
  let change: Omit<ChangedFile, 'path'> | undefined;
  for await (const piece of pieces) {
    if (head && head.length < fields.length) head.push(piece);
    else if (change) {
      files.push({ ...change, path: piece });
      change = undefined;
    } else if (piece === mark) {
      if (head) yield toEntry(head, files);
      [head, files] = [[], []];
    } else change = readChange(piece);
  }
  if (head) yield toEntry(head, files);
}

function toEntry(
  [commit = '', parents = '', time = '', author = '', subject = '', body = '']: readonly string[],
  files: ChangedFile[],
): LogEntry {
  return { commit, parents: parents.split(' ').filter(Boolean), time: Number(time), author, subject, body: body.trimEnd(), files };
}

/** `:100644 100644 <id> <id> M`; anything else is space between entries. */
function readChange(piece: string): Omit<ChangedFile, 'path'> | undefined {
  const [, before, after] = /^\s*:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) [A-Z]$/.exec(piece) ?? [];
  const idOf = (id: string) => (/^0+$/.test(id) ? undefined : id);
  return before === undefined || after === undefined ? undefined : { before: idOf(before), after: idOf(after) };
}
