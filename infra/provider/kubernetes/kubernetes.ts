import sdk from '@pulumi/kubernetes/package.json' with { type: 'json' };
import { connect } from '../../kubernetes/connection.ts';
import { compare, difference } from '../difference.ts';
import type { Provider } from '../provider.ts';
import { create, update } from './apply.ts';
import { check } from './check.ts';
import { Cluster } from './cluster.ts';
import { diff } from './diff.ts';
import { read } from './read.ts';
import { remove } from './remove.ts';
import { checkSettings, readSettings } from './settings.ts';
import type { Context } from './target.ts';

/** Manages objects of a Kubernetes cluster by server-side apply, for the SDK's own classes: any kind, custom resources included. */
export function kubernetes(): Provider {
  const configured = Promise.withResolvers<Context>();
  // Nobody may ask before the engine does; that is no unhandled rejection.
  configured.promise.catch(() => {});
  const context = () => configured.promise;
  return {
    name: 'kubernetes',
    version: sdk.version,
    checkConfig: async (settings) => checkSettings(settings),
    diffConfig(olds, news) {
      const isOther = (path: readonly (string | number)[]) => path[0] === 'clusterIdentifier';
      return difference(compare(olds, news).map((change) => ({ ...change, replaces: isOther(change.path), fromInputs: true })));
    },
    async configure(given) {
      const settings = readSettings(given);
      configured.resolve({ settings, cluster: new Cluster(await connect(settings.kubeconfig, settings.context), settings) });
    },
    check: async (request, call) => check(request, call),
    diff: async (request, call) => diff(await context(), request, call),
    create: async (request, call) => create(await context(), request, call),
    read: async (request, call) => read(await context(), request, call),
    update: async (request, call) => update(await context(), request, call),
    delete: async (request, call) => remove(await context(), request, call),
  };
}
