import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../charts/environment.ts';
import { fail } from './delivery/errors.ts';
import { moduleAt, type ToolOptions } from './local/tools.ts';

/** The two installs that Argo CD publishes: one of everything, or several on three nodes or more. */
export type ManifestVariant = 'standard' | 'highAvailability';

/** Go module that carries the install manifests. */
export const argoCdModule = 'github.com/argoproj/argo-cd/v3';

/** Where the module keeps a variant. Source: manifests/README.md of the module. */
export const manifestPaths: Readonly<Record<ManifestVariant, string>> = {
  standard: 'manifests/install.yaml',
  highAvailability: 'manifests/ha/install.yaml',
};

/** SHA-256 of the manifests that were read through before they were let in: a version is added by a line here. */
export const manifestChecksums: Readonly<Record<string, Readonly<Record<ManifestVariant, string>>>> = {
  '3.4.13': {
    standard: '2904fe432572425803e6519d59ded69f79ce0b1da38c4952c5989b83051bb445',
    highAvailability: 'af4a0f123485881618199f3794b214c1c7ec6c6644c803383d09baa5e1df329d',
  },
  '3.5.7': {
    standard: '09bfbb9041b4a8503c6e4fa22cf41c403fa62be17526de353648a4551f5beb77',
    highAvailability: 'd7b75669da63dc218de0ea67ac00183783cebabd52147c3cf012250faa5ced85',
  },
};

/**
 * The official install manifest of a version, as published: downloaded as a Go module when it isn't there yet.
 * @throws Failure E_ARGO_MANIFEST for a version without a recorded checksum, or a manifest that differs from it; E_TOOL when Go can't get it
 */
export async function argoCdManifest(version: string, variant: ManifestVariant, options: ToolOptions = {}): Promise<KubernetesObject[]> {
  const expected = recordedChecksum(version, variant);
  const path = manifestPaths[variant];
  const text = readFileSync(join(await moduleAt(argoCdModule, `v${version}`, options), path));
  const found = createHash('sha256').update(text).digest('hex');
  if (found !== expected) {
    const rule = `${path} of ${argoCdModule}@v${version} must have the recorded SHA-256 ${expected}`;
    fail(
      'E_ARGO_MANIFEST',
      'argocd.version',
      found,
      rule,
      'restore it with go clean -modcache, and do not install it before you know why it differs',
    );
  }
  return parseManifest(path, text.toString('utf8'));
}

/** Objects of a file of several YAML documents. @throws Failure E_YAML */
export function parseManifest(path: string, text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const error = document.errors[0];
    if (error) fail('E_YAML', path, undefined, error.message.split('\n', 1)[0] ?? '', 'take the file as it was published');
    const object: KubernetesObject | null = document.toJS();
    return object ? [object] : [];
  });
}

function recordedChecksum(version: string, variant: ManifestVariant): string {
  const recorded = Object.hasOwn(manifestChecksums, version) ? manifestChecksums[version] : undefined;
  if (recorded) return recorded[variant];
  const rule = `a version whose install manifest has a recorded checksum: ${Object.keys(manifestChecksums).join(', ')}`;
  const files = Object.values(manifestPaths).join(' and ');
  const fix = `take one of these, or read ${files} of ${argoCdModule}@v${version} and record their sha256sum in infra/argocd-manifest.ts`;
  return fail('E_ARGO_MANIFEST', 'argocd.version', version, rule, fix);
}
