import { App, Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject, ServiceSettings } from '../../charts/environment.ts';
import { goserver } from '../../charts/services/goserver.ts';
import { WebService } from '../../charts/web-service.ts';
import { everything, settings } from '../fixtures/environments.ts';

const image = `registry.example.com/team/goserver:1a2b@sha256:${'1'.repeat(64)}`;

function synthesize(overrides: Partial<ServiceSettings> = {}): Readonly<Record<string, KubernetesObject>> {
  const chart = new Chart(new App({ outdir: '.' }), 'chart', { namespace: 'dev' });
  new WebService(chart, 'goserver', { service: goserver, settings: settings(overrides), environment: 'dev', image, commit: '1a2b' });
  return Object.fromEntries((chart.toJson() as KubernetesObject[]).map((object) => [object.kind, object]));
}

const least = ['Deployment', 'NetworkPolicy', 'Service', 'ServiceAccount'];
const autoscaling = { min: 1, max: 4, cpuPercent: 75 };
const ingress = everything.services.goserver?.ingress;

it.each<[what: string, overrides: Partial<ServiceSettings>, more: string[]]>([
  ['one pod', {}, []],
  ['two pods', { replicas: 2 }, ['PodDisruptionBudget']],
  ['autoscaling from one pod', { autoscaling }, ['HorizontalPodAutoscaler']],
  ['autoscaling from two pods', { autoscaling: { ...autoscaling, min: 2 } }, ['HorizontalPodAutoscaler', 'PodDisruptionBudget']],
  ['settings', { env: { A: 'b' } }, ['ConfigMap']],
  ['a way in', { ingress }, ['Ingress']],
])('a service with %s', (_, overrides, more) => {
  const objects = synthesize(overrides);
  expect(Object.keys(objects).sort()).toEqual([...least, ...more].sort());
  for (const { metadata } of Object.values(objects)) expect(metadata).toMatchObject({ name: 'goserver', namespace: 'dev' });
});

describe('its pods', () => {
  const spec = (overrides?: Partial<ServiceSettings>) =>
    (synthesize(overrides).Deployment as unknown as { spec: Record<string, unknown> }).spec;

  it('meet the Pod Security Standard restricted and more', () => {
    expect(spec()).toMatchObject({
      template: {
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          serviceAccountName: 'goserver',
          terminationGracePeriodSeconds: 30,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            runAsGroup: 65532,
            fsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'goserver',
              image,
              imagePullPolicy: 'IfNotPresent',
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'] },
                privileged: false,
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
              },
            },
          ],
        },
      },
    });
  });

  it('say how they are, and drain before they go', () => {
    expect(spec()).toMatchObject({
      template: {
        spec: {
          containers: [
            {
              lifecycle: { preStop: { sleep: { seconds: 5 } } },
              startupProbe: { httpGet: { path: '/healthz', port: 'http' } },
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
              livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
            },
          ],
        },
      },
    });
  });

  it('are replaced without an outage', () => {
    expect(spec()).toMatchObject({
      revisionHistoryLimit: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
  });

  it('are counted by the environment, or by the autoscaler alone', () => {
    expect(spec({ replicas: 3 }).replicas).toBe(3);
    expect(spec({ replicas: 3, autoscaling })).not.toHaveProperty('replicas');
  });

  it('are known by names that nothing generates', () => {
    expect(JSON.stringify(synthesize())).not.toContain('cdk8s.io/');
  });
});

it('only the own namespace and that of the ingress controller get through', () => {
  const peers = (overrides: Partial<ServiceSettings>) =>
    (synthesize(overrides).NetworkPolicy as unknown as { spec: { ingress: [{ from: unknown[] }] } }).spec.ingress[0].from;
  expect(peers({})).toEqual([{ podSelector: {} }]);
  expect(peers({ ingress })).toEqual([
    { podSelector: {} },
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } },
  ]);
});

it('an Ingress without a TLS Secret serves plain HTTP', () => {
  if (!ingress) throw new Error('the fixture has an ingress');
  expect(synthesize({ ingress: { ...ingress, tlsSecret: undefined } }).Ingress?.spec).not.toHaveProperty('tls');
});

it('tells everything that is wrong with its props at once', () => {
  const chart = new Chart(new App({ outdir: '.' }), 'chart');
  const broken = settings({ replicas: 0, env: { DB_PASSWORD: 'hunter2' } });
  new WebService(chart, 'goserver', { service: { ...goserver, port: 80 }, settings: broken, environment: 'dev', image, commit: '1a2b' });
  expect(() => chart.toJson()).toThrow(
    [
      'Validation failed with the following errors:',
      '  [chart/goserver] E_PORT catalog.goserver.port: a whole number from 1024 to 65535: the container is not root and cannot bind a lower port - let the server listen on a higher port; servicePort may stay low',
      "  [chart/goserver] E_REPLICAS settings.replicas: a whole number from 1 to 1000 - stay within the environment's range, or widen it",
      '  [chart/goserver] E_ENVVAR settings.env.DB_PASSWORD: no secrets in Git, this looks like a secret by its name - keep it in a secret store and refer to it',
    ].join('\n'),
  );
});
