import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../infra/delivery/context.ts';
import { atTip } from '../../../infra/delivery/git/reach.ts';
import type { Finding } from '../../../infra/delivery/live/finding.ts';
import { healthByService, liveHealth } from '../../../infra/delivery/live/health.ts';
import type { Wanted } from '../../../infra/delivery/live/wanted.ts';
import { createOutput } from '../../../infra/delivery/output.ts';
import { readCurrent } from '../../../infra/delivery/plan/current.ts';
import { Pipeline, releaseOf } from '../pipeline.ts';

const service = (name: string) => ({ name, application: `dev-${name}`, digest: `sha256:${'0'.repeat(64)}`, commit: 'c'.repeat(40) });
const wanted: Wanted = {
  environment: 'dev',
  namespace: 'dev',
  argocd: 'argocd',
  commit: 'c'.repeat(40),
  applications: [],
  services: [service('goserver'), service('nodeserver')],
  entries: [],
};

function finding(subject: string, state: string, isDone: boolean, kind = 'Application', why?: string): Finding {
  const name = kind === 'Application' ? subject : subject.replace('dev-', '');
  const object = { apiVersion: 'v1', kind, name, namespace: 'dev' };
  return { hop: 'live', object, subject, isDone, state, ...(why === undefined ? {} : { why }) };
}
const states = (...findings: Finding[]) =>
  Object.fromEntries(Object.entries(healthByService(wanted, findings)).map(([name, { state, words }]) => [name, `${state}: ${words}`]));
const healthy = (name: string) => `healthy: dev-${name} is Synced, Healthy and answers`;

describe('a cluster that can’t be asked', () => {
  let pipeline: Pipeline;
  const folder = mkdtempSync(join(tmpdir(), 'fullcycle-health-'));
  beforeAll(async () => {
    pipeline = await Pipeline.open();
    await pipeline.deliver('dev', releaseOf('v1'));
  });
  afterAll(() => {
    pipeline.remove();
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
  });

  const output = createOutput({ quiet: true }, process, true);
  const context: Context = { project: folder, output, local: false, signal: new AbortController().signal };

  it.each([
    ['no local one runs', {}],
    ['its context is not in the kubeconfig', { context: 'nowhere', identity: '0b0a7b6e-7c52-4b3c-8f0e-3a1c5e2d9f10' }],
  ])('says nothing about health: %s', async (_why, cluster) => {
    vi.stubEnv('KUBECONFIG', join(folder, 'none'));
    const repository = pipeline.repository();
    const answer = await atTip({ repository, timing: pipeline.timing }, async (tip) => {
      const current = await readCurrent(repository, 'dev', tip);
      return await liveHealth({ ...pipeline.stack('dev'), cluster }, context)({ commit: tip ?? '', current, repository });
    });
    expect(answer).toBeUndefined();
  });
});

describe('the health of a service, for a promotion', () => {
  it('is that of its Application, its Deployment and its answer', () => {
    expect(states(finding('dev-goserver', 'Healthy', true), finding('dev-goserver', 'rolled out', true, 'Deployment'))).toEqual({
      goserver: healthy('goserver'),
      nodeserver: healthy('nodeserver'),
    });
  });

  it.each([
    [finding('dev-goserver', 'Degraded', false), 'dev-goserver: Degraded'],
    [finding('dev-goserver', '1 of 2', false, 'Deployment', 'no room'), 'dev-goserver: 1 of 2: no room'],
  ])('is told by what lags: %#', (lags, words) => {
    expect(states(finding('dev-nodeserver', 'Healthy', true), lags)).toEqual({
      goserver: `unhealthy: ${words}`,
      nodeserver: healthy('nodeserver'),
    });
  });

  it('does not depend on Applications of others', () => {
    expect(states(finding('dev-root', 'OutOfSync', false)).goserver).toBe(healthy('goserver'));
  });
});
