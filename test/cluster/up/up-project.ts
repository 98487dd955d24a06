import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunResult, tryRun } from '../../../infra/delivery/process.ts';
import { type ClusterStatus, clusterStatus } from '../../../infra/local/cluster/cluster.ts';
import { findLocal } from '../../../infra/local/local.ts';
import { openWorkspace } from '../../../infra/local/stack.ts';
import { tool } from '../../../infra/local/tools.ts';
import { copyProject, type Project } from '../../project.ts';
import { eventually } from '../cluster-project.ts';

/** What `up --json` prints, as far as tests look at it. */
export interface Up {
  readonly gitops: string;
  readonly resources: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly images: readonly { readonly name: string; readonly digest: string; readonly built: boolean }[];
  readonly environments: readonly { readonly environment: string; readonly commit: string | null }[];
}

/** What a service says of itself. */
export interface Version {
  readonly commit: string;
  readonly build: string;
}

/** A copy of this project with everything that `up` starts: registry, GitOps repo, cluster, Argo CD and three environments. */
export interface UpProject extends Project {
  up(...args: string[]): Up;
  cluster(): Promise<ClusterStatus>;
  kubectl(...args: string[]): Promise<string>;
  tryKubectl(args: readonly string[], input?: string): Promise<RunResult>;
  /** Runs the engine in the folder that `up` keeps for its own stacks. */
  pulumi(...args: string[]): Promise<RunResult>;
  /** GET of a path of a service, through its Service. */
  get(environment: string, service: string, path: string): Promise<string>;
  /** Changes a file of the copy and commits it; returns the commit. */
  change(path: string, edit: (text: string) => string): string;
  /** Changes the GitOps repo by hand and pushes; returns the commit. */
  push(message: string, edit: (clone: string) => void): Promise<string>;
  /** Waits until the field of an Application has a value that the test takes. */
  application(name: string, seconds: number, test: (application: Application) => boolean): Promise<Application>;
}

export interface Application {
  readonly status?: {
    readonly sync?: { readonly status?: string; readonly revision?: string };
    readonly health?: { readonly status?: string };
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
    readonly operationState?: { readonly phase?: string; readonly message?: string };
  };
}

export const environments = ['dev', 'staging', 'prod'] as const;
export const services = ['goserver', 'nodeserver'] as const;

export function createUpProject(): UpProject {
  const project = copyProject();
  const { folder, git } = project;
  const cluster = async () => {
    const status = await clusterStatus(folder);
    if (!status) throw new Error('no cluster');
    return status;
  };
  const tryKubectl = async (args: readonly string[], input?: string) =>
    tryRun([await tool('kubectl'), `--kubeconfig=${(await cluster()).kubeconfig}`, ...args], { input });
  const kubectl = async (...args: string[]) => succeeded(await tryKubectl(args));
  return {
    ...project,
    up: (...args) => project.json<Up>('up', ...args),
    cluster,
    kubectl,
    tryKubectl,
    pulumi: async (...args) => {
      const { kubeconfig, context } = await cluster();
      const identity = await kubectl('get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}');
      const workspace = await openWorkspace(folder, { kubeconfig, context, identity });
      return tryRun([workspace.engine.pulumi, ...args, '--non-interactive', '--color=never'], {
        cwd: workspace.folder,
        env: workspace.env,
      });
    },
    get: (environment, service, path) =>
      kubectl('get', '--raw', `/api/v1/namespaces/${environment}/services/http:${service}:http/proxy${path}`),
    change(path, edit) {
      const file = join(folder, path);
      writeFileSync(file, edit(readFileSync(file, 'utf8')));
      git('commit', '--quiet', '--all', '--message', `Change ${path}`);
      return git('rev-parse', 'HEAD').trim();
    },
    async push(message, edit) {
      const clone = join(folder, '.fullcycle', `by-hand-${process.hrtime.bigint()}`);
      git('clone', '--quiet', (await findLocal(folder))?.gitops.cloneUrl ?? '', clone);
      edit(clone);
      git('-C', clone, 'add', '--all');
      git('-C', clone, 'commit', '--quiet', '--message', message);
      git('-C', clone, 'push', '--quiet');
      return git('-C', clone, 'rev-parse', 'HEAD').trim();
    },
    application: (name, seconds, test) =>
      eventually(`Application ${name}`, seconds, async () => {
        const application = JSON.parse(await kubectl('get', 'application', name, '--namespace=argocd', '--output=json')) as Application;
        return test(application) ? application : undefined;
      }),
  };
}

/** Whether an Application is in order. */
export function isInOrder({ status }: Application): boolean {
  return status?.sync?.status === 'Synced' && status.health?.status === 'Healthy';
}

/** What a program printed; fails when it failed. */
export function succeeded({ exitCode, stdout, stderr, argv }: RunResult): string {
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: exit ${exitCode}\n${stdout}\n${stderr}`);
  return stdout.trim();
}
