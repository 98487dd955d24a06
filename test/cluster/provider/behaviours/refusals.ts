import { core, helm, Provider } from '@pulumi/kubernetes';
import { output, secret } from '@pulumi/pulumi';
import { expect } from 'vitest';
import type { Kit } from '../scenario.ts';
import type { Behaviour } from './behaviour.ts';
import { configMap, deployment, unawaited } from './objects.ts';

const canary = 'canary-4f1d';

/** What is refused, by whom and in which words; and what never shows. */
export const refusals: readonly Behaviour[] = [
  {
    behaviour: 'tells in the preview which field the API server refuses, and makes everything else',
    async prove(s) {
      const program = ({ options, namespace, ...kit }: Kit) => {
        const spec = { type: 'Nonsense', ports: [{ port: 80 }] };
        new core.v1.Service('web', { metadata: { name: 'web', namespace }, spec: { ...spec, type: 'Nonsense' as 'ClusterIP' } }, options);
        configMap({ options, namespace, ...kit }, { a: '1' });
      };
      const refusal =
        `error[E_APPLY] Service ${s.namespace}/web spec.type: - the API server refuses it: Unsupported value: "Nonsense": ` +
        'supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort" - correct the field';
      const preview = await s.preview(program);
      expect(preview.ok).toBe(false);
      expect(preview.errors.join('\n')).toContain(refusal);
      expect(await s.field('configmap/settings', '.data.a')).toBe('');
      const up = await s.up(program);
      expect(up.errors.join('\n')).toContain(refusal);
    },
  },
  {
    behaviour: 'makes in the next run what failed in the last',
    async prove(s) {
      const place = `${s.namespace}-later`;
      const program = (kit: Kit) => void configMap(kit, { a: '1' }, { namespace: place });
      expect((await s.preview(program)).ok).toBe(true);
      const report = await s.up(program);
      expect(report.errors.join('\n')).toContain(
        `error[E_APPLY] ConfigMap ${place}/settings: - the API server refuses it: namespaces "${place}" not found - correct the object`,
      );
      expect(await s.resource('settings')).toBeUndefined();
      await s.kubectl('create', 'namespace', place);
      expect(await s.up(program)).toMatchObject({ ok: true, steps: ['create settings'] });
      await s.kubectl('delete', 'namespace', place, '--wait=false');
    },
  },
  {
    behaviour: 'keeps the recorded object when an update is refused',
    async prove(s) {
      await s.up((kit) => void deployment(kit, { replicas: 1, annotations: unawaited }));
      const report = await s.up((kit) => void deployment(kit, { replicas: -1, annotations: unawaited }));
      expect(report.errors.join('\n')).toContain(
        `error[E_APPLY] Deployment ${s.namespace}/web spec.replicas: - the API server refuses it: Invalid value: -1: must be greater than or equal to 0 - correct the field`,
      );
      expect((await s.up((kit) => void deployment(kit, { replicas: 1, annotations: unawaited }))).steps).toEqual(['same web']);
    },
  },
  {
    behaviour: 'shows what the API server warns of',
    async prove(s) {
      await s.kubectl('label', 'namespace', s.namespace, 'pod-security.kubernetes.io/warn=restricted');
      const { warnings } = await s.up((kit) => void deployment(kit, { annotations: unawaited }));
      expect(warnings).toEqual([
        expect.stringContaining('would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false'),
      ]);
      expect((await s.up((kit) => void deployment(kit, { replicas: 2, annotations: unawaited }))).warnings).toHaveLength(1);
    },
  },
  {
    behaviour: 'stores secrets encrypted only, and shows them nowhere',
    async prove(s) {
      const program = (kit: Kit) => {
        const metadata = { namespace: kit.namespace };
        new core.v1.Secret('plain', { metadata: { ...metadata, name: 'plain' }, stringData: { a: canary } }, kit.options);
        new core.v1.Secret('encoded', { metadata: { ...metadata, name: 'encoded' }, data: { a: btoa(canary) } }, kit.options);
        new core.v1.ConfigMap('map', { metadata: { ...metadata, name: 'map' }, data: { a: secret(canary) } }, kit.options);
      };
      const made = [await s.preview(program), await s.up(program), await s.up(program), await s.refresh()];
      expect(made.map(({ ok }) => ok)).toEqual([true, true, true, true]);
      expect(await s.field('configmap/map', '.data.a')).toBe(canary);
      expect(await s.field('secret/plain', '.data.a')).toBe(btoa(canary));
      const stored = s.stored();
      for (const text of [canary, btoa(canary)]) {
        expect(stored).not.toContain(text);
        for (const { output } of made) expect(output).not.toContain(text);
      }
    },
  },
  {
    behaviour: 'takes secrets out of what the API server says',
    async prove(s) {
      const report = await s.up(({ options, namespace }) => {
        const spec = { type: secret(canary as 'ClusterIP'), ports: [{ port: 80 }] };
        new core.v1.Service('web', { metadata: { name: 'web', namespace }, spec }, options);
      });
      expect(report.errors.join('\n')).toContain('spec.type: - the API server refuses it: Unsupported value: "[secret]": supported values');
      expect(report.output).not.toContain(canary);
    },
  },
  {
    behaviour: 'promises nothing in a preview that only a real run decides',
    async prove(s) {
      const program = ({ options, namespace }: Kit) => {
        const metadata = { name: 'web', namespace };
        const service = new core.v1.Service('web', { metadata, spec: { type: 'NodePort', ports: [{ port: 80 }] } }, options);
        const known = { ip: service.spec.clusterIP, port: service.spec.ports[0]?.nodePort, uid: service.metadata.uid };
        const data = output(known).apply(({ ip, port, uid }) => ({ ip, port: String(port), uid }));
        new core.v1.ConfigMap('known', { metadata: { ...metadata, name: 'known' }, data }, options);
      };
      const preview = await s.preview(program);
      expect(preview).toMatchObject({ ok: true, steps: ['create web', 'create known'] });
      expect((await s.up(program)).ok).toBe(true);
      expect(await s.field('configmap/known', '.data.ip')).toBe(await s.field('service/web', '.spec.clusterIP'));
      expect(await s.field('configmap/known', '.data.port')).toBe(await s.field('service/web', '.spec.ports[0].nodePort'));
    },
  },
  {
    behaviour: 'refuses kinds that it doesn’t manage',
    unlikeVendor: 'it manages patches and Helm releases',
    async prove(s) {
      const patch = await s.preview(
        ({ options, namespace }) => void new core.v1.ConfigMapPatch('patch', { metadata: { name: 'x', namespace } }, options),
      );
      expect(patch.errors.join('\n')).toContain(
        'error[E_UNSUPPORTED] kind: kubernetes:core/v1:ConfigMapPatch - this plugin has no patches - manage the whole object',
      );
      const release = await s.preview(({ options }) => void new helm.v3.Release('chart', { chart: 'x' }, options));
      expect(release.errors.join('\n')).toContain(
        'error[E_UNSUPPORTED] kind: kubernetes:helm.sh/v3:Release - no kind of the Kubernetes API - ' +
          'use plain resources: Helm, Kustomize and YAML files need the official plugin',
      );
    },
  },
  {
    behaviour: 'refuses annotations that it can’t follow, all at once',
    async prove(s) {
      const annotations = { 'pulumi.com/replaceUnready': 'true', 'pulumi.com/timeoutSeconds': 'soon', 'pulumi.com/skipAwait': 'yes' };
      const { errors } = await s.preview((kit) => void configMap(kit, { a: '1' }, { annotations }));
      const said = errors.join('\n');
      const place = (name: string) => `metadata.annotations["pulumi.com/${name}"]`;
      expect(said).toContain(
        `error[E_UNSUPPORTED] ${place('replaceUnready')}: true - not an annotation that this plugin follows - leave it out`,
      );
      expect(said).toContain(`error[E_TYPE] ${place('timeoutSeconds')}: soon - whole seconds, 1 to 999999 - write a number in quotes`);
      expect(said).toContain(`error[E_TYPE] ${place('skipAwait')}: yes - "true" or "false" - write one of them, in quotes`);
    },
  },
  {
    behaviour: 'refuses a provider without an explicit cluster',
    unlikeVendor: 'it takes the current context of the default kubeconfig',
    async prove(s) {
      const report = await s.preview(({ namespace }) => {
        const provider = new Provider('implicit', { kubeconfig: '', enableServerSideApply: false });
        new core.v1.ConfigMap('settings', { metadata: { namespace } }, { provider });
      });
      expect(report.ok).toBe(false);
      const said = report.errors.join('\n');
      for (const key of ['kubeconfig', 'context']) {
        expect(said).toContain(`error[E_KEY] kubernetes.Provider ${key}: - required - pass ${key}: this plugin never guesses a cluster`);
      }
      expect(said).toContain(
        'error[E_UNSUPPORTED] kubernetes.Provider enableServerSideApply: false - always true in this plugin - leave it out',
      );
    },
  },
  {
    behaviour: 'refuses a context that the kubeconfig doesn’t have',
    async prove(s) {
      s.settings = { context: 'prod' };
      const report = await s.preview((kit) => void configMap(kit, { a: '1' }));
      expect(report.errors.join('\n')).toContain(
        'error[E_CLUSTER] context: prod - not in the kubeconfig: it has provider-test - name one of them',
      );
    },
  },
];
