/**
 * By which fields the items of a list are told apart, by the name of the list.
 * Source: `x-kubernetes-patch-merge-key` and `x-kubernetes-list-map-keys` of the Kubernetes OpenAPI document; the Argo CD and kustomize
 * lists have none there, their items are told apart the way those programs do it.
 */
const mergeKeys: Readonly<Record<string, readonly (readonly string[])[]>> = {
  clusterResourceBlacklist: [['group', 'kind']],
  clusterResourceWhitelist: [['group', 'kind']],
  containers: [['name']],
  destinations: [
    ['server', 'namespace'],
    ['name', 'namespace'],
  ],
  env: [['name']],
  ephemeralContainers: [['name']],
  hostAliases: [['ip']],
  images: [['name']],
  imagePullSecrets: [['name']],
  initContainers: [['name']],
  limits: [['type']],
  namespaceResourceBlacklist: [['group', 'kind']],
  namespaceResourceWhitelist: [['group', 'kind']],
  paths: [['path']],
  ports: [['name'], ['containerPort', 'protocol'], ['port', 'protocol'], ['containerPort'], ['port']],
  roles: [['name']],
  secrets: [['name']],
  subjects: [
    ['kind', 'namespace', 'name'],
    ['kind', 'name'],
  ],
  tls: [['secretName']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  volumeDevices: [['devicePath']],
  volumeMounts: [['mountPath']],
  volumes: [['name']],
};

/** How the items of a list are named, or undefined when they have no names: a merge key that every item has, and none twice. */
export function mergeKeysOf(path: string, before: readonly unknown[], after: readonly unknown[]): ((item: unknown) => string) | undefined {
  const list = /([A-Za-z]+)$/.exec(path)?.[1] ?? '';
  const candidates = Object.hasOwn(mergeKeys, list) ? (mergeKeys[list] ?? []) : [];
  const keys = candidates.find((candidate) => isUnique(before, candidate) && isUnique(after, candidate));
  return keys && ((item) => nameOf(item, keys) ?? '');
}

function isUnique(items: readonly unknown[], keys: readonly string[]): boolean {
  const names = items.map((item) => nameOf(item, keys));
  return names.every((name) => name !== undefined) && new Set(names).size === names.length;
}

/** `goserver`, or several values: `apps/Deployment`. */
function nameOf(item: unknown, keys: readonly string[]): string | undefined {
  const values = keys.map((key) => (item as Record<string, unknown> | null)?.[key]);
  if (!values.every((value) => typeof value === 'string' || typeof value === 'number')) return undefined;
  return values.filter((value) => value !== '').join('/');
}
