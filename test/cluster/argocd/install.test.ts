import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inInstallOrder, needsServerSideApply } from '../../../charts/argocd/install/order.ts';
import { argoCdSecrets } from '../../../charts/argocd/install/secrets.ts';
import type { ArgoCdInstall } from '../../../charts/argocd/install/settings.ts';
import { isWorkload } from '../../../charts/argocd/install/workload.ts';
import type { KubernetesObject } from '../../../charts/environment.ts';
import { type RunResult, run, tryRun } from '../../../infra/delivery/process.ts';
import { dev, installed, prod, version } from '../../charts/argocd/install/manifests.ts';
import { type ControlPlane, startControlPlane } from '../provider/control-plane.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(async () => plane?.stop());

const allParts = { dex: true, notifications: true, applicationSets: true };
const certificates = { authority: 'a', server: { certificate: 'b', key: 'c' }, client: { certificate: 'd', key: 'e' } };
/** In this order on one cluster, each in a namespace of its own, so that the definitions are upgraded and downgraded on the way. */
const installs: readonly (readonly [what: string, install: ArgoCdInstall])[] = [
  ['3.4.13 with all parts', { ...dev, namespace: 'argocd-old', version: '3.4.13', parts: allParts }],
  [`${version} for dev`, { ...dev, namespace: 'argocd-dev' }],
  [`${version} for prod`, { ...prod, namespace: 'argocd-prod' }],
  [`${version} for prod with all parts`, { ...prod, namespace: 'argocd-all', parts: allParts }],
  ['3.4.13 for prod', { ...prod, namespace: 'argocd-back', version: '3.4.13', repoServerAccess: 'network' }],
];

/** Everything but the Application, in waves. */
function wavesOf(install: ArgoCdInstall): KubernetesObject[][] {
  const repoServer = install.repoServerAccess === 'mutualTls' ? { repoServer: certificates } : {};
  return inInstallOrder([...installed(install), ...argoCdSecrets<string>(install, { redisPassword: 'canary', ...repoServer })]);
}

function kubectl(args: readonly string[], objects?: readonly KubernetesObject[]): Promise<RunResult> {
  const input = objects && JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  return tryRun([plane.kubectl, `--kubeconfig=${plane.kubeconfigFile}`, ...args], { input });
}

const serverSide = ['apply', '--server-side', '--field-manager=test', '--force-conflicts', '-f', '-'];

async function apply(waves: readonly (readonly KubernetesObject[])[]): Promise<string> {
  const said: string[] = [];
  for (const wave of waves) {
    const { exitCode, stderr } = await kubectl(serverSide, wave);
    said.push(stderr);
    expect(exitCode, stderr).toBe(0);
    const definitions = wave.filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ metadata }) => `crd/${metadata.name}`);
    if (definitions.length > 0) await kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...definitions]);
  }
  return said.join('');
}

async function items(args: readonly string[]): Promise<KubernetesObject[]> {
  const { stdout } = await run([plane.kubectl, `--kubeconfig=${plane.kubeconfigFile}`, 'get', '-o', 'json', ...args]);
  return (JSON.parse(stdout) as { items: KubernetesObject[] }).items;
}

/** `kind name` → version, of every object applied. */
async function versions(objects: readonly KubernetesObject[]): Promise<Record<string, string>> {
  const { stdout } = await kubectl(['get', '-o', 'json', '-f', '-'], objects);
  const found = (JSON.parse(stdout) as { items: { kind: string; metadata: { name: string; resourceVersion: string } }[] }).items;
  return Object.fromEntries(found.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]));
}

describe.each(installs)('%s', (_what, install) => {
  const waves = wavesOf(install);

  it('is accepted wave by wave, without a warning', async () => {
    expect(await apply(waves)).toBe('');
  });

  it('starts a pod of every workload: none is refused by the restricted standard of its namespace', async () => {
    const workloads = waves.flat().filter(isWorkload);
    const missing = async () => {
      const owners = (await items(['pods', '-n', install.namespace])).map(({ metadata }) => metadata.name);
      return workloads
        .filter(({ metadata }) => !owners.some((name) => name.startsWith(`${metadata.name}-`)))
        .map(({ metadata }) => metadata.name);
    };
    for (const deadline = performance.now() + 60_000; (await missing()).length > 0 && performance.now() < deadline; ) await sleep(500);
    const refused = await items(['events', '-n', install.namespace, '--field-selector=reason=FailedCreate']);
    expect(refused.map((event) => event.message)).toEqual([]);
    expect(await missing()).toEqual([]);
  });

  it('applied again is the same', async () => {
    const settled = waves.flat().filter((object) => !isWorkload(object) && object.kind !== 'PodDisruptionBudget');
    const before = await versions(settled);
    expect(Object.keys(before).length).toBe(settled.length);
    await apply(waves);
    expect(await versions(settled)).toEqual(before);
  });

  it('has a project default that allows nothing', async () => {
    const { stdout } = await kubectl(['get', 'appproject', 'default', '-n', install.namespace, '-o', 'json']);
    expect((JSON.parse(stdout) as KubernetesObject).spec).toMatchObject({
      sourceRepos: [],
      destinations: [],
      clusterResourceWhitelist: [],
    });
  });
});

it('takes back a project default that Argo CD made before, which allowed everything', async () => {
  const project = installed({ ...dev, namespace: 'argocd-dev' }).filter(({ kind }) => kind === 'AppProject');
  const open = {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  };
  await kubectl(['delete', 'appproject', 'default', '-n', 'argocd-dev']);
  await kubectl(
    ['create', '-f', '-'],
    project.map((object) => ({ ...object, spec: open })),
  );
  expect(await apply([project])).toBe('');
  const { stdout } = await kubectl(['get', 'appproject', 'default', '-n', 'argocd-dev', '-o', 'json']);
  expect((JSON.parse(stdout) as KubernetesObject).spec).toEqual(project[0]?.spec);
});

describe('the mark of what is too large for client-side apply', () => {
  const definitions = installed(dev).filter(({ kind }) => kind === 'CustomResourceDefinition');
  const clientSide = (object: KubernetesObject) => kubectl(['apply', '--dry-run=server', '-f', '-'], [object]);

  it.each(definitions.map((object) => [object.metadata.name, object] as const))('is right about %s', async (_name, object) => {
    const { exitCode, stderr } = await clientSide(object);
    expect(exitCode === 0).toBe(!needsServerSideApply(object));
    if (exitCode !== 0) expect(stderr).toContain('metadata.annotations: Too long: may not be more than 262144 bytes');
  });
});
