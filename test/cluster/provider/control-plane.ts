import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryRun } from '../../../infra/delivery/process.ts';
import { ensureAuthority, issue } from '../../../infra/local/cluster/certificates.ts';
import { kubeconfig } from '../../../infra/local/cluster/kubeconfig.ts';
import { ensureTools } from '../../../infra/local/tools.ts';

/** etcd, an API server and the controllers on 127.0.0.1, without a node: objects behave as in any cluster, but no container runs. */
export interface ControlPlane {
  readonly server: string;
  /** Text of a kubeconfig of its administrator. */
  readonly kubeconfig: string;
  /** Name of the only context in it. */
  readonly context: string;
  /** Absolute path of kubectl. */
  readonly kubectl: string;
  /** Absolute path of the kubeconfig. */
  readonly kubeconfigFile: string;
  /** Absolute path of the audit log, one JSON object a line: every request, without its body. Undefined unless asked for. */
  readonly auditLog: string | undefined;
  /** Text of a kubeconfig of another user. @param group `system:masters` may do everything */
  kubeconfigOf(user: string, group?: string): Promise<string>;
  stop(): Promise<void>;
}

const context = 'provider-test';
const startTimeout = 120_000;

/** Where its parts keep files and listen. */
interface Layout {
  readonly folder: string;
  readonly pki: string;
  /** URLs of etcd, for clients and for its peers. */
  readonly etcd: string;
  readonly peers: string;
  readonly apiPort: number;
  readonly kubeconfigFile: string;
  readonly auditLog: string | undefined;
}

/** Starts it in a temporary folder; takes about 9 s. @param options.audit keeps an audit log */
export async function startControlPlane({ audit = false }: { readonly audit?: boolean } = {}): Promise<ControlPlane> {
  const programs = await ensureTools(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']);
  const layout = await layOut(audit);
  const server = `https://127.0.0.1:${layout.apiPort}`;
  const config = await issueKeys(layout.pki, server);
  writeFileSync(layout.kubeconfigFile, config, { mode: 0o600 });
  const running = [
    start(layout, programs.etcd, etcd(layout)),
    start(layout, programs['kube-apiserver'], apiServer(layout)),
    start(layout, programs['kube-controller-manager'], controllers(layout)),
  ];
  const stop = () => stopAll(running, layout.folder);
  const { kubectl } = programs;
  if (!(await isServing(kubectl, layout.kubeconfigFile))) {
    const log = readFileSync(join(layout.folder, 'kube-apiserver.log'), 'utf8').slice(-2000);
    await stop();
    throw new Error(`the control plane doesn't serve: ${log}`);
  }
  const kubeconfigOf = (user: string, group?: string) => issueUser(layout.pki, server, user, group);
  const { kubeconfigFile, auditLog } = layout;
  return { server, kubeconfig: config, context, kubectl, kubeconfigFile, auditLog, kubeconfigOf, stop };
}

async function layOut(audit: boolean): Promise<Layout> {
  const folder = mkdtempSync(join(tmpdir(), 'fullcycle-control-plane-'));
  const [clients = 0, peers = 0, apiPort = 0] = await Promise.all([freePort(), freePort(), freePort()]);
  const etcd = `http://127.0.0.1:${clients}`;
  return {
    folder,
    pki: join(folder, 'pki'),
    etcd,
    peers: `http://127.0.0.1:${peers}`,
    apiPort,
    kubeconfigFile: join(folder, 'kubeconfig'),
    auditLog: audit ? join(folder, 'audit.log') : undefined,
  };
}

/** @returns the administrator's kubeconfig */
async function issueKeys(pki: string, server: string): Promise<string> {
  await ensureAuthority(pki, context);
  await issue(pki, [{ name: 'server', commonName: 'kube-apiserver', usage: 'server', names: ['IP:127.0.0.1', 'DNS:localhost'] }]);
  return issueUser(pki, server, 'admin', 'system:masters');
}

async function issueUser(pki: string, server: string, user: string, group?: string): Promise<string> {
  await issue(pki, [{ name: user, commonName: user, group, usage: 'client' }]);
  const read = (name: string) => readFileSync(join(pki, name), 'utf8');
  return kubeconfig({ name: context, server, authority: read('ca.crt'), certificate: read(`${user}.crt`), key: read(`${user}.key`) });
}

/** @returns flags that keep the audit log */
function auditing({ folder, auditLog }: Layout): string[] {
  if (!auditLog) return [];
  const policy = join(folder, 'audit-policy.json');
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`];
}

function etcd({ folder, etcd, peers }: Layout): string[] {
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
  ];
}

function apiServer(layout: Layout): string[] {
  const { pki, etcd, apiPort } = layout;
  return [
    ...auditing(layout),
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${apiPort}`,
    `--etcd-servers=${etcd}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.255.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${join(pki, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${join(pki, 'service-accounts.key')}`,
    `--client-ca-file=${join(pki, 'ca.crt')}`,
    `--tls-cert-file=${join(pki, 'server.crt')}`,
    `--tls-private-key-file=${join(pki, 'server.key')}`,
  ];
}

function controllers({ pki, kubeconfigFile }: Layout): string[] {
  return [
    `--kubeconfig=${kubeconfigFile}`,
    '--secure-port=0',
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--service-account-private-key-file=${join(pki, 'service-accounts.key')}`,
    `--root-ca-file=${join(pki, 'ca.crt')}`,
  ];
}

function start({ folder }: Layout, program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, `${basename(program)}.log`));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  return child;
}

/** Throw-away processes: nothing is worth a graceful end. */
async function stopAll(running: readonly ChildProcess[], folder: string): Promise<void> {
  for (const child of running.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}

/** True as soon as the controllers have made their first object; false when they don't in time. */
async function isServing(kubectl: string, kubeconfigFile: string): Promise<boolean> {
  const question = ['get', 'serviceaccount', 'default', '--namespace=default', `--kubeconfig=${kubeconfigFile}`];
  for (const deadline = performance.now() + startTimeout; performance.now() < deadline; await sleep(200)) {
    if ((await tryRun([kubectl, ...question])).exitCode === 0) return true;
  }
  return false;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
