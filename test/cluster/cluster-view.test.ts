import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewCluster } from '../../infra/delivery/live/observe.ts';
import type { Wanted } from '../../infra/delivery/live/wanted.ts';
import { run } from '../../infra/delivery/process.ts';
import { Unreachable } from '../../infra/kubernetes/api-error.ts';
import { connect } from '../../infra/kubernetes/connection.ts';
import { textAt } from '../../infra/kubernetes/object.ts';
import { moduleDirectory } from '../../infra/local/tools.ts';
import { wantedOf } from '../delivery/live/objects.ts';
import { eventually } from './cluster-project.ts';
import { type ControlPlane, startControlPlane } from './provider/control-plane.ts';

let plane: ControlPlane;
const wanted: Wanted = wantedOf();
const { signal } = new AbortController();

beforeAll(async () => {
  plane = await startControlPlane({ audit: true });
});
afterAll(() => plane?.stop());

const viewAs = async (user: string, group?: string) =>
  viewCluster(await connect(await plane.kubeconfigOf(user, group), plane.context), signal);

async function kubectl(args: readonly string[], input?: string): Promise<void> {
  await run([plane.kubectl, `--kubeconfig=${plane.kubeconfigFile}`, ...args], { input });
}

/** What a user asked of the API server: verb and kind. */
function asked(name: string): string[] {
  const events = readFileSync(plane.auditLog ?? '', 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const own = events.filter(({ user, stage }) => user.username === name && stage === 'ResponseComplete');
  return own.map(({ verb, objectRef }) => `${verb} ${objectRef.resource}`).sort();
}

describe('a look at a cluster', () => {
  it('without Argo CD sees no Applications', async () => {
    const view = await viewAs('reader', 'system:masters');
    expect(await view.look(wanted)).toEqual({ applications: [], deployments: [], answers: {} });
  });

  it('reads two lists and writes nothing', () => {
    expect(asked('reader')).toEqual(['list applications', 'list deployments']);
  });

  it('without the right to look says which one is missing', async () => {
    const view = await viewAs('stranger');
    await expect(view.look(wanted)).rejects.toThrow(
      new RegExp(
        `^error\\[E_AUTH\\] ${plane.server}: - the API server refuses it: \\w+\\.\\S+ is forbidden: User "stranger" cannot list resource .* - grant the user of the context this right, or renew its credentials$`,
      ),
    );
  });

  it('at a server that is away is one that can be repeated', async () => {
    const elsewhere = plane.kubeconfig.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1023');
    const view = viewCluster(await connect(elsewhere, plane.context), signal);
    await expect(view.look(wanted)).rejects.toThrow(Unreachable);
  });

  it('sees the environment’s own objects, and can have Argo CD look at one of them', async () => {
    const module = await moduleDirectory('cluster', 'github.com/argoproj/argo-cd/v3');
    await kubectl(['apply', '--server-side', `--filename=${join(module, 'manifests', 'crds', 'application-crd.yaml')}`]);
    await eventually('Applications are served', 30, async () => {
      await kubectl(['get', 'applications', '--all-namespaces']);
      return true;
    });
    await kubectl(['create', 'namespace', 'argocd']);
    const application = (name: string, environment: string) => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'argocd', labels: { 'app.kubernetes.io/part-of': environment } },
      spec: { project: 'default', destination: {} },
    });
    const items = [application('dev-goserver', 'dev'), application('prod-goserver', 'prod')];
    await kubectl(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

    const view = await viewAs('deliverer', 'system:masters');
    await view.refresh(wanted, ['dev-goserver']);
    const { applications } = await view.look(wanted);
    expect(applications.map((each) => textAt(each, 'metadata', 'name'))).toEqual(['dev-goserver']);
    expect(textAt(applications[0], 'metadata', 'annotations', 'argocd.argoproj.io/refresh')).toBe('normal');
    expect(asked('deliverer')).toEqual(['list applications', 'list deployments', 'patch applications']);
  });
});
