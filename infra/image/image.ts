import type { Service } from '../../charts/environment.ts';
import type { Descriptor } from './oci-layout.ts';
import type { Sbom } from './sbom.ts';

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
  /**
   * False when the registry already held an image of the same inputs: nothing was built, and nothing written, unless that image
   * came from a dirty tree and this one is clean: then it gets the clean tag.
   */
  readonly built: boolean;
}

/** One way to build. Implementations: `ko.ts`, `layers.ts`, `docker.ts`. */
export interface ImageBuilder {
  readonly kind: Exclude<BuilderName, 'auto'>;
  /** Files of the source that can't reach the image, in the notation of `.dockerignore`. */
  readonly ignored: readonly string[];
  /** Everything besides the source files that decides the bytes of the image: toolchain, base digest, flags. Sorted into the inputs hash. */
  inputs(request: ImageRequest): Promise<readonly string[]>;
  /** Builds the image into an OCI layout; touches no registry. @throws Failure E_BUILD or E_TOOL */
  build(job: BuildJob): Promise<Artifact>;
}

/** What to build, from what, where. */
export interface BuildJob {
  readonly request: ImageRequest;
  /** Absolute folder with a copy of the source: what the inputs hash has seen, and nothing else. */
  readonly source: string;
  /** The inputs hash: the build id inside the image. */
  readonly inputs: string;
  /** Absolute folder to work in, removed afterwards. */
  readonly scratch: string;
}

/** What a builder made: an image, not yet in any registry. */
export interface Artifact {
  /** Absolute folder of an OCI image layout. */
  readonly layout: string;
  /** What the layout's `index.json` points to. */
  readonly image: Descriptor;
  /** The image's own SBOM first; then those of its platforms, where the builder knows them apart. */
  readonly sboms: readonly [Sbom, ...Sbom[]];
}

/** What a builder needs besides the source. */
export interface Surroundings {
  /** Environment of every program it runs. */
  readonly env: NodeJS.ProcessEnv;
  /** Absolute folder that outlives the build: downloads and layers that are the same for many images. */
  readonly cacheDirectory: string;
  /** Told what is being done, a line at a time. */
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}
