import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../delivery/process.ts';

/** What the layer is made of. */
export interface ArgoCdPrograms {
  /** Folder of Argo CD's module: its scripts. */
  readonly module: string;
  readonly argocd: string;
  readonly kustomize: string;
  /** Folder to work in. */
  readonly scratch: string;
}

/** The same program under the names of its parts. */
const parts = [
  'application-controller',
  'applicationset-controller',
  'cmp-server',
  'commit-server',
  'dex',
  'k8s-auth',
  'notifications',
  'repo-server',
  'server',
];

const scripts = {
  'entrypoint.sh': 'entrypoint.sh',
  'gpg-wrapper.sh': 'hack/gpg-wrapper.sh',
  'git-verify-wrapper.sh': 'hack/git-verify-wrapper.sh',
};
const executable = 0o755;

/** A tar file with what the official image has on top of its system; paths and owners as in Argo CD's Dockerfile. */
export async function argoCdLayer({ module, argocd, kustomize, scratch }: ArgoCdPrograms): Promise<string> {
  const root = join(scratch, 'argocd');
  const binaries = 'usr/local/bin';
  const copy = (from: string, name: string) => {
    copyFileSync(from, join(root, binaries, name));
    chmodSync(join(root, binaries, name), executable);
  };
  for (const folder of [
    binaries,
    'app/config/ssh',
    'app/config/tls',
    'app/config/gpg/source',
    'app/config/gpg/keys',
    'etc/ssh',
    'home/argocd',
  ]) {
    mkdirSync(join(root, folder), { recursive: true, mode: executable });
  }
  copy(argocd, 'argocd');
  copy(kustomize, 'kustomize');
  for (const [name, path] of Object.entries(scripts)) copy(join(module, path), name);
  for (const part of parts) symlinkSync('/usr/local/bin/argocd', join(root, binaries, `argocd-${part}`));
  symlinkSync('/usr/local/bin/entrypoint.sh', join(root, binaries, 'uid_entrypoint.sh'));
  writeFileSync(join(root, 'app/config/ssh/ssh_known_hosts'), '');
  symlinkSync('/app/config/ssh/ssh_known_hosts', join(root, 'etc/ssh/ssh_known_hosts'));
  chmodSync(join(root, 'app/config/gpg/keys'), 0o700);
  chmodSync(join(root, 'home/argocd'), 0o775);
  return archive(root, ['app/config/gpg/keys', 'home/argocd']);
}

/** Packs a folder reproducibly. @param argocd paths that belong to Argo CD's user, all else to root */
async function archive(root: string, argocd: readonly string[]): Promise<string> {
  const file = join(dirname(root), 'argocd.tar');
  const tar = ['tar', '--file', file, '-C', root, '--sort=name', '--mtime=@0', '--numeric-owner', '--group=0'] as const;
  await run([...tar, '--create', '--owner=0', ...argocd.map((path) => `--exclude=./${path}`), '.']);
  await run([...tar, '--append', '--owner=999', ...argocd.map((path) => `./${path}`)]);
  return file;
}
