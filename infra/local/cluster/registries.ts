import { localNames } from '../addresses.ts';
import type { ConfigurationFile } from './component.ts';

/** Registries whose images are looked for in the local registry first, and where they are pulled from when it doesn't hold them. */
const mirrored: Readonly<Record<string, string | undefined>> = {
  [localNames.registry]: undefined,
  'docker.io': 'https://registry-1.docker.io',
  'ghcr.io': 'https://ghcr.io',
  'public.ecr.aws': 'https://public.ecr.aws',
  'quay.io': 'https://quay.io',
  'registry.k8s.io': 'https://registry.k8s.io',
};

/**
 * containerd's `hosts.toml` per registry: unmodified manifests run with images that only exist on this machine, `imagePullPolicy: Always` included.
 * @param mirror URL of the local registry as a node reaches it
 */
export function registryFiles(mirror: string): ConfigurationFile[] {
  return Object.entries(mirrored).map(([registry, origin]) => ({
    path: `${registry}/hosts.toml`,
    text: `server = "${origin ?? mirror}"\n\n[host."${mirror}"]\n  capabilities = ["pull", "resolve"]\n`,
  }));
}
