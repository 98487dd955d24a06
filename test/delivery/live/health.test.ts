import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../infra/delivery/live/finding.ts';
import { healthByService } from '../../../infra/delivery/live/health.ts';
import type { Wanted } from '../../../infra/delivery/live/wanted.ts';

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
