import type { KubernetesObject } from '../../environment.ts';
import type { ConfigData } from './config.ts';
import { fitContainer } from './containers.ts';
import { repoServerSecrets } from './secrets.ts';
import type { ArgoCdInstall } from './settings.ts';
import { containersOf, mapContainers, mapPod, type Variable, type Workload } from './workload.ts';

/** Names of the workloads whose number is a setting. */
export const controller = 'argocd-application-controller';
export const repoServer = 'argocd-repo-server';

/** Pod annotation that changes with the settings a workload reads at its start, so that a change rolls it, and nothing else. */
const settingsAnnotation = 'fullcycle/settings';

/** A workload of the manifest with the settings that concern it. */
export function fitWorkload(workload: Workload, install: ArgoCdInstall, data: ConfigData): Workload {
  const counted = withReplicas(workload, install);
  const fitted = mapContainers(counted, (container) => fitContainer(container, install));
  const secured = install.repoServerAccess === 'mutualTls' ? requireSecrets(fitted) : fitted;
  return withAnnotation(secured, settingsRead(secured, data));
}

/** A PodDisruptionBudget for what runs more than once: drains take one pod at a time. */
export function disruptionBudget({ metadata, spec }: Workload): KubernetesObject[] {
  if ((spec.replicas ?? 1) < 2) return [];
  const { name, namespace, labels } = metadata;
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace, labels },
      spec: { maxUnavailable: 1, selector: { matchLabels: spec.selector.matchLabels }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    },
  ];
}

function withReplicas(workload: Workload, { controllerShards, repoServerReplicas }: ArgoCdInstall): Workload {
  const replicas = (count: number) => ({ ...workload, spec: { ...workload.spec, replicas: count } });
  if (workload.metadata.name === repoServer) return replicas(Math.max(repoServerReplicas, workload.spec.replicas ?? 1));
  if (workload.metadata.name !== controller) return workload;
  const shards = { name: 'ARGOCD_CONTROLLER_REPLICAS', value: String(controllerShards) };
  return mapContainers(replicas(controllerShards), (container) => ({ ...container, env: withVariable(container.env ?? [], shards) }));
}

function withVariable(env: readonly Variable[], variable: Variable): Variable[] {
  const isThere = env.some(({ name }) => name === variable.name);
  return isThere ? env.map((each) => (each.name === variable.name ? variable : each)) : [...env, variable];
}

/** The manifest starts without them, unprotected; now a pod waits until they are there. */
function requireSecrets(workload: Workload): Workload {
  return mapPod(workload, (pod) => ({
    ...pod,
    ...(pod.volumes && {
      volumes: pod.volumes.map((volume) =>
        volume.secret && repoServerSecrets.includes(volume.secret.secretName)
          ? { ...volume, secret: { ...volume.secret, optional: false } }
          : volume,
      ),
    }),
  }));
}

/** `key=value` lines of the settings that the workload's variables take from the ConfigMaps. */
function settingsRead(workload: Workload, data: ConfigData): string {
  const references = containersOf(workload).flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef ?? []));
  const lines = references.flatMap(({ name, key }) => {
    const value = Object.hasOwn(data, name) ? data[name as keyof ConfigData][key] : undefined;
    return value === undefined ? [] : [`${key}=${value}`];
  });
  return [...new Set(lines)].sort().join('\n');
}

function withAnnotation(workload: Workload, settings: string): Workload {
  if (settings === '') return workload;
  const { template } = workload.spec;
  const annotations = { ...template.metadata.annotations, [settingsAnnotation]: settings };
  return { ...workload, spec: { ...workload.spec, template: { ...template, metadata: { ...template.metadata, annotations } } } };
}
