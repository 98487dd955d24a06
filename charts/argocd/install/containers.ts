import { parseImage } from '../../validate/image.ts';
import type { ArgoCdInstall, ContainerResources } from './settings.ts';
import type { Container } from './workload.ts';

/**
 * Requests and memory limits by container name; the manifest states none. Requests are what an idle Argo CD with some Applications uses,
 * limits what it takes for hundreds of them; `resources` of the settings raises them for more.
 */
export const containerResources: Readonly<Record<string, ContainerResources>> = {
  'argocd-application-controller': resources('100m', '256Mi', '1Gi'),
  'argocd-applicationset-controller': resources('20m', '64Mi', '256Mi'),
  'argocd-notifications-controller': resources('10m', '64Mi', '256Mi'),
  'argocd-repo-server': resources('50m', '128Mi', '1Gi'),
  'argocd-server': resources('50m', '128Mi', '512Mi'),
  dex: resources('10m', '64Mi', '128Mi'),
  haproxy: resources('20m', '64Mi', '256Mi'),
  redis: resources('20m', '64Mi', '512Mi'),
  sentinel: resources('10m', '32Mi', '64Mi'),
  'split-brain-fix': resources('10m', '32Mi', '64Mi'),
  // they run the program of Argo CD, or copy it, before the container above starts
  copyutil: resources('20m', '64Mi', '512Mi'),
  'secret-init': resources('20m', '64Mi', '256Mi'),
  'config-init': resources('10m', '32Mi', '64Mi'),
};

/** The container with its requests and limits, and with the image of the settings. */
export function fitContainer(container: Container, install: ArgoCdInstall): Container {
  const wanted = ownValue(install.resources, container.name) ?? ownValue(containerResources, container.name);
  const image = ownValue(install.images, parseImage(container.image).name);
  return {
    ...container,
    ...(wanted && {
      resources: { requests: { cpu: wanted.cpu, memory: wanted.memory.request }, limits: { memory: wanted.memory.limit } },
    }),
    // what is pinned by its digest needs no second look at the registry
    ...(image !== undefined && { image, imagePullPolicy: 'IfNotPresent' }),
  };
}

/** Value of a key of our own: a container may be called `constructor`. */
export function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function resources(cpu: string, request: string, limit: string): ContainerResources {
  return { cpu, memory: { request, limit } };
}
