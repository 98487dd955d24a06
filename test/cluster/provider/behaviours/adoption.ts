import { core } from '@pulumi/kubernetes';
import { expect } from 'vitest';
import type { Kit } from '../scenario.ts';
import type { Behaviour } from './behaviour.ts';
import { configMap } from './objects.ts';

/** How objects that are there already come under a program. */
export const adoption: readonly Behaviour[] = [
  {
    behaviour: 'adopts an object by the import option without touching it, and manages it from then on',
    async prove(s) {
      s.settings = { enableConfigMapMutable: true, enablePatchForce: true };
      await s.kubectl('create', 'configmap', 'settings', '--from-literal=a=1');
      const version = await s.field('configmap/settings', '.metadata.resourceVersion');
      const adopting = (kit: Kit) => void configMap(kit, { a: '1' }, {}, { import: `${kit.namespace}/settings` });
      expect(await s.up(adopting)).toMatchObject({ ok: true, steps: ['import settings'] });
      expect((await s.up((kit) => void configMap(kit, { a: '1' }))).steps).toEqual(['same settings']);
      expect(await s.field('configmap/settings', '.metadata.resourceVersion')).toBe(version);
      expect((await s.up((kit) => void configMap(kit, { a: '2', b: '2' }))).steps).toEqual(['update settings']);
      expect((await s.up((kit) => void configMap(kit, { a: '2' }))).steps).toEqual(['update settings']);
      expect(await s.field('configmap/settings', '.data')).toBe('{"a":"2"}');
      await s.destroy();
      expect(await s.field('configmap/settings', '.metadata.name')).toBe('');
    },
  },
  {
    behaviour: 'changes an imported object as the program says, but takes no field from another manager unasked',
    async prove(s) {
      s.settings = { enableConfigMapMutable: true };
      await s.kubectl('create', 'configmap', 'settings', '--from-literal=a=1');
      const program = (kit: Kit) => void configMap(kit, { a: '2' }, {}, { import: `${kit.namespace}/settings` });
      const report = await s.up(program);
      expect(report).toMatchObject({ ok: false, steps: ['import settings', 'update settings'] });
      expect(report.errors.join('\n')).toContain(
        `error[E_FIELD_CONFLICT] ConfigMap ${s.namespace}/settings data.a: - kubectl-create manages it`,
      );
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
      s.settings = { ...s.settings, enablePatchForce: true };
      expect(await s.up(program)).toMatchObject({ ok: true, steps: ['update settings'] });
      expect(await s.field('configmap/settings', '.data.a')).toBe('2');
    },
  },
  {
    behaviour: 'refuses an import of what isn’t there',
    async prove(s) {
      const report = await s.up((kit) => void configMap(kit, { a: '2' }, {}, { import: `${kit.namespace}/settings` }));
      expect(report.ok).toBe(false);
      expect(report.output).toContain(`resource '${s.namespace}/settings' does not exist`);
    },
  },
  {
    behaviour: 'takes over nothing unasked: an object that exists is refused, and a preview warns of it',
    async prove(s) {
      await s.kubectl('create', 'configmap', 'settings', '--from-literal=a=1');
      const program = (kit: Kit) => void configMap(kit, { a: '1' });
      expect(await s.preview(program)).toMatchObject({
        ok: true,
        warnings: [`ConfigMap ${s.namespace}/settings exists already: the update will refuse to take it over`],
      });
      const report = await s.up(program);
      expect(report.ok).toBe(false);
      expect(report.errors).toContain(
        `error[E_EXISTS] ConfigMap ${s.namespace}/settings: - the cluster has one already, and this resource has not made it - ` +
          `adopt it with the option import: '${s.namespace}/settings', or set upsertExistingObjects on the provider`,
      );
      s.settings = { upsertExistingObjects: true };
      expect(await s.up(program)).toMatchObject({ ok: true, steps: ['create settings'] });
    },
  },
  {
    behaviour: 'knows its own object again when the state was lost before it was written',
    unlikeVendor: 'its field managers are random, so it refuses the object that it made itself',
    async prove(s) {
      const program = (kit: Kit) => void configMap(kit, { a: '1' });
      await s.up(program);
      const uid = await s.field('configmap/settings', '.metadata.uid');
      await s.forget('settings');
      expect(await s.up((kit) => void configMap(kit, { a: '2' }))).toMatchObject({ ok: true, steps: ['create settings'] });
      expect(await s.field('configmap/settings', '.metadata.uid')).toBe(uid);
      expect(await s.field('configmap/settings', '.data.a')).toBe('2');
    },
  },
  {
    behaviour: 'keeps two resources from meaning one object',
    async prove(s) {
      const report = await s.up((kit) => {
        const first = configMap(kit, { a: '1' });
        const place = { name: 'settings', namespace: kit.namespace };
        new core.v1.ConfigMap('again', { metadata: place, data: { a: '2' } }, { ...kit.options, dependsOn: [first] });
      });
      expect(report.ok).toBe(false);
      expect(report.errors.join('\n')).toContain(`error[E_EXISTS] ConfigMap ${s.namespace}/settings:`);
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
    },
  },
  {
    behaviour: 'reads an object that it doesn’t manage',
    async prove(s) {
      await s.kubectl('create', 'configmap', 'settings', '--from-literal=a=1');
      const { outputs } = await s.up(({ options, namespace }) => ({
        data: core.v1.ConfigMap.get('theirs', `${namespace}/settings`, options).data,
      }));
      expect(outputs.data?.value).toEqual({ a: '1' });
      await s.destroy();
      expect(await s.field('configmap/settings', '.data.a')).toBe('1');
    },
  },
];
