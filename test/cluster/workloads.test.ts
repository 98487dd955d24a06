import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../charts/catalog.ts';
import type { ReleasedImage } from '../../charts/environment.ts';
import { render } from '../../charts/render.ts';
import { goserver } from '../../charts/services/goserver.ts';
import { loadStack } from '../../infra/config.ts';
import { buildImage } from '../../infra/image/build.ts';
import { type LocalEnvironment, localNames, pushAddress } from '../../infra/local/addresses.ts';
import { type RunningCluster, stopCluster } from '../../infra/local/cluster/cluster.ts';
import { provideArgoCdImages } from '../../infra/local/cluster/images.ts';
import { findDaemon } from '../../infra/local/daemon.ts';
import { stateFolder } from '../../infra/local/local.ts';
import { tool } from '../../infra/local/tools.ts';
import { listeningAddresses } from '../local/project.ts';
import { type ClusterProject, createClusterProject, eventually } from './cluster-project.ts';
import { namespaceOf, processesIn, processesOf, traces } from './machine.ts';

const root = new URL('../..', import.meta.url).pathname;
const commit = '1'.repeat(40);
const greeting = 'Hello Full Cycle';
const pod = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0 };
const client = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'client', namespace: 'default' },
  spec: {
    ...pod,
    containers: [
      {
        name: 'client',
        image: 'public.ecr.aws/docker/library/redis:8.2.3-alpine',
        imagePullPolicy: 'Always',
        command: ['sleep', 'infinity'],
      },
    ],
  },
};

let project: ClusterProject;
let cluster: RunningCluster;
let local: LocalEnvironment;
let image: ReleasedImage;

beforeAll(async () => {
  project = createClusterProject();
  ({ cluster, local } = await project.start());
  await provideArgoCdImages({ registry: local.registry.address });
  const name = `${localNames.registry}/goserver`;
  const request = { service: goserver, context: join(root, goserver.source), name, pushTo: pushAddress(name, local), tag: commit };
  image = await buildImage({ ...request, platforms: [`linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`], builder: 'ko' });
  await project.apply(...(await workloads()), client);
  await project.kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=120s');
  await project.kubectl('rollout', 'status', 'deployment/goserver', '--namespace=dev', '--timeout=120s');
});
afterAll(() => project[Symbol.asyncDispose]());

/** The dev environment's namespace and goserver, as a delivery would render them. */
async function workloads() {
  const { environment } = await loadStack(root, 'dev');
  const release = { source: { commit, dirty: false }, images: Object.fromEntries(catalog.map(({ name }) => [name, image])) };
  const files = render(environment, release, catalog).filter(({ path }) => /^environments\/dev\/(namespace|goserver)\//.test(path));
  return files.map(({ object }) => object).sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
}

/** Runs a shell command in the client pod. */
const inPod = (command: string) => project.kubectl('exec', 'client', '--', 'bash', '-c', command);
const httpFromPod = (host: string, port: number, request = 'GET / HTTP/1.0\\r\\n\\r\\n') =>
  inPod(`exec 3<>/dev/tcp/${host}/${port} && printf '${request}' >&3 && timeout 10 cat <&3`);
const field = (path: string, ...what: readonly string[]) => project.kubectl('get', ...what, `--output=jsonpath=${path}`);
const auditEntries = () =>
  readFileSync(cluster.auditLog ?? '', 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as { verb: string; level: string; user: { username: string }; objectRef?: { resource: string; name?: string } },
    );

describe('a workload in the embedded cluster', () => {
  it('is pulled by digest from the local registry', async () => {
    const running = await field(
      '{.items[0].status.containerStatuses[0].imageID}',
      'pods',
      '--namespace=dev',
      '--selector=app.kubernetes.io/name=goserver',
    );
    expect(running).toBe(`${localNames.registry}/goserver@${image.digest}`);
  });

  it.each(['goserver.dev', 'goserver.dev.svc', 'goserver.dev.svc.cluster.local'])(
    'answers another pod under the DNS name %s of its Service',
    async (name) => {
      expect(await httpFromPod(name, goserver.servicePort)).toContain(greeting);
    },
  );

  it('answers another pod under the address of its Service', async () => {
    expect(await httpFromPod(await field('{.spec.clusterIP}', 'service/goserver', '--namespace=dev'), goserver.servicePort)).toContain(
      greeting,
    );
  });

  it('answers the host under the address of its Service', async () => {
    const address = await field('{.spec.clusterIP}', 'service/goserver', '--namespace=dev');
    expect(await (await fetch(`http://${address}:${goserver.servicePort}/`)).text()).toContain(greeting);
  });

  it('shows its logs', async () => {
    expect(await project.kubectl('logs', '--namespace=dev', 'deployment/goserver')).toContain('"msg":"listening"');
  });

  it('runs commands with their input, output and exit code', async () => {
    expect(await inPod('echo "$(id -u) $HOSTNAME"')).toBe('999 client');
    const through = await project.tryKubectl(['exec', '--stdin', 'client', '--', 'sh', '-c', 'cat; exit 7'], 'through');
    expect(through).toMatchObject({ stdout: 'through', exitCode: 7 });
  });

  it('is reached by port-forward', async () => {
    const forwarding = spawn(await tool('kubectl'), [
      `--kubeconfig=${cluster.kubeconfig}`,
      'port-forward',
      '--namespace=dev',
      'service/goserver',
      ':8080',
    ]);
    try {
      const port = await portOf(forwarding);
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain(greeting);
    } finally {
      forwarding.kill();
    }
  });

  it('goes on running while the container runtime is restarted', async () => {
    const before = await field('{.items[*].metadata.uid} {.items[*].status.containerStatuses[*].restartCount}', 'pods', '--namespace=dev');
    const runtime = processesOf(project.layout).find(({ name }) => name === 'containerd');
    if (!runtime) throw new Error('no containerd');
    process.kill(runtime.pid, 'SIGKILL');
    expect(await httpFromPodOnceRuntimeIsBack()).toContain(greeting);
    expect(await field('{.items[*].metadata.uid} {.items[*].status.containerStatuses[*].restartCount}', 'pods', '--namespace=dev')).toBe(
      before,
    );
  });
});

const httpFromPodOnceRuntimeIsBack = () => eventually('exec works', 60, () => httpFromPod('goserver.dev', goserver.servicePort));

/** The port that `kubectl port-forward` says it listens on. */
async function portOf(forwarding: ChildProcess): Promise<number> {
  if (forwarding.stdout) {
    for await (const line of createInterface(forwarding.stdout)) {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) return Number(port);
    }
  }
  throw new Error('nothing is forwarded');
}

describe('the host', () => {
  it('serves the GitOps repo to pods under its fixed name, for reading', async () => {
    const refs = await inPod(`git ls-remote --symref ${localNames.gitops} || echo failed`);
    expect(refs).not.toContain('failed');
    const advertised = await httpFromPod(
      'gitops.fullcycle-local',
      80,
      'GET /gitops.git/info/refs?service=git-upload-pack HTTP/1.0\\r\\n\\r\\n',
    );
    expect(advertised).toContain('200 OK');
    const push = await httpFromPod(
      'gitops.fullcycle-local',
      80,
      'GET /gitops.git/info/refs?service=git-receive-pack HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n',
    );
    expect(push).toContain('403 Forbidden');
  });

  it("keeps its loopback to itself, by way of the pods' outgoing network too", async () => {
    const port = Number(local.registry.address.split(':')[1]);
    const gateway = (cluster.hostAddress ?? '').replace(/0\.1$/, '3.2');
    expect(await inPod(`(exec 3<>/dev/tcp/${gateway}/${port}) 2>/dev/null && echo open || echo closed`)).toBe('closed');
    expect(await inPod(`(exec 3<>/dev/tcp/${cluster.hostAddress}/${port}) 2>/dev/null && echo open || echo closed`)).toBe('open');
  });

  it('takes no image from a pod', async () => {
    const port = Number(local.registry.address.split(':')[1]);
    const answer = await httpFromPod(
      cluster.hostAddress ?? '',
      port,
      'POST /v2/intruder/blobs/uploads/ HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n',
    );
    expect(answer).toContain('403 Forbidden');
  });
});

describe('the API server', () => {
  it('refuses a privileged pod where the namespace is restricted', async () => {
    const privileged = { ...pod, containers: [{ name: 'root', image: 'any', securityContext: { privileged: true } }] };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'privileged', namespace: 'dev' }, spec: privileged };
    const { exitCode, stderr } = await project.tryKubectl(['create', '--filename=-'], JSON.stringify(object));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('violates PodSecurity "restricted:');
    expect(stderr).toContain('privileged (container "root" must not set securityContext.privileged=true)');
  });

  it('answers nobody without a certificate, not even for its version', async () => {
    const server = await project.kubectl('config', 'view', '--output=jsonpath={.clusters[0].cluster.server}');
    const { statusCode } = await anonymously(`${server}/version`);
    expect(statusCode).toBe(401);
  });

  it('listens on loopback and in the node, nowhere else', async () => {
    const supervisor = await findDaemon(stateFolder(project.folder), 'cluster');
    const [only, ...more] = listeningAddresses(supervisor?.pid ?? 0);
    expect(more).toEqual([]);
    expect(only).toMatch(/^0100007F:/);
    const [anyProcess] = processesOf(project.layout);
    const sockets = readFileSync(`/proc/${anyProcess?.pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
    const listening = sockets.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === '0A');
    expect(listening.length).toBeGreaterThan(2);
    expect(listening.map((fields) => fields[1]).filter((address) => address?.startsWith('00000000:'))).toEqual([]);
  });

  it('gives its metrics to the administrator', async () => {
    expect(await project.kubectl('get', '--raw', '/metrics')).toContain('apiserver_request_total');
  });

  it('keeps secrets encrypted in etcd', async () => {
    const values = { secret: 'canary-of-a-secret', plain: 'canary-of-a-config-map' };
    const metadata = { name: 'canary', namespace: 'default' };
    await project.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { value: values.secret } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value: values.plain } },
    );
    expect(Buffer.from(await field('{.data.value}', 'secret/canary'), 'base64').toString()).toBe(values.secret);
    const stored = await eventually('etcd writes its files', 30, async () => {
      const bytes = etcdFiles();
      return bytes.includes(values.plain) && bytes;
    });
    expect(stored.includes('/registry/secrets/default/canary')).toBe(true);
    expect(stored.includes('k8s:enc:secretbox:v1:key1:')).toBe(true);
    for (const text of [values.secret, Buffer.from(values.secret).toString('base64')]) expect(stored.includes(text)).toBe(false);
  });

  it('records who wrote what, without contents, and no reading', async () => {
    const admin = () => auditEntries().filter(({ user }) => user.username === 'fullcycle-admin');
    const before = admin().length;
    await project.kubectl('get', 'pods,secrets', '--all-namespaces');
    expect(admin()).toHaveLength(before);
    await project.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'audited', namespace: 'default' },
      stringData: { value: 'unheard-of' },
    });
    const written = admin().slice(before);
    expect(written).toEqual([
      expect.objectContaining({
        level: 'Metadata',
        verb: 'patch',
        objectRef: expect.objectContaining({ resource: 'secrets', name: 'audited' }),
      }),
    ]);
    expect(JSON.stringify(written)).not.toContain('unheard-of');
  });
});

function anonymously(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, (response) => resolve(response.resume())).on('error', reject);
  });
}

/** The bytes of etcd's database and of its log. */
function etcdFiles(): Buffer {
  const member = join(project.layout.lib, 'etcd', 'member');
  const files = readdirSync(member, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

it('a cluster with running pods is gone without a trace when it is stopped, and they run again after the next start', async () => {
  const [first] = processesOf(project.layout);
  const namespace = namespaceOf(first?.pid ?? 0) ?? '';
  expect((await traces(project.layout)).processes.filter((name) => name.startsWith('goserver '))).toHaveLength(1);
  expect(processesIn(namespace).map(({ name }) => name)).toEqual(expect.arrayContaining(['containerd-shim-runc-v2', 'pause']));
  await stopCluster(project.folder);
  expect(processesIn(namespace)).toEqual([]);
  const after = await traces(project.layout);
  expect(after).toMatchObject({ processes: [], routes: [], controlGroups: [] });
  expect(after.links).not.toContain(project.layout.interface);
  expect(after.mounts.filter((point) => /containerd|kubelet|netns|fullcycle/.test(point))).toEqual([]);
  await project.start();
  expect(await eventually('goserver answers again', 90, () => httpFromPod('goserver.dev', goserver.servicePort))).toContain(greeting);
});
