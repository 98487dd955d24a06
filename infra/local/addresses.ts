import { fail } from '../delivery/errors.ts';

/** The local environment's fixed names: what manifests and Argo CD say, the same on every machine. */
export const localNames = {
  registry: 'registry.fullcycle.internal',
  gitops: 'http://gitops.fullcycle-local.svc.cluster.local/gitops.git',
} as const;

/** A running local environment. */
export interface LocalEnvironment {
  /** `address`: host and port to push images to and pull them from on this machine. */
  readonly registry: { readonly address: string };
  /** `url`: the fixed name that Argo CD reads; `cloneUrl`: the same repository as reached on this machine. */
  readonly gitops: { readonly url: string; readonly cloneUrl: string };
}

/**
 * The repository to push an image to. A name in the local registry is mapped to where that registry listens, every other one is its own.
 * @param local what `findLocal` returned
 * @throws Failure E_LOCAL_DOWN when the name is in the local registry and that doesn't run
 */
export function pushAddress(imageName: string, local: LocalEnvironment | undefined): string {
  const [host, ...path] = imageName.split('/');
  if (host !== localNames.registry) return imageName;
  return [requireLocal(local, 'image.repository', imageName).registry.address, ...path].join('/');
}

/**
 * The URL to fetch the GitOps repo from and to push to: see {@link pushAddress}.
 * @throws Failure E_LOCAL_DOWN when it is the local repo and that isn't served
 */
export function pushUrl(gitopsUrl: string, local: LocalEnvironment | undefined): string {
  if (!isLocalGitops(gitopsUrl)) return gitopsUrl;
  return requireLocal(local, 'gitops.repository', gitopsUrl).gitops.cloneUrl;
}

function isLocalGitops(url: string): boolean {
  return url.replace(/\/$/, '') === localNames.gitops;
}

function requireLocal(local: LocalEnvironment | undefined, field: string, value: string): LocalEnvironment {
  return local ?? fail('E_LOCAL_DOWN', field, value, 'the local environment must run', 'start it with npm run up');
}

/** Ports of a running local environment; the same on every address it listens on. */
export function localPorts({ registry, gitops }: LocalEnvironment): { readonly registryPort: number; readonly gitopsPort: number } {
  return { registryPort: Number(registry.address.split(':')[1]), gitopsPort: Number(new URL(gitops.cloneUrl).port) };
}
