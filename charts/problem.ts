/**
 * Everything that can be wrong with an input, a render, a repository or a cluster, by code.
 * The exit code of each is decided in `infra/delivery/errors.ts`.
 */
export type ProblemCode =
  // bad input
  | 'E_USAGE'
  | 'E_ENV'
  | 'E_NAME'
  | 'E_NAMESPACE'
  | 'E_LABEL'
  | 'E_IMAGE'
  | 'E_REPLICAS'
  | 'E_PORT'
  | 'E_QUANTITY'
  | 'E_PATH'
  | 'E_REF'
  | 'E_MESSAGE'
  | 'E_YAML'
  | 'E_ENCODING'
  | 'E_KEY'
  | 'E_TYPE'
  | 'E_ENVVAR'
  | 'E_URL'
  | 'E_STACK_CONFIG'
  // the rendered tree
  | 'E_POLICY'
  | 'E_SCHEMA'
  | 'E_DUPLICATE_RESOURCE'
  | 'E_REFERENCE'
  | 'E_SECRET_IN_RENDER'
  | 'E_UNCHECKED'
  // the GitOps repository
  | 'E_PUSH_CONTENTION'
  | 'E_STALE_BASE'
  | 'E_LOCKED'
  | 'E_PUSH_REFUSED'
  | 'E_REMOTE_UNREACHABLE'
  | 'E_AUTH'
  | 'E_NO_BRANCH'
  | 'E_DIVERGED'
  | 'E_URL_SCHEME'
  | 'E_SYMLINK'
  | 'E_ENV_MISSING'
  | 'E_PRUNE_GUARD'
  | 'E_DRIFT'
  | 'E_UNOWNED'
  | 'E_STATE'
  // promotion and rollback
  | 'E_NOT_SOAKED'
  | 'E_NOT_PROVEN'
  | 'E_HELD'
  | 'E_DIFF_SCOPE'
  | 'E_NO_RELEASE'
  // the cluster
  | 'E_CLUSTER'
  | 'E_CLUSTER_IDENTITY'
  | 'E_WRONG_CLUSTER'
  | 'E_UNSUPPORTED'
  | 'E_EXISTS'
  | 'E_APPLY'
  | 'E_FIELD_CONFLICT'
  | 'E_NOT_READY'
  | 'E_FINALIZER'
  | 'E_ARGO_VERSION'
  | 'E_ARGO_SKIP_MINOR'
  | 'E_ARGO_MANIFEST'
  // images and the machine
  | 'E_BUILD'
  | 'E_REGISTRY'
  | 'E_IMAGE_GONE'
  | 'E_TOOL'
  | 'E_LOCAL_DOWN'
  | 'E_PORT_TAKEN'
  | 'E_IO'
  | 'E_NO_SPACE'
  | 'E_COMMAND';

/** One thing that is wrong, told so that the reader knows what to do next. Printed as `error[CODE] field: value - rule - fix (at)`. */
export interface Problem {
  readonly code: ProblemCode;
  /** Path of the value (`services.goserver.replicas`), a file (`environments/dev/…`) or a ref (`main`). */
  readonly field: string;
  /** The offending value as given; `undefined` when it is missing or must not be shown. */
  readonly value?: unknown;
  /** The rule it breaks, with its limits. */
  readonly rule: string;
  /** What to do. */
  readonly fix: string;
  /** Where the value stands, `file:line:column`, when the field doesn't say it. */
  readonly at?: string;
}
