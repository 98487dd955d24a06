import { JsonPatch } from 'cdk8s';
import { expect, it } from 'vitest';
import { type Case, changed, messages } from './changed.ts';

const project = 'argocd/projects/prod.yaml';
const namespaceProject = 'argocd/projects/prod-namespace.yaml';
const application = 'argocd/applications/prod-goserver.yaml';
const namespaceApplication = 'argocd/applications/prod-namespace.yaml';
const configMap = 'environments/prod/goserver/configmap-goserver.yaml';

const cases: Case[] = [
  [
    'projects',
    'every repository',
    project,
    [JsonPatch.replace('/spec/sourceRepos', ['*'])],
    ['#spec.sourceRepos[0]: * - projects: no pattern and no negation - write out what is allowed'],
  ],
  [
    'projects',
    'a pattern of namespaces',
    project,
    [JsonPatch.replace('/spec/destinations/0/namespace', 'prod-*')],
    ['#spec.destinations[0].namespace: prod-* - projects: no pattern and no negation - write out what is allowed'],
  ],
  [
    'projects',
    'a negation',
    project,
    [JsonPatch.add('/spec/destinations/1', { server: 'https://kubernetes.default.svc', namespace: '!kube-system' })],
    ['#spec.destinations[1].namespace: !kube-system - projects: no pattern and no negation - write out what is allowed'],
  ],
  [
    'projects',
    'every kind, by leaving the list out',
    project,
    [JsonPatch.remove('/spec/namespaceResourceWhitelist')],
    ['#spec.namespaceResourceWhitelist: - projects: a list, if need be an empty one - write it out'],
  ],
  [
    'projects',
    'a cluster-scoped kind without a name',
    namespaceProject,
    [JsonPatch.remove('/spec/clusterResourceWhitelist/0/name')],
    ['#spec.clusterResourceWhitelist[0].name: - projects: is set - name the one object'],
  ],
  [
    'projects',
    'the project that all may use',
    project,
    [JsonPatch.replace('/metadata/name', 'default')],
    ['#metadata.name: default - projects: not default: every Application may use it - rename it'],
  ],
  [
    'projects',
    'objects nobody owns, unseen',
    project,
    [JsonPatch.remove('/spec/orphanedResources')],
    ['#spec.orphanedResources.warn: - projects: true: what nobody owns is shown - set true'],
  ],
  [
    'projects',
    'a project gone before its Applications',
    project,
    [JsonPatch.remove('/metadata/finalizers')],
    [
      '#metadata.finalizers: - projects: contains resources-finalizer.argocd.argoproj.io: Applications need their project to delete what they made - add it',
    ],
  ],
  [
    'applications',
    'no self-healing',
    application,
    [JsonPatch.replace('/spec/syncPolicy/automated/selfHeal', false)],
    ['#spec.syncPolicy.automated.selfHeal: false - applications: true - set true'],
  ],
  [
    'applications',
    'an empty tree allowed',
    application,
    [JsonPatch.replace('/spec/syncPolicy/automated/allowEmpty', true)],
    ['#spec.syncPolicy.automated.allowEmpty: true - applications: false - set false'],
  ],
  [
    'applications',
    'no automatic sync',
    application,
    [JsonPatch.remove('/spec/syncPolicy/automated')],
    [
      '#spec.syncPolicy.automated.allowEmpty: - applications: false - set false',
      '#spec.syncPolicy.automated.enabled: - applications: true - set true',
      '#spec.syncPolicy.automated.prune: - applications: true - set true',
      '#spec.syncPolicy.automated.selfHeal: - applications: true - set true',
    ],
  ],
  [
    'applications',
    'client-side apply',
    application,
    [JsonPatch.remove('/spec/syncPolicy/syncOptions/3')],
    [
      '#spec.syncPolicy.syncOptions: ["ApplyOutOfSyncOnly=true","FailOnSharedResource=true","PruneLast=true"] - applications: contains ServerSideApply=true - add them',
    ],
  ],
  [
    'applications',
    'objects replaced',
    application,
    [JsonPatch.add('/spec/syncPolicy/syncOptions/4', 'Replace=true')],
    [
      '#spec.syncPolicy.syncOptions: ["ApplyOutOfSyncOnly=true","FailOnSharedResource=true","PruneLast=true","ServerSideApply=true","Replace=true"] - applications: does not contain Replace=true - remove them',
    ],
  ],
  [
    'applications',
    'no retry',
    application,
    [JsonPatch.replace('/spec/syncPolicy/retry/limit', 0)],
    ['#spec.syncPolicy.retry.limit: 0 - applications: not 0 - let a failed sync be tried again'],
  ],
  [
    'applications',
    'a branch that may be a tag',
    application,
    [JsonPatch.replace('/spec/source/targetRevision', 'main')],
    ['#spec.source.targetRevision: main - applications: refs/heads/<branch> - name the branch in full'],
  ],
  [
    'applications',
    'a path outside',
    application,
    [JsonPatch.replace('/spec/source/path', '../other')],
    [
      '#spec.source.path: ../other - applications: a relative, normalised path of A-Z, a-z, 0-9, ".", "_" and "-", at most 512 characters, without ".." or ".git" parts - write it from the root of the repository, like app/goserver',
    ],
  ],
  [
    'applications',
    'the default project',
    application,
    [JsonPatch.replace('/spec/project', 'default')],
    ['#spec.project: default - applications: a project of its own - name it'],
  ],
  [
    'applications',
    'several sources',
    application,
    [JsonPatch.add('/spec/sources', [])],
    ['#spec.sources: [] - applications: one source - use spec.source'],
  ],
  [
    'applications',
    'a refresh on every commit',
    application,
    [JsonPatch.remove('/metadata/annotations/argocd.argoproj.io~1manifest-generate-paths')],
    ['#metadata.annotations.argocd.argoproj.io/manifest-generate-paths: - applications: . - set .'],
  ],
  [
    'applications',
    'pods left behind',
    application,
    [JsonPatch.remove('/metadata/finalizers')],
    [
      '#metadata.finalizers: - applications: contains resources-finalizer.argocd.argoproj.io: pods without an owner would run on unseen - add it',
    ],
  ],
  [
    'applications',
    'a namespace taken along',
    namespaceApplication,
    [JsonPatch.add('/metadata/finalizers', ['resources-finalizer.argocd.argoproj.io'])],
    [
      '#metadata.finalizers: ["resources-finalizer.argocd.argoproj.io"] - applications: none: the namespace outlives its Application - remove it',
    ],
  ],
  [
    'application-folders',
    'a folder that is not there',
    namespaceApplication,
    [JsonPatch.replace('/spec/source/path', 'environments/prod/nowhere')],
    [
      'error[E_REFERENCE] #spec.source.path: environments/prod/nowhere - application-folders: a folder of the tree - correct the path',
      'error[E_REFERENCE] environments/prod/namespace/limitrange-prod.yaml#metadata.name: environments/prod/namespace - application-folders: its folder is read by an Application - add an Application, or remove the folder',
    ],
  ],
  [
    'application-folders',
    'a project that is not there',
    namespaceApplication,
    [JsonPatch.replace('/spec/project', 'other')],
    ['error[E_REFERENCE] #spec.project: other - application-folders: an AppProject of the tree - render the project'],
  ],
  [
    'application-folders',
    'another repository',
    namespaceApplication,
    [JsonPatch.replace('/spec/source/repoURL', 'https://git.example.com/other.git')],
    [
      'error[E_REFERENCE] #spec.source.repoURL: https://git.example.com/other.git - application-folders: allowed by argocd/projects/prod-namespace.yaml - correct one of them',
    ],
  ],
  [
    'application-folders',
    'another cluster',
    namespaceApplication,
    [JsonPatch.replace('/spec/destination/server', 'https://10.0.0.1')],
    [
      'error[E_REFERENCE] #spec.destination: {"server":"https://10.0.0.1","namespace":"prod"} - application-folders: allowed by argocd/projects/prod-namespace.yaml - correct one of them',
      'error[E_REFERENCE] environments/prod/namespace/limitrange-prod.yaml#metadata.namespace: prod - application-folders: a destination of argocd/projects/prod-namespace.yaml - correct the namespace',
      'error[E_REFERENCE] environments/prod/namespace/networkpolicy-default-deny.yaml#metadata.namespace: prod - application-folders: a destination of argocd/projects/prod-namespace.yaml - correct the namespace',
      'error[E_REFERENCE] environments/prod/namespace/resourcequota-prod.yaml#metadata.namespace: prod - application-folders: a destination of argocd/projects/prod-namespace.yaml - correct the namespace',
    ],
  ],
  [
    'application-folders',
    'a kind the project does not allow',
    project,
    [JsonPatch.remove('/spec/namespaceResourceWhitelist/0')],
    [
      'error[E_REFERENCE] environments/prod/goserver/configmap-goserver.yaml#kind: ConfigMap - application-folders: allowed by argocd/projects/prod.yaml - render the project again',
    ],
  ],
  [
    'application-folders',
    'a kind the project refuses',
    project,
    [JsonPatch.replace('/spec/namespaceResourceBlacklist/2/kind', 'ConfigMap')],
    [
      'error[E_REFERENCE] environments/prod/goserver/configmap-goserver.yaml#kind: ConfigMap - application-folders: allowed by argocd/projects/prod.yaml - render the project again',
    ],
  ],
  [
    'application-folders',
    'another namespace than the one allowed',
    namespaceProject,
    [JsonPatch.replace('/spec/clusterResourceWhitelist/0/name', 'dev')],
    [
      'error[E_REFERENCE] environments/prod/namespace/namespace-prod.yaml#kind: Namespace - application-folders: allowed by argocd/projects/prod-namespace.yaml - render the project again',
    ],
  ],
  [
    'application-folders',
    'an object in a namespace of others',
    configMap,
    [JsonPatch.replace('/metadata/namespace', 'dev')],
    [
      'error[E_REFERENCE] #metadata.namespace: dev - application-folders: a destination of argocd/projects/prod.yaml - correct the namespace',
    ],
  ],
  [
    'application-folders',
    'an Application before its project',
    namespaceApplication,
    [JsonPatch.replace('/metadata/annotations/argocd.argoproj.io~1sync-wave', '-2')],
    [
      'error[E_REFERENCE] #metadata.annotations.argocd.argoproj.io/sync-wave: -2 - application-folders: later than -2, the wave of its project - raise it',
    ],
  ],
];

it.each(cases)('%s refuses %s', (rule, _, path, patches, expected) => {
  expect(messages(rule, changed(path, ...patches), path)).toEqual(expected);
});
