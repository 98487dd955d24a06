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
  actionlint: { seconds: 30 },
  cluster: { seconds: 900 },
  cyclonus: { seconds: 90 },
  images: { seconds: 90 },
  kind: { seconds: 20 },
  kubeconform: { seconds: 20 },
  kustomize: { seconds: 30 },
  pulumi: { seconds: 340 },
  'pulumi-language': { seconds: 60 },
} as const satisfies Readonly<Record<string, ToolGroup>>;

/** Folder name in `infra/local/tools`. */
export type ToolGroupName = keyof typeof toolGroups;

const kubernetesVersion = ['-X', 'k8s.io/component-base/version.gitVersion=v1.36.3'] as const;
const argocdVersion = ['-X', 'github.com/argoproj/argo-cd/v3/common.version=3.5.7'] as const;

export const toolTable = {
  actionlint: {
    group: 'actionlint',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    version: 'v1.7.12',
    ldflags: ['-X', 'github.com/rhysd/actionlint.version=v1.7.12'],
    versionArguments: ['-version'],
  },
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
  cyclonus: { group: 'cyclonus', package: 'github.com/mattfenwick/cyclonus/cmd/cyclonus', version: 'v0.5.6' },
  kind: { group: 'kind', package: 'sigs.k8s.io/kind', version: 'v0.32.0', versionArguments: ['version'] },
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
  'kube-apiserver': {
    group: 'cluster',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    version: 'v1.36.3',
    ldflags: kubernetesVersion,
  },
  'kube-controller-manager': {
    group: 'cluster',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    version: 'v1.36.3',
    ldflags: kubernetesVersion,
  },
  'kube-scheduler': {
    group: 'cluster',
    package: 'k8s.io/kubernetes/cmd/kube-scheduler',
    version: 'v1.36.3',
    ldflags: kubernetesVersion,
  },
  'kube-proxy': {
    group: 'cluster',
    package: 'k8s.io/kubernetes/cmd/kube-proxy',
    version: 'v1.36.3',
    ldflags: kubernetesVersion,
  },
  kubelet: { group: 'cluster', package: 'k8s.io/kubernetes/cmd/kubelet', version: 'v1.36.3', ldflags: kubernetesVersion },
  kubectl: {
    group: 'cluster',
    package: 'k8s.io/kubernetes/cmd/kubectl',
    version: 'v1.36.3',
    ldflags: kubernetesVersion,
    versionArguments: ['version', '--client'],
  },
  etcd: { group: 'cluster', package: 'go.etcd.io/etcd/server/v3', version: 'v3.6.16' },
  containerd: { group: 'cluster', package: 'github.com/containerd/containerd/v2/cmd/containerd', version: 'v2.3.7' },
  'containerd-shim-runc-v2': {
    group: 'cluster',
    package: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    version: 'v2.3.7',
  },
  coredns: { group: 'cluster', package: './coredns', version: 'v1.14.7' },
  pause: { group: 'cluster', package: './pause', version: 'v1.36.3' },
  argocd: { group: 'cluster', package: 'github.com/argoproj/argo-cd/v3/cmd', version: 'v3.5.7', ldflags: argocdVersion },
} as const satisfies Readonly<Record<string, Tool & { readonly group: ToolGroupName }>>;

export type ToolName = keyof typeof toolTable;
