import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadStack, loadStacks } from '../../infra/config.ts';
import { inProject, linesOf, projectText, stackText, values } from './project.ts';

/** Problems of all environments together, and that none of them has one by itself. */
async function together(stacks: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<string[]> {
  let lines: string[] = [];
  await inProject(projectText, stackText(values()), async (directory) => {
    for (const [name, changes] of Object.entries(stacks)) {
      await writeFile(join(directory, `Pulumi.${name}.yaml`), stackText({ ...values(), ...changes }));
      expect(await linesOf(() => loadStack(directory, name))).toEqual([]);
    }
    lines = await linesOf(() => loadStacks(directory, undefined));
  });
  return lines;
}

const from = (name: string) => ({ 'fullcycle:promotion': { from: name } });
const shared = { 'fullcycle:namespace': 'shared' };
const on = (context: string) => ({ 'fullcycle:cluster': { context } });

describe('environments that are right each by itself', () => {
  it.each<[string, Parameters<typeof together>[0]]>([
    ['go together', {}],
    ['may share the name of a namespace on different clusters', { dev: { ...shared, ...on('a') }, prod: { ...shared, ...on('b') } }],
    ['may have an Argo CD each', { dev: { 'fullcycle:argocd': { version: '3.5.6' }, ...on('a') }, prod: on('b') }],
    ['may differ while they name no cluster', { prod: { 'fullcycle:argocd': { highAvailability: true } } }],
    ['promote along a chain', { staging: from('dev'), prod: from('staging') }],
    ['promote to several', { staging: from('dev'), prod: from('dev') }],
  ])('%s', async (_what, stacks) => {
    expect(await together(stacks)).toEqual([]);
  });

  it('do not share a namespace of one cluster', async () => {
    expect(await together({ dev: shared, prod: shared })).toEqual([
      'error[E_NAMESPACE] namespace: shared - not the namespace of dev, which is on the same cluster - give each a namespace of its own (Pulumi.prod.yaml)',
    ]);
  });

  it('do not install one Argo CD in two ways', async () => {
    expect(await together({ dev: on('a'), prod: { 'fullcycle:argocd': { version: '3.5.6' }, ...on('a') } })).toEqual([
      'error[E_STACK_CONFIG] argocd: - the same as for dev: both are one Argo CD - state it once, as default in Pulumi.yaml (Pulumi.prod.yaml)',
    ]);
  });

  it('do not promote in a circle', async () => {
    expect(await together({ dev: from('prod'), staging: from('dev'), prod: from('staging') })).toEqual([
      'error[E_STACK_CONFIG] promotion.from: prod - no circle: dev → staging → prod → dev - let one be the first (Pulumi.dev.yaml)',
      'error[E_STACK_CONFIG] promotion.from: staging - no circle: prod → dev → staging → prod - let one be the first (Pulumi.prod.yaml)',
      'error[E_STACK_CONFIG] promotion.from: dev - no circle: staging → prod → dev → staging - let one be the first (Pulumi.staging.yaml)',
    ]);
  });
});
