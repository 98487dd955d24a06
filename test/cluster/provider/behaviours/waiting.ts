import { apps, batch, core } from '@pulumi/kubernetes';
import { expect } from 'vitest';
import type { Kit, Scenario } from '../scenario.ts';
import type { Behaviour } from './behaviour.ts';
import { runPods, setStatus } from './kubelet.ts';
import { configMap, deployment, unawaited } from './objects.ts';

const seconds = (count: number) => ({ 'pulumi.com/timeoutSeconds': String(count) });

/** What is waited for, and what comes of waiting in vain. */
export const waiting: readonly Behaviour[] = [
  {
    behaviour: 'waits until a rollout is complete',
    async prove(s) {
      const stop = runPods(s);
      try {
        const program = (image: string) => (kit: Kit) => ({ status: deployment(kit, { image, replicas: 2 }).status });
        const { ok, outputs } = await s.up(program('registry.invalid/web:1'));
        expect(ok).toBe(true);
        expect(outputs.status?.value).toMatchObject({ availableReplicas: 2, updatedReplicas: 2 });
        expect((await s.up(program('registry.invalid/web:2'))).outputs.status?.value).toMatchObject({ replicas: 2, updatedReplicas: 2 });
      } finally {
        await stop();
      }
    },
  },
  {
    behaviour: 'gives up in the time that the annotation states, says why, and tries again in the next run',
    async prove(s) {
      const program = (kit: Kit) => void deployment(kit, { annotations: seconds(4) });
      const running = s.up(program);
      await troubleOf(s);
      const report = await running;
      expect(report.ok).toBe(false);
      const pod = await s.kubectl('get', 'pods', '--output=jsonpath={.items[0].metadata.name}');
      expect(report.errors.join('\n')).toContain(
        `error[E_NOT_READY] Deployment ${s.namespace}/web: 0 of 1 replicas available; pod ${pod}: web: ImagePullBackOff: no such registry - ` +
          `must be done within 4 s - see what it says: kubectl describe deployment web -n ${s.namespace}`,
      );
      expect((await s.resource('web'))?.id).toBe(`${s.namespace}/web`);
      expect((await s.resource('web'))?.initErrors).toHaveLength(1);
      const stop = runPods(s);
      try {
        expect(await s.up(program)).toMatchObject({ ok: true, steps: ['update web'] });
      } finally {
        await stop();
      }
      expect((await s.up(program)).steps).toEqual(['same web']);
    },
  },
  {
    behaviour: 'gives up in the time that the resource’s options state, whatever the annotation says',
    async prove(s) {
      const report = await s.up((kit) => void deployment(kit, { annotations: seconds(300) }, { customTimeouts: { create: '2s' } }));
      expect(report.errors.join('\n')).toContain('0 of 1 replicas available - must be done within 2 s - ');
    },
  },
  {
    behaviour: 'gives up at once when the cluster says that it will not come to pass',
    async prove(s) {
      const program = ({ options, namespace }: Kit) =>
        void new batch.v1.Job(
          'job',
          {
            metadata: { name: 'job', namespace },
            spec: {
              backoffLimit: 0,
              template: { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image: 'registry.invalid/job' }] } },
            },
          },
          options,
        );
      const running = s.up(program);
      await podStatus(s, { phase: 'Failed' });
      const report = await running;
      expect(report.errors.join('\n')).toContain(
        `error[E_NOT_READY] Job ${s.namespace}/job: BackoffLimitExceeded: Job has reached the specified backoff limit`,
      );
    },
  },
  {
    behaviour: 'waits until a Job is done',
    async prove(s) {
      const running = s.up(({ options, namespace }) => {
        const containers = [{ name: 'job', image: 'registry.invalid/job' }];
        const spec = { template: { spec: { restartPolicy: 'Never', containers } } };
        return { status: new batch.v1.Job('job', { metadata: { name: 'job', namespace }, spec }, options).status };
      });
      await podStatus(s, { phase: 'Succeeded' });
      expect((await running).outputs.status?.value).toMatchObject({ succeeded: 1 });
    },
  },
  {
    behaviour: 'waits for StatefulSets and DaemonSets, but not for the endpoints of a Service',
    async prove(s) {
      const stop = runPods(s);
      try {
        const { ok, outputs } = await s.up(({ options, namespace }) => {
          const metadata = { name: 'web', namespace };
          const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'registry.invalid/web' }] } };
          const spec = { selector: { matchLabels: { app: 'web' } }, template };
          new core.v1.Service('web', { metadata, spec: { selector: { app: 'nobody' }, ports: [{ port: 80 }] } }, options);
          new apps.v1.DaemonSet(
            'daemons',
            { metadata, spec: { ...spec, template: { ...template, metadata: { labels: { app: 'web' } } } } },
            options,
          );
          const set = new apps.v1.StatefulSet(
            'set',
            { metadata: { name: 'set', namespace }, spec: { ...spec, serviceName: 'web', replicas: 2 } },
            options,
          );
          return { status: set.status };
        });
        expect(ok).toBe(true);
        expect(outputs.status?.value).toMatchObject({ readyReplicas: 2 });
      } finally {
        await stop();
      }
    },
  },
  {
    behaviour: 'records what is being made when the user interrupts it',
    async prove(s) {
      const abort = new AbortController();
      const running = s.up((kit) => void deployment(kit), abort.signal);
      while ((await s.kubectl('get', 'pods', '--output=name')) === '') {}
      abort.abort();
      const report = await running;
      expect(report.ok).toBe(false);
      expect(report.errors.join('\n')).toContain('- interrupted while it was waited for - ');
      expect((await s.resource('web'))?.id).toBe(`${s.namespace}/web`);
    },
  },
  {
    behaviour: 'waits until a deleted object is gone, and names the finalizers that hold it when it isn’t in time',
    async prove(s) {
      const metadata = { finalizers: ['example.com/keep'], annotations: seconds(2) };
      await s.up((kit) => void configMap(kit, { a: '1' }, metadata));
      const report = await s.destroy();
      expect(report.ok).toBe(false);
      expect(report.errors.join('\n')).toContain(
        `error[E_FINALIZER] ConfigMap ${s.namespace}/settings: held by example.com/keep - must be done within 2 s - ` +
          `start the controller that removes it; look: kubectl get configmap settings -n ${s.namespace} -o yaml`,
      );
      expect(await s.field('configmap/settings', '.metadata.finalizers')).toBe('["example.com/keep"]');
      expect(await s.resource('settings')).toBeDefined();
      await s.kubectl('patch', 'configmap', 'settings', '--type=merge', '--patch={"metadata":{"finalizers":null}}');
      expect((await s.destroy()).ok).toBe(true);
    },
  },
  {
    behaviour: 'waits for an object that is being deleted before it makes it again',
    async prove(s) {
      await s.kubectl('create', 'configmap', 'settings');
      await s.kubectl('patch', 'configmap', 'settings', '--type=merge', '--patch={"metadata":{"finalizers":["example.com/keep"]}}');
      await s.kubectl('delete', 'configmap', 'settings', '--wait=false');
      const old = await s.field('configmap/settings', '.metadata.uid');
      const running = s.up((kit) => void configMap(kit, { a: '1' }));
      setTimeout(() => s.kubectl('patch', 'configmap', 'settings', '--type=merge', '--patch={"metadata":{"finalizers":null}}'), 6_000);
      expect(await running).toMatchObject({ ok: true, steps: ['create settings'] });
      expect(await s.field('configmap/settings', '.metadata.uid')).not.toBe(old);
    },
  },
  {
    behaviour: 'waits for nothing where an annotation says so',
    async prove(s) {
      expect((await s.up((kit) => void deployment(kit, { annotations: unawaited }))).ok).toBe(true);
    },
  },
];

/** Writes the status of the first pod, as soon as there is one. */
async function podStatus(s: Scenario, status: object): Promise<void> {
  for (;;) {
    const [name] = (await s.kubectl('get', 'pods', '--output=jsonpath={.items[*].metadata.name}')).split(' ').filter(Boolean);
    if (name) return setStatus(s, name, status);
  }
}

/** Says of the first pod what a node without a registry would. */
function troubleOf(s: Scenario): Promise<void> {
  const state = { waiting: { reason: 'ImagePullBackOff', message: 'no such registry' } };
  const container = { name: 'web', image: 'x', imageID: '', ready: false, restartCount: 0, state };
  return podStatus(s, { phase: 'Pending', containerStatuses: [container] });
}
