import type { Service } from '../../charts/environment.ts';

/** How an image is built. `auto` picks docker where a daemon answers, else ko for Go and layers for the rest. */
export type BuilderName = 'auto' | 'ko' | 'layers' | 'docker';

/** `os/architecture`, as in OCI image indexes. */
export type Platform = 'linux/amd64' | 'linux/arm64';

/** What to build and where to push it. */
export interface ImageRequest {
  readonly service: Service;
  /** Absolute folder of the service's source. */
  readonly context: string;
  /** Repository without tag, as it appears in manifests: `registry.example.com/team/goserver`. */
  readonly name: string;
  /** Repository to push to; differs from `name` only where the registry is reached under another address (the local one). */
  readonly pushTo: string;
  /** Tag of this build: the full source commit, `-dirty-<hash>` appended for a dirty tree. `latest` moves along with clean builds. */
  readonly tag: string;
  readonly platforms: readonly Platform[];
  readonly builder: BuilderName;
}

/** An image in the registry. */
export interface BuiltImage {
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
  /** Hash of everything that went into it. */
  readonly inputs: string;
  /** Digest of the SPDX document pushed beside it. */
  readonly sbom: string;
  /** False when the registry already held an image of the same inputs: nothing was built or written. */
  readonly built: boolean;
}

/** One way to build. Implementations: `ko.ts`, `layers.ts`, `docker.ts`. */
export interface ImageBuilder {
  readonly kind: Exclude<BuilderName, 'auto'>;
  /** Everything besides the source files that decides the bytes of the image: toolchain, base digest, flags. Sorted into the inputs hash. */
  inputs(request: ImageRequest): Promise<readonly string[]>;
  /** Builds and pushes under the request's tag; returns the digest pushed. */
  build(request: ImageRequest, inputs: string, onLine: (line: string) => void): Promise<{ readonly digest: string; readonly sbom: string }>;
}
