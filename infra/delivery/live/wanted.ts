import type { StackConfig } from '../../config.ts';
import type { TreeEntry } from '../plan/drift.ts';
import type { Current } from '../plan/plan.ts';
import { parseRelease } from '../release/release.ts';

/** What a cluster shall become: an environment as one commit of the GitOps repo has it. */
export interface Wanted {
  readonly environment: string;
  /** Namespace of the workloads. */
  readonly namespace: string;
  /** Namespace of Argo CD and its Applications. */
  readonly argocd: string;
  /** Commit of the GitOps repo. */
  readonly commit: string;
  /** Applications that must be there, the root one first. */
  readonly applications: readonly WantedApplication[];
  readonly services: readonly WantedService[];
  /** Files of the GitOps repo at that commit. */
  readonly entries: readonly TreeEntry[];
}

/** An Application and the files it is made from. */
export interface WantedApplication {
  /** `<env>-root`, `<env>-namespace` or `<env>-<service>`. */
  readonly name: string;
  /** True for the files that it reads: its state depends on these alone. */
  readonly reads: (path: string) => boolean;
}

/** A service and the image it shall run. */
export interface WantedService {
  readonly name: string;
  /** Name of its Application. */
  readonly application: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Source commit of the image, which the service tells when it is asked for its version. */
  readonly commit: string;
}

/** Reads what a commit of the GitOps repo wants of an environment; undefined when it holds no release of it. @throws Failure E_STATE */
export function wantedAt({ environment: { name, namespace, argocd } }: StackConfig, commit: string, current: Current): Wanted | undefined {
  if (current.release === undefined) return undefined;
  const { images } = parseRelease(name, current.release);
  const units = current.entries.flatMap(({ path }) => unitOf(name, path) ?? []);
  const services = Object.entries(images).filter(([service]) => units.includes(service));
  return {
    environment: name,
    namespace,
    argocd: argocd.namespace,
    commit,
    applications: [rootOf(name), ...units.map((unit) => applicationOf(name, unit))],
    services: services.map(([service, { digest, tag }]) => ({
      name: service,
      application: `${name}-${service}`,
      digest,
      commit: tag.split('-', 1)[0] ?? tag,
    })),
    entries: current.entries,
  };
}

/**
 * Whether an Application reads the same files at another commit. Argo CD looks only at commits that change an Application's own folder
 * (annotation manifest-generate-paths), so an Application rests at the last of those, and goes on to whatever commit it is refreshed at.
 * @param entries files at the other commit; undefined when it isn't in the branch's history
 */
export function readsTheSame({ reads }: WantedApplication, wanted: Wanted, entries: readonly TreeEntry[] | undefined): boolean {
  const part = (files: readonly TreeEntry[]) =>
    files
      .filter(({ path }) => reads(path))
      .map(({ path, mode, id }) => `${mode} ${id} ${path}`)
      .sort()
      .join('\n');
  return entries !== undefined && part(entries) === part(wanted.entries);
}

function unitOf(environment: string, path: string): string | undefined {
  const prefix = `argocd/applications/${environment}-`;
  return path.startsWith(prefix) && path.endsWith('.yaml') ? path.slice(prefix.length, -'.yaml'.length) : undefined;
}

function applicationOf(environment: string, unit: string): WantedApplication {
  return { name: `${environment}-${unit}`, reads: (path) => path.startsWith(`environments/${environment}/${unit}/`) };
}

function rootOf(environment: string): WantedApplication {
  const projects = [environment, `${environment}-namespace`].map((name) => `argocd/projects/${name}.yaml`);
  return {
    name: `${environment}-root`,
    reads: (path) => projects.includes(path) || unitOf(environment, path) !== undefined,
  };
}
