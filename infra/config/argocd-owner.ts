import { type ArgoCdInstall, defaultInstall } from '../../charts/argocd/install/settings.ts';
import type { StackConfig } from './stack.ts';

/** Environments that are served by the same Argo CD as this one, in order of promotion, this one among them: same cluster, same namespace. */
export function servedTogether<Stack extends Pick<StackConfig, 'cluster' | 'argocd'>>(stack: Stack, stacks: readonly Stack[]): Stack[] {
  return stacks.filter(({ cluster, argocd }) => cluster.context === stack.cluster.context && argocd.namespace === stack.argocd.namespace);
}

/** Whether this environment's stack installs Argo CD: the first of those it serves does, so that no object has two owners. */
export function installsArgoCd<Stack extends Pick<StackConfig, 'cluster' | 'argocd'>>(stack: Stack, stacks: readonly Stack[]): boolean {
  return servedTogether(stack, stacks)[0] === stack;
}

/** Argo CD as it is to be installed for these environments. @param served at least one; all state the same about Argo CD */
export function argoCdInstall(served: readonly [StackConfig, ...StackConfig[]]): ArgoCdInstall {
  const { adopt: _, ...settings } = served[0].argocd;
  const kustomize = served.some(({ environment }) => environment.gitops.layout === 'kustomize');
  return { ...defaultInstall, ...settings, kustomize };
}
