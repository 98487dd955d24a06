import { createHmac } from 'node:crypto';

/** One ref that a push has changed: a line of what git gives a post-receive hook. */
export interface RefUpdate {
  /** Commit before; only zeros for a new ref. */
  readonly before: string;
  /** Commit now; only zeros for a deleted ref. */
  readonly after: string;
  /** Full name: `refs/heads/main`. */
  readonly ref: string;
}

/** Paths that differ between two commits. */
export interface ChangedFiles {
  readonly added: readonly string[];
  readonly modified: readonly string[];
  readonly removed: readonly string[];
}

/** The pushed repository, as its readers name it. */
export interface PushedRepository {
  /** URL to clone it by. */
  readonly url: string;
  /** Branch that HEAD stands for. */
  readonly defaultBranch: string;
}

/** GitHub's event `push`: the fields that Argo CD's webhook reads, and those that identify commit and repository. */
export interface PushEvent {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly created: boolean;
  readonly deleted: false;
  readonly forced: false;
  /** The push as one commit: only the union of all lists counts. None when all files may have changed. */
  readonly commits: readonly (ChangedFiles & { readonly id: string })[];
  readonly repository: {
    readonly name: string;
    readonly html_url: string;
    readonly clone_url: string;
    readonly default_branch: string;
  };
}

/** As many as GitHub lists for a commit; without a list Argo CD takes every file as changed. */
const mostFiles = 3000;
const nothing = /^0+$/;

/** The update that a line `<before> <after> <ref>` tells of; undefined for what nobody is told of: deletions, and refs besides branches and tags. */
export function readRefUpdate(line: string): RefUpdate | undefined {
  const [, before = '', after = '', ref = ''] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/(?:heads|tags)\/\S+)$/.exec(line) ?? [];
  return ref === '' || nothing.test(after) ? undefined : { before, after, ref };
}

/** True when the ref was not there before. */
export function isNew({ before }: RefUpdate): boolean {
  return nothing.test(before);
}

/** Reads what `git diff-tree -z --name-status --no-renames` prints. A changed type is a modification. */
export function readChangedFiles(nameStatus: string): ChangedFiles {
  const fields = nameStatus.split('\0').slice(0, -1);
  const files = { added: [] as string[], modified: [] as string[], removed: [] as string[] };
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [status, path = ''] = fields.slice(index, index + 2);
    files[status === 'A' ? 'added' : status === 'D' ? 'removed' : 'modified'].push(path);
  }
  return files;
}

/** GitHub's event for an update. */
export function pushEvent({ url, defaultBranch }: PushedRepository, update: RefUpdate, files: ChangedFiles): PushEvent {
  const page = url.replace(/\.git$/, '');
  const count = files.added.length + files.modified.length + files.removed.length;
  return {
    ref: update.ref,
    before: update.before,
    after: update.after,
    created: isNew(update),
    deleted: false,
    forced: false,
    commits: count > mostFiles ? [] : [{ id: update.after, ...files }],
    repository: { name: page.slice(page.lastIndexOf('/') + 1), html_url: page, clone_url: url, default_branch: defaultBranch },
  };
}

/** Headers of an event with this body: its name, and the signature over exactly these bytes. */
export function eventHeaders(secret: string, body: string): Readonly<Record<string, string>> {
  return {
    'X-GitHub-Event': 'push',
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}
