import type { Catalog } from '../../charts/environment.ts';
import type { Problem } from '../../charts/problem.ts';
import { checkEnvironment } from '../../charts/validate/environment.ts';
import { checkName } from '../../charts/validate/name.ts';
import { isWithin, mostReplicas, type Range } from '../../charts/validate/number.ts';
import { checkCatalog } from '../../charts/validate/service.ts';
import type { ValuePath } from '../../charts/yaml-values.ts';
import { failIfAny } from '../delivery/errors.ts';
import { keysAt, toFindings } from './issue.ts';
import { localArgoCd } from './local-argocd.ts';
import { defaultRange, type SchemaScope, type StackValues, stackSchema } from './schema.ts';
import type { StackConfig } from './stack.ts';
import { type RawValues, readStackFiles } from './stack-file.ts';

/** What else a parse may know. */
export interface ParseOptions {
  /** All environments; `promotion.from` is one of them. @default any name is taken */
  readonly environments?: readonly string[];
  /** Use the local environment's registry, GitOps repo and cluster, whatever the files say. @default false */
  readonly local?: boolean;
}

/**
 * Turns the texts of `Pulumi.yaml` and `Pulumi.<env>.yaml` into a complete configuration. Pure: the same texts give the same values.
 * @throws Failure with every problem of both files, in the order of the schema
 */
export function parseStack(
  environment: string,
  projectText: string | Uint8Array,
  stackText: string | Uint8Array,
  catalog: Catalog,
  options: ParseOptions = {},
): StackConfig {
  failIfAny([...checkName('env', environment), ...checkCatalog(catalog)]);
  const raw = readStackFiles(environment, projectText, stackText);
  if (!raw.isRead) failIfAny(raw.problems);
  const values = options.local ? withoutPlaces(raw.values) : raw.values;
  const schema = stackSchema(scopeOf(environment, values, catalog, options));
  const parsed = schema.safeParse(values);
  const broken = (path: ValuePath) => raw.broken.has(String(path[0]));
  const findings = parsed.success ? [] : toFindings(parsed.error.issues, values, (path) => keysAt(schema, path));
  const unfit = findings.filter(({ path }) => !broken(path)).map(({ path, problem }) => ({ ...problem, at: raw.at(path) }));
  failIfAny([...raw.problems, ...unfit]);
  const stack = toStack(environment, parsed.data as StackValues);
  failIfAny(located(checkEnvironment(stack.environment, catalog), raw));
  return stack;
}

/** What the rules depend on, taken from values that are not judged yet. */
function scopeOf(environment: string, values: RawValues['values'], catalog: Catalog, { environments }: ParseOptions): SchemaScope {
  const hosts = values.allowedHosts;
  return {
    catalog,
    range: rangeOf(values.replicas),
    allowedHosts: Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : [],
    others: environments?.filter((name) => name !== environment),
  };
}

function rangeOf(value: unknown): Range {
  const { min, max } = { ...defaultRange, ...(value as Partial<Range> | null | undefined) };
  const outer = { min: 1, max: mostReplicas };
  return isWithin(min, outer) && isWithin(max, outer) && min <= max ? { min, max } : outer;
}

/** Unset, these are the local environment's. */
function withoutPlaces({ image, gitops, cluster: _, argocd, ...values }: RawValues['values']): RawValues['values'] {
  return { ...values, image: withoutRepository(image), gitops: withoutRepository(gitops), argocd: localArgoCd(argocd) };
}

function withoutRepository(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { repository: _, ...rest } = value as Record<string, unknown>;
  return rest;
}

function toStack(name: string, values: StackValues): StackConfig {
  const { image, gitops, cluster, argocd, replicas, quota, services, promotion, deletionBudget } = values;
  const { author, sign, ...target } = gitops;
  const { server, ...place } = cluster;
  const namespace = values.namespace === '' ? name : values.namespace;
  return {
    environment: { name, namespace, gitops: target, argocd: { namespace: argocd.namespace, server }, replicas, quota, services },
    image,
    gitops: { author, sign },
    cluster: place,
    argocd,
    promotion,
    deletionBudget,
  };
}

function located(problems: readonly Problem[], { at }: RawValues): Problem[] {
  return problems.map((problem) => ({ ...problem, at: at(problem.field.split('.')) }));
}
