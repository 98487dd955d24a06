import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a command of the program said. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of this project as it is in the work tree, in a folder and a Git repository of its own, with the dependencies of this one. */
export interface Project {
  readonly folder: string;
  /** Runs `fullcycle` there. */
  fullcycle(...args: string[]): Said;
  /** Runs `fullcycle … --json` there and returns what it printed; fails when it failed. */
  json<T>(...args: string[]): T;
  git(...args: string[]): string;
  /** Ends what runs and removes the folder. */
  remove(): void;
}

export function copyProject(): Project {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fullcycle-project-')));
  const copy =
    'git ls-files -z --cached --others --exclude-standard | while IFS= read -rd "" file; do [ -e "$file" ] && printf "%s\\0" "$file"; done';
  must(spawnSync('bash', ['-c', `${copy} | tar --null -cf - -T - | tar -xf - -C "$1"`, '-', folder], { cwd: root, encoding: 'utf8' }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // Older than what is installed: or the launcher would install into the linked folder.
  utimesSync(join(folder, 'package-lock.json'), 0, 0);
  const git = (...args: string[]) =>
    must(spawnSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder, encoding: 'utf8' }));
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'Start');
  const launcher = join(folder, 'infra/delivery/fullcycle.mjs');
  const fullcycle = (...args: string[]): Said => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 600_000,
    });
    return { status, stdout, stderr };
  };
  return {
    folder,
    fullcycle,
    git,
    json: (...args) => JSON.parse(must(fullcycle('--json', ...args))),
    remove: () => {
      fullcycle('down', '--purge');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function must({ status, stdout, stderr }: Said): string {
  if (status !== 0) throw new Error(`exit ${status}\n${stdout}\n${stderr}`);
  return stdout;
}
