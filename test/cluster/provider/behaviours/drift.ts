import { core } from '@pulumi/kubernetes';
import { expect } from 'vitest';
import type { Kit, Scenario } from '../scenario.ts';
import type { Behaviour } from './behaviour.ts';
import { configMap, deployment, unawaited } from './objects.ts';

const forced = { annotations: { 'pulumi.com/patchForce': 'true' } };

/** What happens when other hands change the cluster. */
export const drift: readonly Behaviour[] = [
  {
    behaviour: 'shows in a refresh what others have changed of the program’s fields, and nothing else',
    async prove(s) {
      const program = (kit: Kit) => void deployment(kit, { replicas: 1, image: 'registry.invalid/web:1', annotations: unawaited });
      await s.up(program);
      await s.kubectl('annotate', 'deployment', 'web', 'team=other');
      expect((await s.refresh()).ok).toBe(true);
      expect((await inputsOf(s, 'web')).metadata).not.toHaveProperty('annotations.team');
      await s.kubectl('set', 'image', 'deployment/web', 'web=registry.invalid/web:2');
      await s.refresh();
      expect((await inputsOf(s, 'web')).spec.template.spec.containers).toEqual([
        { image: 'registry.invalid/web:2', name: 'web', resources: { requests: { cpu: '100m' } } },
      ]);
      expect((await inputsOf(s, 'web')).spec.replicas).toBe(1);
    },
  },
  {
    behaviour: 'notices drift without a refresh, and puts it right when told to take fields over',
    unlikeVendor: 'it compares with its recorded state and notices drift in a refresh only',
    async prove(s) {
      const program = (kit: Kit) => void configMap(kit, { a: '1' }, forced);
      await s.up(program);
      await s.kubectl('patch', 'configmap', 'settings', '--type=merge', '--patch={"data":{"a":"drifted"}}');
      expect(await s.up(program)).toMatchObject({ ok: true, steps: ['update settings'], diffs: { settings: ['data.a'] } });
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
      expect((await s.up(program)).steps).toEqual(['same settings']);
    },
  },
  {
    behaviour: 'takes no field from another manager unasked: preview and update say whose it is',
    async prove(s) {
      const program = (kit: Kit) => void configMap(kit, { a: '1' });
      await s.up(program);
      await s.kubectl('patch', 'configmap', 'settings', '--type=merge', '--patch={"data":{"a":"drifted"}}', '--field-manager=somebody');
      const refusal =
        `error[E_FIELD_CONFLICT] ConfigMap ${s.namespace}/settings data.a: - somebody manages it - ` +
        'leave the field out, or take it over with the annotation pulumi.com/patchForce: "true"';
      for (const report of [await s.preview(program), await s.up(program)]) {
        expect(report.ok).toBe(false);
        expect(report.errors.join('\n')).toContain(refusal);
      }
      expect(await s.field('configmap/settings', '.data.a')).toBe('drifted');
      s.settings = { enablePatchForce: true };
      expect((await s.up(program)).ok).toBe(true);
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
    },
  },
  {
    behaviour: 'makes again what others have deleted, with a refresh and without',
    async prove(s) {
      const program = (kit: Kit) => void configMap(kit, { a: '1' });
      await s.up(program);
      await s.kubectl('delete', 'configmap', 'settings');
      expect((await s.up(program)).steps).toEqual(['update settings']);
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
      await s.kubectl('delete', 'configmap', 'settings');
      expect((await s.refresh()).ok).toBe(true);
      expect((await s.up(program)).steps).toEqual(['create settings']);
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
    },
  },
  {
    behaviour: 'counts as deleted what others have deleted',
    async prove(s) {
      await s.up((kit) => void configMap(kit, { a: '1' }));
      await s.kubectl('delete', 'configmap', 'settings');
      expect(await s.destroy()).toMatchObject({ ok: true, steps: ['delete settings'] });
    },
  },
  {
    behaviour: 'leaves ignored fields as they are in the cluster',
    async prove(s) {
      const program = (image: string) => (kit: Kit) =>
        void deployment(
          kit,
          { replicas: 1, image, annotations: { ...unawaited, ...forced.annotations } },
          { ignoreChanges: ['spec.replicas'] },
        );
      await s.up(program('registry.invalid/web:1'));
      await s.kubectl('scale', 'deployment', 'web', '--replicas=3');
      expect((await s.up(program('registry.invalid/web:1'))).steps).toEqual(['same web']);
      expect((await s.up(program('registry.invalid/web:2'))).steps).toEqual(['update web']);
      expect(await s.field('deployment/web', '.spec.replicas')).toBe('3');
    },
  },
  {
    behaviour: 'lets another manager’s fields of an object be',
    async prove(s) {
      s.settings = { enableConfigMapMutable: true };
      await s.up((kit) => void configMap(kit, { a: '1', b: '1' }));
      await s.kubectl('patch', 'configmap', 'settings', '--type=merge', '--patch={"data":{"theirs":"1"}}');
      expect((await s.up((kit) => void configMap(kit, { a: '1', b: '1' }))).steps).toEqual(['same settings']);
      expect((await s.up((kit) => void configMap(kit, { a: '2' }))).steps).toEqual(['update settings']);
      expect(await s.field('configmap/settings', '.data')).toBe('{"a":"2","theirs":"1"}');
    },
  },
  {
    behaviour: 'shows the drift of a Secret’s text without showing it',
    async prove(s) {
      const program = ({ options, namespace }: Kit) =>
        void new core.v1.Secret('token', { metadata: { name: 'token', namespace }, stringData: { token: 'canary-one' } }, options);
      await s.up(program);
      expect((await s.up(program)).steps).toEqual(['same token']);
      await s.kubectl('patch', 'secret', 'token', '--type=merge', '--patch={"stringData":{"token":"canary-two"}}');
      const report = await s.refresh();
      expect(report.ok).toBe(true);
      const stored = s.stored();
      for (const text of ['canary', btoa('canary-one'), btoa('canary-two')]) expect(`${report.output}${stored}`).not.toContain(text);
    },
  },
];

interface Inputs {
  metadata: object;
  spec: { replicas: number; template: { spec: { containers: object[] } } };
}

async function inputsOf(s: Scenario, name: string): Promise<Inputs> {
  return (await s.resource(name))?.inputs as Inputs;
}
