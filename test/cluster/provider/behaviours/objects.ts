import { apps, core } from '@pulumi/kubernetes';
import { type CustomResourceOptions, mergeOptions } from '@pulumi/pulumi';
import type { Kit } from '../scenario.ts';

type Data = Record<string, string>;

/** A ConfigMap of a fixed name. */
export function configMap(kit: Kit, data: Data, metadata: object = {}, options: CustomResourceOptions = {}): core.v1.ConfigMap {
  const place = { name: 'settings', namespace: kit.namespace, ...metadata };
  return new core.v1.ConfigMap('settings', { metadata: place, data }, mergeOptions(kit.options, options));
}

/** What a test wants of a Deployment. */
interface Wanted {
  readonly annotations?: Data;
  readonly labels?: Data;
  readonly replicas?: number;
  readonly image?: string;
  /** Label that its selector asks for. @default web */
  readonly app?: string;
  readonly cpu?: string;
}

/** A Deployment of one container and a fixed name. */
export function deployment(kit: Kit, wanted: Wanted = {}, options: CustomResourceOptions = {}): apps.v1.Deployment {
  const { annotations, labels, replicas, image = 'registry.invalid/web', app = 'web', cpu = '100m' } = wanted;
  const pod = {
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'web', image, resources: { requests: { cpu } } }] },
  };
  return new apps.v1.Deployment(
    'web',
    {
      metadata: { name: 'web', namespace: kit.namespace, annotations, labels },
      spec: { replicas, selector: { matchLabels: { app } }, template: pod },
    },
    mergeOptions(kit.options, options),
  );
}

/** Tells the plugin not to wait: no pod of these tests ever runs by itself. */
export const unawaited: Data = { 'pulumi.com/skipAwait': 'true' };
