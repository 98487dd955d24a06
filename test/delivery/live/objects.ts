import { catalog } from '../../../charts/catalog.ts';
import { parseStack } from '../../../infra/config.ts';
import type { Observation } from '../../../infra/delivery/live/judge.ts';
import { type Wanted, wantedAt } from '../../../infra/delivery/live/wanted.ts';
import type { TreeEntry } from '../../../infra/delivery/plan/drift.ts';
import type { Current } from '../../../infra/delivery/plan/plan.ts';
import { formatRelease, releasePath } from '../../../infra/delivery/release/release.ts';
import type { JsonObject } from '../../../infra/kubernetes/json.ts';
import { commitId, digest, release } from '../desired.ts';

/** The commit of the GitOps repo that is waited for, and what the images were built from. */
export const commit = commitId('gitops');
export const source = commitId('1');

const resources = 'resources: { cpu: { request: 20m, limit: 250m }, memory: { request: 32Mi, limit: 64Mi } }';
const settings = `config: { fullcycle:services: { goserver: { replicas: 1, ${resources} } } }`;
export const stack = parseStack('dev', 'name: fullcycle\nruntime: nodejs\n', settings, catalog);

/** Files of the GitOps repo; each text is its path and, when given, a word. */
export function files(words: Readonly<Record<string, string>> = {}): TreeEntry[] {
  const paths = [
    'argocd/applications/dev-goserver.yaml',
    'argocd/applications/dev-namespace.yaml',
    'argocd/applications/prod-goserver.yaml',
    'argocd/projects/dev.yaml',
    'argocd/projects/dev-namespace.yaml',
    'environments/dev/goserver/deployment-goserver.yaml',
    'environments/dev/namespace/namespace-dev.yaml',
    releasePath('dev'),
    'environments/prod/goserver/deployment-goserver.yaml',
  ];
  return paths.map((path) => ({ path, mode: '100644', id: commitId(`${path} ${words[path] ?? ''}`) }));
}

export function wantedOf(current: Partial<Current> = {}): Wanted {
  const record = release({ environment: 'dev', services: { goserver: '1' } });
  const wanted = wantedAt(stack, commit, {
    entries: files(),
    ledger: { schema: 1, environments: {} } as unknown as Current['ledger'],
    release: formatRelease(record),
    ...current,
  });
  if (!wanted) throw new Error('a release is wanted');
  return wanted;
}

/** An Application as Argo CD leaves it. */
export function application(name: string, status: Readonly<Record<string, unknown>> = {}, metadata: object = {}): JsonObject {
  const spec = { source: { repoURL: 'http://gitops', path: `environments/${name}`, targetRevision: 'refs/heads/main' } };
  const { sync, ...rest } = status as { sync?: object };
  return {
    metadata: { name, namespace: 'argocd', ...metadata },
    spec,
    status: {
      sync: { status: 'Synced', revision: commit, comparedTo: spec, ...sync },
      health: { status: 'Healthy' },
      operationState: { phase: 'Succeeded' },
      ...rest,
    },
  } as unknown as JsonObject;
}

/** A Deployment that is rolled out, as lists have it. */
export function deployment(image = `registry/goserver:tag@${digest('1')}`, status: object = {}): JsonObject {
  return {
    metadata: { name: 'goserver', namespace: 'dev', generation: 2 },
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [
            { name: 'sidecar', image: 'other' },
            { name: 'goserver', image },
          ],
        },
      },
    },
    status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...status },
  } as unknown as JsonObject;
}

/** A cluster that has it all. */
export function settled(change: Partial<Observation> = {}): Observation {
  return {
    applications: ['dev-root', 'dev-goserver', 'dev-namespace'].map((name) => application(name)),
    deployments: [deployment()],
    answers: { goserver: { commit: source } },
    revisions: new Map(),
    ...change,
  };
}
