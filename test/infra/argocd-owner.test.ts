import { describe, expect, it } from 'vitest';
import { argoCdInstall, installsArgoCd, servedTogether } from '../../infra/config/argocd-owner.ts';
import { loadStacks } from '../../infra/config.ts';

const project = new URL('../..', import.meta.url).pathname;
const [dev, staging, prod] = (await loadStacks(project, undefined, { local: true })) as [Stack, Stack, Stack];
type Stack = Awaited<ReturnType<typeof loadStacks>>[number];
const on = (stack: Stack, context: string): Stack => ({ ...stack, cluster: { context } });
const names = (stacks: readonly Stack[]) => stacks.map(({ environment }) => environment.name);

describe('the Argo CD of several environments', () => {
  it('is one on the local cluster, installed by the first of them', () => {
    const stacks = [dev, staging, prod];
    expect(names(stacks.filter((stack) => installsArgoCd(stack, stacks)))).toEqual(['dev']);
    expect(names(servedTogether(prod, stacks))).toEqual(['dev', 'staging', 'prod']);
  });

  it('is another one on another cluster, or in another namespace', () => {
    const apart = { ...staging, argocd: { ...staging.argocd, namespace: 'gitops' } };
    const stacks = [on(dev, 'a'), on(apart, 'a'), on(prod, 'b')];
    expect(names(stacks.filter((stack) => installsArgoCd(stack, stacks)))).toEqual(['dev', 'staging', 'prod']);
  });

  it('can kustomize when one of its environments needs it', () => {
    const kustomized = {
      ...prod,
      environment: { ...prod.environment, gitops: { ...prod.environment.gitops, layout: 'kustomize' as const } },
    };
    expect(argoCdInstall([dev, staging, prod]).kustomize).toBe(false);
    expect(argoCdInstall([dev, kustomized]).kustomize).toBe(true);
  });
});
