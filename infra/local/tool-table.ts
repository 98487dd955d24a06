/** One Go module that pins tools: a folder of `infra/local/tools` with go.mod (a `tool` line each) and go.sum. */
export interface ToolGroup {
  /** Seconds until its tools are built on 2 cores with empty Go caches, downloads included; measured. */
  readonly seconds: number;
}

/** A program built from a pinned Go module. */
export interface Tool {
  /** Folder of its module in `infra/local/tools`. */
  readonly group: string;
  /** Import path, or `./folder` for a program of ours inside the module. */
  readonly package: string;
  /** Version of the module it comes from, as in go.mod. */
  readonly version: string;
  /** Passed to the Go linker. */
  readonly ldflags?: readonly string[];
  /** Go build tags. */
  readonly tags?: readonly string[];
  /** True when it needs a C compiler. @default false */
  readonly cgo?: boolean;
  /** Arguments that make it say its version, as a word of its output. Without, one on PATH is never used. */
  readonly versionArguments?: readonly string[];
}

/** A tool belongs to the table by one line here and its module's folder. */
export const toolGroups = {
  images: { seconds: 90 },
  kubeconform: { seconds: 20 },
  kustomize: { seconds: 30 },
  pulumi: { seconds: 340 },
  'pulumi-language': { seconds: 60 },
} as const satisfies Readonly<Record<string, ToolGroup>>;

/** Folder name in `infra/local/tools`. */
export type ToolGroupName = keyof typeof toolGroups;

export const toolTable = {
  ko: {
    group: 'images',
    package: 'github.com/google/ko',
    version: 'v0.19.1',
    ldflags: ['-X', 'github.com/google/ko/pkg/commands.Version=v0.19.1'],
    versionArguments: ['version'],
  },
  crane: {
    group: 'images',
    package: 'github.com/google/go-containerregistry/cmd/crane',
    version: 'v0.22.1',
    ldflags: ['-X', 'github.com/google/go-containerregistry/cmd/crane/cmd.Version=v0.22.1'],
    versionArguments: ['version'],
  },
  registry: {
    group: 'images',
    package: './registry',
    version: 'v3.1.2',
  },
  kubeconform: {
    group: 'kubeconform',
    package: 'github.com/yannh/kubeconform/cmd/kubeconform',
    version: 'v0.8.0',
    ldflags: ['-X', 'main.version=v0.8.0'],
    versionArguments: ['-v'],
  },
  kustomize: {
    group: 'kustomize',
    package: 'sigs.k8s.io/kustomize/kustomize/v5',
    version: 'v5.8.2',
    ldflags: ['-X', 'sigs.k8s.io/kustomize/api/provenance.version=v5.8.2'],
    versionArguments: ['version'],
  },
  pulumi: {
    group: 'pulumi',
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    version: 'v3.250.0',
    ldflags: ['-X', 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=3.250.0'],
    versionArguments: ['version'],
  },
  'pulumi-language-nodejs': {
    group: 'pulumi-language',
    package: 'github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs',
    version: 'v3.68.0',
    ldflags: ['-X', 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=3.68.0'],
  },
} as const satisfies Readonly<Record<string, Tool & { readonly group: ToolGroupName }>>;

export type ToolName = keyof typeof toolTable;
