import { apiextensions, core } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';
import { expect } from 'vitest';
import type { Kit } from '../scenario.ts';
import type { Behaviour } from './behaviour.ts';
import { configMap, deployment, unawaited } from './objects.ts';

/** What happens to objects over their life. */
export const lifecycle: readonly Behaviour[] = [
  {
    behaviour: 'makes objects in the order of their dependencies, and removes them in the opposite one',
    async prove(s) {
      const program = ({ options, namespace }: Kit) => {
        const team = new core.v1.Namespace('team', { metadata: { name: `${namespace}-team` } }, options);
        const settings = new core.v1.ConfigMap('settings', { metadata: { namespace: team.metadata.name }, data: { a: 'b' } }, options);
        return { id: settings.id, uid: settings.metadata.uid, name: settings.metadata.name };
      };
      const { steps, outputs } = await s.up(program);
      expect(steps).toEqual(['create team', 'create settings']);
      const name: string = outputs.name?.value;
      expect(name).toMatch(/^settings-[0-9a-f]{8}$/);
      expect(outputs.id?.value).toBe(`${s.namespace}-team/${name}`);
      const uid = await s.kubectl('get', 'configmap', name, `--namespace=${s.namespace}-team`, '--output=jsonpath={.metadata.uid}');
      expect(outputs.uid?.value).toBe(uid);
      expect((await s.up(program)).steps).toEqual(['same team', 'same settings']);
      expect((await s.destroy()).steps).toEqual(['delete settings', 'delete team']);
      expect(await s.kubectl('get', 'namespace', `${s.namespace}-team`, '--ignore-not-found')).toBe('');
    },
  },
  {
    behaviour: 'changes nothing when nothing has changed, whatever spelling of a value the program uses',
    async prove(s) {
      const program = (kit: Kit) => void deployment(kit, { cpu: '1000m', annotations: unawaited });
      await s.up(program);
      const version = await s.field('deployment/web', '.metadata.resourceVersion');
      expect(await s.field('deployment/web', '.spec.template.spec.containers[0].resources.requests.cpu')).toBe('1');
      expect((await s.up(program)).steps).toEqual(['same web']);
      expect((await s.up((kit) => void deployment(kit, { cpu: '1', annotations: unawaited }))).steps).toEqual(['same web']);
      expect(await s.field('deployment/web', '.metadata.resourceVersion')).toBe(version);
    },
  },
  {
    behaviour: 'updates an object in place, and takes away what the program no longer says',
    async prove(s) {
      await s.up((kit) => void deployment(kit, { labels: { a: '1', b: '1' }, annotations: unawaited }));
      const uid = await s.field('deployment/web', '.metadata.uid');
      const changed = (kit: Kit) => void deployment(kit, { labels: { a: '2' }, annotations: unawaited });
      expect(await s.preview(changed)).toMatchObject({ steps: ['update web'], diffs: { web: ['metadata.labels.a', 'metadata.labels.b'] } });
      expect((await s.up(changed)).steps).toEqual(['update web']);
      expect(await s.field('deployment/web', '.metadata.labels')).toBe('{"a":"2"}');
      expect(await s.field('deployment/web', '.metadata.uid')).toBe(uid);
    },
  },
  {
    behaviour: 'replaces an object when a field changes that can’t, the old one first as both have one name',
    async prove(s) {
      await s.up((kit) => void deployment(kit, { annotations: unawaited }));
      const changed = (kit: Kit) => void deployment(kit, { app: 'other', annotations: unawaited });
      const preview = await s.preview(changed);
      expect(preview).toMatchObject({ ok: true, steps: ['delete-replaced web', 'replace web', 'create-replacement web'] });
      expect(preview.diffs.web).toContain('spec.selector.matchLabels.app');
      expect((await s.up(changed)).steps).toEqual(['delete-replaced web', 'replace web', 'create-replacement web']);
      expect(await s.field('deployment/web', '.spec.selector.matchLabels.app')).toBe('other');
    },
  },
  {
    behaviour: 'replaces an object under another name: the new one comes first',
    async prove(s) {
      await s.up((kit) => void configMap(kit, { a: 'b' }));
      const { steps } = await s.up((kit) => void configMap(kit, { a: 'b' }, { name: 'other' }));
      expect(steps).toEqual(['create-replacement settings', 'replace settings', 'delete-replaced settings']);
      expect(await s.field('configmap/settings', '.metadata.name')).toBe('');
      expect(await s.field('configmap/other', '.data.a')).toBe('b');
    },
  },
  {
    behaviour: 'replaces a ConfigMap without a fixed name when its data changes, and keeps the name when they don’t',
    async prove(s) {
      const program =
        (value: string) =>
        ({ options, namespace }: Kit) => ({
          name: new core.v1.ConfigMap('auto', { metadata: { namespace }, data: { value } }, options).metadata.name,
        });
      const first = (await s.up(program('1'))).outputs.name?.value;
      expect((await s.up(program('1'))).steps).toEqual(['same auto']);
      const { steps, outputs } = await s.up(program('2'));
      expect(steps).toEqual(['create-replacement auto', 'replace auto', 'delete-replaced auto']);
      expect(outputs.name?.value).not.toBe(first);
    },
  },
  {
    behaviour: 'changes the data of a ConfigMap in place when the provider’s settings say so',
    async prove(s) {
      s.settings = { enableConfigMapMutable: true };
      await s.up((kit) => void configMap(kit, { a: '1' }));
      expect(await s.up((kit) => void configMap(kit, { a: '2' }))).toMatchObject({
        steps: ['update settings'],
        diffs: { settings: ['data.a'] },
      });
      expect(await s.field('configmap/settings', '.data.a')).toBe('2');
    },
  },
  {
    behaviour: 'makes a custom resource as soon as its definition is served, and removes both',
    async prove(s) {
      const program = (kit: Kit) => void widget(kit, { size: 1 }, definition(kit));
      expect(await s.preview(program)).toMatchObject({ ok: true, steps: ['create widgets', 'create widget'] });
      expect(await s.up(program)).toMatchObject({ ok: true, steps: ['create widgets', 'create widget'] });
      expect(await s.up(program)).toMatchObject({ steps: ['same widgets', 'same widget'] });
      expect((await s.up((kit) => void widget(kit, { size: 2, free: { form: [1] } }, definition(kit)))).steps).toEqual([
        'same widgets',
        'update widget',
      ]);
      expect(await s.field(`widgets.${s.namespace}.test/widget`, '.spec')).toBe('{"free":{"form":[1]},"size":2}');
      expect((await s.destroy()).steps).toEqual(['delete widget', 'delete widgets']);
      expect(await s.field(`customresourcedefinition/widgets.${s.namespace}.test`, '.metadata.name')).toBe('');
    },
  },
  {
    behaviour: 'puts an object without a namespace into the provider’s',
    async prove(s) {
      s.settings = { namespace: s.namespace };
      const program = ({ options }: Kit) => ({
        id: new core.v1.ConfigMap('plain', { metadata: { name: 'plain' }, data: { a: 'b' } }, options).id,
      });
      expect((await s.up(program)).outputs.id?.value).toBe(`${s.namespace}/plain`);
      expect((await s.up(program)).steps).toEqual(['same plain']);
      s.settings = { namespace: 'default' };
      expect((await s.up(program)).steps).toEqual(['create-replacement plain', 'replace plain', 'delete-replaced plain']);
      expect(await s.field('configmap/plain', '.metadata.name')).toBe('');
      expect((await s.destroy()).steps).toEqual(['delete plain']);
    },
  },
];

function definition({ options, namespace }: Kit): apiextensions.v1.CustomResourceDefinition {
  const group = `${namespace}.test`;
  const spec = { type: 'object', x_kubernetes_preserve_unknown_fields: true, properties: { size: { type: 'integer' } } };
  return new apiextensions.v1.CustomResourceDefinition(
    'widgets',
    {
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
      },
    },
    options,
  );
}

function widget({ provider, namespace }: Kit, spec: object, definition: Resource): apiextensions.CustomResource {
  const group = `${namespace}.test`;
  const args = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'widget', namespace }, spec };
  return new apiextensions.CustomResource('widget', args, { provider, dependsOn: [definition] });
}
