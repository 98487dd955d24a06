import { describe, expect, it } from 'vitest';
import { checkInstall } from '../../../../charts/argocd/install/check.ts';
import { installArgoCd } from '../../../../charts/argocd/install/install.ts';
import { clientSideLimit, needsServerSideApply } from '../../../../charts/argocd/install/order.ts';
import { type ArgoCdInstall, defaultInstall } from '../../../../charts/argocd/install/settings.ts';
import { containersOf, isWorkload, type Workload } from '../../../../charts/argocd/install/workload.ts';
import type { KubernetesObject } from '../../../../charts/environment.ts';
import { dataOf, dev, find, installed, manifestFor, prod, published, version, workload } from './manifests.ts';

type Objects = readonly KubernetesObject[];

const replicas = (name: string) => (objects: Objects) => workload(objects, name).spec.replicas;
const variable = (name: string, key: string) => (objects: Objects) =>
  workload(objects, name).spec.template.spec.containers[0]?.env?.find((each) => each.name === key)?.value;
const config = (name: string, key: string) => (objects: Objects) => dataOf(objects, name)[key];
const budgets = (objects: Objects) => objects.filter(({ kind }) => kind === 'PodDisruptionBudget').map(({ metadata }) => metadata.name);
const ownNode = (name: string) => (objects: Objects) => {
  const { affinity } = workload(objects, name).spec.template.spec as {
    affinity?: { podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { topologyKey: string }[] } };
  };
  return affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.map(({ topologyKey }) => topologyKey);
};

describe('dev and prod', () => {
  const table: [what: string, of: (objects: Objects) => unknown, dev: unknown, prod: unknown][] = [
    ['application controllers', replicas('argocd-application-controller'), 1, 2],
    ['number of controllers that each one knows of', variable('argocd-application-controller', 'ARGOCD_CONTROLLER_REPLICAS'), '1', '2'],
    ['repo servers', replicas('argocd-repo-server'), 1, 3],
    ['nodes that repo servers share', ownNode('argocd-repo-server'), undefined, ['kubernetes.io/hostname']],
    ['API servers', replicas('argocd-server'), undefined, 2],
    ['number of API servers that each one knows of', variable('argocd-server', 'ARGOCD_API_SERVER_REPLICAS'), undefined, '2'],
    ['nodes that API servers share', ownNode('argocd-server'), undefined, ['kubernetes.io/hostname']],
    ['address of Redis', config('argocd-cmd-params-cm', 'redis.server'), undefined, 'argocd-redis-ha-haproxy:6379'],
    ['Applications compared at a time', config('argocd-cmd-params-cm', 'controller.status.processors'), '20', '50'],
    ['Applications synced at a time', config('argocd-cmd-params-cm', 'controller.operation.processors'), '10', '25'],
    ['applies at a time', config('argocd-cmd-params-cm', 'controller.kubectl.parallelism.limit'), '20', '40'],
    ['user admin', config('argocd-cm', 'admin.enabled'), 'true', 'false'],
    [
      'authority that the controller trusts',
      config('argocd-cmd-params-cm', 'controller.repo.server.ca.cert.path'),
      undefined,
      '/app/config/reposerver/mtls/server-ca.crt',
    ],
    [
      'budgets for drains',
      budgets,
      [],
      ['argocd-redis-ha-haproxy', 'argocd-repo-server', 'argocd-server', 'argocd-application-controller', 'argocd-redis-ha-server'],
    ],
    [
      'Redis',
      (objects) =>
        objects
          .filter(isWorkload)
          .flatMap(({ metadata, spec }) => (metadata.name.includes('redis') ? [[metadata.name, spec.replicas]] : [])),
      [['argocd-redis', undefined]],
      [
        ['argocd-redis-ha-haproxy', 3],
        ['argocd-redis-ha-server', 3],
      ],
    ],
  ];

  it.each(table)('%s', (_what, of, inDev, inProd) => {
    expect(of(installed(dev))).toEqual(inDev);
    expect(of(installed(prod))).toEqual(inProd);
  });

  it('have settings without problems', () => {
    expect(checkInstall(manifestFor(dev), dev)).toEqual([]);
    expect(checkInstall(manifestFor(prod), prod)).toEqual([]);
  });

  it('high availability keeps two repo servers where fewer are asked for', () => {
    expect(replicas('argocd-repo-server')(installed({ ...prod, repoServerReplicas: 1 }))).toBe(2);
  });
});

describe.each(published)('$version, $variant', ({ manifest, install }) => {
  const { crds, objects } = installArgoCd(manifest, install);
  const everything = installArgoCd(manifest, { ...install, parts: { dex: true, notifications: true, applicationSets: true } });
  const workloads = everything.objects.filter(isWorkload);

  it('can be installed as it is', () => {
    expect(checkInstall(manifest, install)).toEqual([]);
  });

  it('comes out the same each time, and leaves the manifest alone', () => {
    expect(installArgoCd(manifest, install)).toEqual({ crds, objects });
  });

  it('has its three definitions apart, and no Secret', () => {
    expect(crds.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'CustomResourceDefinition applications.argoproj.io',
      'CustomResourceDefinition applicationsets.argoproj.io',
      'CustomResourceDefinition appprojects.argoproj.io',
    ]);
    expect(objects.filter(({ kind }) => kind === 'CustomResourceDefinition' || kind === 'Secret')).toEqual([]);
  });

  it('lives in the namespace it is given, and only there', () => {
    const elsewhere = installArgoCd(manifest, { ...install, namespace: 'gitops-system' });
    const scoped = elsewhere.objects.filter(({ kind }) => !['Namespace', 'ClusterRole', 'ClusterRoleBinding'].includes(kind));
    expect(new Set(scoped.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['gitops-system']));
    expect(
      elsewhere.crds.concat(elsewhere.objects.filter((object) => !scoped.includes(object))).every((object) => !object.metadata.namespace),
    ).toBe(true);
    expect(JSON.stringify(elsewhere)).not.toContain('"namespace":"argocd"');
    const bindings = elsewhere.objects.filter(({ kind }) => kind === 'ClusterRoleBinding') as unknown as { subjects: object[] }[];
    expect(bindings.flatMap(({ subjects }) => subjects)).toEqual([
      { kind: 'ServiceAccount', name: 'argocd-application-controller', namespace: 'gitops-system' },
      { kind: 'ServiceAccount', name: 'argocd-server', namespace: 'gitops-system' },
    ]);
    expect(find(elsewhere.objects, 'Namespace', 'gitops-system').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('marks exactly what is too large for client-side apply', () => {
    const all = [...crds, ...objects];
    const marked = all.filter(({ metadata }) => metadata.annotations?.['argocd.argoproj.io/sync-options'] === 'ServerSideApply=true');
    expect(marked).toEqual(all.filter(needsServerSideApply));
    expect(marked.map(({ metadata }) => metadata.name)).toEqual(['applicationsets.argoproj.io']);
    expect(JSON.stringify(marked[0]).length).toBeGreaterThan(clientSideLimit);
  });

  it('gives every container requests and a memory limit', () => {
    for (const container of workloads.flatMap(containersOf)) {
      expect(container.resources, container.name).toEqual({
        requests: { cpu: expect.stringMatching(/^\d+m$/), memory: expect.stringMatching(/^\d+Mi$/) },
        limits: { memory: expect.stringMatching(/^\d+[MG]i$/) },
      });
    }
  });

  it('runs nothing that the restricted pod security standard refuses', () => {
    expect(workloads.flatMap(unrestricted)).toEqual([]);
    const root = structuredClone(workloads[0]) as unknown as {
      spec: { template: { spec: { containers: { securityContext: object }[] } } };
    };
    for (const container of root.spec.template.spec.containers) container.securityContext = {};
    expect(unrestricted(root as unknown as Workload)).not.toEqual([]);
  });

  it('keeps every NetworkPolicy of what it keeps, and selects every pod by one', () => {
    const policies = (set: Objects) => set.filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies(everything.objects).map(({ metadata, spec }) => [metadata.name, spec])).toEqual(
      policies(manifest).map(({ metadata, spec }) => [metadata.name, spec]),
    );
    const selected = (policies(objects) as unknown as { spec: { podSelector: { matchLabels: Record<string, string> } } }[]).map(
      ({ spec }) => spec.podSelector.matchLabels['app.kubernetes.io/name'],
    );
    expect(selected.sort()).toEqual(
      objects
        .filter(isWorkload)
        .map(({ spec }) => spec.template.metadata.labels['app.kubernetes.io/name'])
        .sort(),
    );
  });

  it('changes nothing of the manifest but what it is there for', () => {
    const changed = new Set(
      manifest
        .filter(({ kind }) => kind !== 'Secret')
        .flatMap((object) => changes(object, find([...everything.crds, ...everything.objects], object.kind, object.metadata.name)))
        .map((path) => path.replace(/\.\d+(?=\.|$)/g, '.*').replace(/(\.(?:annotations|data|resources))(\..*)?$/, '$1')),
    );
    const paths = [
      'ConfigMap.data',
      'ConfigMap.metadata.namespace',
      'CustomResourceDefinition.metadata.annotations',
      'Deployment.metadata.namespace',
      'Deployment.spec.replicas',
      'Deployment.spec.template.metadata.annotations',
      'Deployment.spec.template.spec.containers.*.resources',
      'Deployment.spec.template.spec.initContainers.*.resources',
      'NetworkPolicy.metadata.namespace',
      'Role.metadata.namespace',
      'RoleBinding.metadata.namespace',
      'Service.metadata.namespace',
      'ServiceAccount.metadata.namespace',
      'StatefulSet.metadata.namespace',
      'StatefulSet.spec.template.metadata.annotations',
      'StatefulSet.spec.template.spec.containers.*.resources',
    ];
    const initially = 'StatefulSet.spec.template.spec.initContainers.*.resources';
    const expected = install.highAvailability ? [...paths.filter((path) => path !== 'Deployment.spec.replicas'), initially] : paths;
    expect([...changed].sort()).toEqual(expected);
  });
});

describe('images', () => {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
  const redis = 'public.ecr.aws/docker/library/redis:8.2.3-alpine';
  const image = `mirror.example.com/argoproj/argocd:v${version}@${digest}`;
  const images = (objects: Objects) =>
    new Set(
      objects
        .filter(isWorkload)
        .flatMap(containersOf)
        .map((each) => each.image),
    );

  it('are those of the manifest', () => {
    expect(images(installed(dev))).toEqual(new Set([redis, `quay.io/argoproj/argocd:v${version}`]));
  });

  it('are replaced by name wherever they are used, and not pulled again', () => {
    const install: ArgoCdInstall = { ...dev, images: { 'quay.io/argoproj/argocd': image } };
    expect(checkInstall(manifestFor(install), install)).toEqual([]);
    const objects = installed(install);
    expect(images(objects)).toEqual(new Set([redis, image]));
    const pinned = objects
      .filter(isWorkload)
      .flatMap(containersOf)
      .filter((each) => each.image === image);
    expect(new Set(pinned.map(({ imagePullPolicy }) => imagePullPolicy))).toEqual(new Set(['IfNotPresent']));
    expect(pinned.map(({ name }) => name)).toContain('copyutil');
  });
});

it('requests of the settings take the place of the defaults', () => {
  const install: ArgoCdInstall = {
    ...dev,
    resources: { 'argocd-repo-server': { cpu: '2', memory: { request: '2Gi', limit: '8Gi' } } },
  };
  const [container] = workload(installed(install), 'argocd-repo-server').spec.template.spec.containers;
  expect(container?.resources).toEqual({ requests: { cpu: '2', memory: '2Gi' }, limits: { memory: '8Gi' } });
});

describe('a change of a setting rolls the pods that read it, and no others', () => {
  const templates = (install: ArgoCdInstall) =>
    new Map(
      installed(install)
        .filter(isWorkload)
        .map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec.template)]),
    );
  const before = templates(dev);

  it.each<[string, Partial<ArgoCdInstall>, string[]]>([
    ['status processors', { controller: { ...defaultInstall.controller, statusProcessors: 21 } }, ['argocd-application-controller']],
    ['reconciliation', { reconciliation: { seconds: 60, jitterSeconds: 60 } }, ['argocd-repo-server', 'argocd-application-controller']],
    ['a further key', { config: { 'argocd-cmd-params-cm': { 'server.log.level': 'warn' } } }, ['argocd-server']],
    ['shards', { controllerShards: 2 }, ['argocd-application-controller']],
    ['what the processes watch themselves', { admin: false, sessionHours: 1, kustomize: true, defaultRole: 'role:readonly' }, []],
  ])('%s', (_what, change, rolled) => {
    const after = templates({ ...dev, ...change });
    expect([...after].filter(([name, template]) => before.get(name) !== template).map(([name]) => name)).toEqual(rolled);
  });
});

describe('access to the repo server', () => {
  const secrets = (install: ArgoCdInstall) =>
    installed(install)
      .filter(isWorkload)
      .flatMap(({ metadata, spec }) =>
        (spec.template.spec.volumes ?? []).flatMap(({ secret }) =>
          secret ? [`${metadata.name} ${secret.secretName} ${secret.optional}`] : [],
        ),
      );

  it('by certificate lets no pod start without them', () => {
    expect(secrets(prod).sort()).toEqual(
      ['argocd-application-controller', 'argocd-repo-server', 'argocd-server'].flatMap((name) => [
        `${name} argocd-repo-server-mtls false`,
        `${name} argocd-repo-server-tls false`,
      ]),
    );
  });

  it('by network leaves them optional, as in the manifest', () => {
    expect(secrets(dev).every((line) => line.endsWith(' true'))).toBe(true);
    expect(secrets(dev)).toHaveLength(6);
  });

  it('by certificate is verified by every client there is', () => {
    const install: ArgoCdInstall = { ...prod, parts: { dex: true, notifications: true, applicationSets: true } };
    expect(checkInstall(manifestFor(install), install)).toEqual([]);
    const keys = Object.keys(dataOf(installed(install), 'argocd-cmd-params-cm')).filter((key) => key.endsWith('.ca.cert.path'));
    expect(keys).toEqual(
      ['controller', 'server', 'applicationsetcontroller', 'notificationscontroller'].map((client) => `${client}.repo.server.ca.cert.path`),
    );
    const clients = installed(install)
      .filter(isWorkload)
      .filter(({ spec }) =>
        containersOf({ spec } as Workload).some(({ env = [] }) =>
          env.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.key.endsWith('.repo.server.ca.cert.path')),
        ),
      );
    expect(clients).toHaveLength(keys.length);
    for (const client of clients) {
      const [container] = client.spec.template.spec.containers;
      const volume = client.spec.template.spec.volumes?.find(({ secret }) => secret?.secretName === 'argocd-repo-server-mtls');
      const mount = container?.volumeMounts?.find(({ name }) => name === volume?.name);
      expect(mount?.mountPath, client.metadata.name).toBe('/app/config/reposerver/mtls');
      expect(JSON.stringify(volume), client.metadata.name).toContain('"path":"server-ca.crt"');
    }
  });
});

it('the project default allows nothing, whoever made it', () => {
  expect(find(installed(dev), 'AppProject', 'default')).toEqual({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default', namespace: 'argocd' },
    spec: {
      description: 'Allows nothing: every Application names its own project',
      sourceRepos: [],
      sourceNamespaces: [],
      destinations: [],
      clusterResourceWhitelist: [],
      namespaceResourceBlacklist: [{ group: '*', kind: '*' }],
    },
  });
});

interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
}

/** What of a workload the standard refuses. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
function unrestricted(object: Workload): string[] {
  const pod = object.spec.template.spec as unknown as { securityContext?: SecurityContext; volumes?: object[] } & Record<string, unknown>;
  const allowed = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'];
  const containers = containersOf(object).flatMap((container) => {
    const own = (container as { securityContext?: SecurityContext }).securityContext ?? {};
    const { runAsNonRoot = pod.securityContext?.runAsNonRoot, runAsUser = pod.securityContext?.runAsUser } = own;
    const { seccompProfile = pod.securityContext?.seccompProfile } = own;
    const fine =
      own.allowPrivilegeEscalation === false &&
      own.privileged !== true &&
      own.capabilities?.drop?.includes('ALL') &&
      (own.capabilities.add ?? []).every((name) => name === 'NET_BIND_SERVICE') &&
      runAsNonRoot === true &&
      runAsUser !== 0 &&
      ['RuntimeDefault', 'Localhost'].includes(seccompProfile?.type ?? '');
    return fine ? [] : [`${object.metadata.name} ${container.name}`];
  });
  const isHostUsed = pod.hostNetwork === true || pod.hostPID === true || pod.hostIPC === true;
  const volumes = (pod.volumes ?? []).filter((volume) => !Object.keys(volume).some((key) => allowed.includes(key)));
  return [...containers, ...(isHostUsed ? [`${object.metadata.name} host`] : []), ...volumes.map((volume) => JSON.stringify(volume))];
}

/** Paths at which two values differ, the kind in front; a part that is new counts as one. */
function changes(before: unknown, after: unknown, path = (before as KubernetesObject).kind): string[] {
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return before === after ? [] : [path];
  if (Array.isArray(before) && Array.isArray(after) && before.length !== after.length) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    changes((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key], `${path}.${key}`),
  );
}
