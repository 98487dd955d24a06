import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { startCluster, stopCluster } from '../../../infra/local/cluster/cluster.ts';
import { kindConfiguration, kindNodeImage, kindStatus } from '../../../infra/local/cluster/kind.ts';

let folder: string;
let project: string;
let bin: string;

/** Puts a program on PATH that writes down its arguments and its input, and then does what it is told. */
function program(name: string, body: string): void {
  const calls = join(folder, 'calls');
  const script = `#!/bin/sh\necho "${name} $*" >> ${calls}\n${body}\n`;
  writeFileSync(join(bin, name), script);
  chmodSync(join(bin, name), 0o755);
}

const calls = () =>
  readFileSync(join(folder, 'calls'), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !/^(kind|kubectl) version/.test(line))
    .map((line) => line.replaceAll(project, '<project>'));
const options = () => ({ projectDir: project, registryPort: 20_000, gitopsPort: 20_001 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kind-'));
  project = join(folder, 'project');
  bin = join(folder, 'bin');
  for (const path of [project, bin]) mkdirSync(path);
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  program(
    'kind',
    `case "$1 $2" in
      "version "*) echo "kind v0.32.0 go1.26.8 linux/amd64" ;;
      "get clusters") test ! -e ${folder}/created || echo gitopsfc ;;
      "create cluster") cat > ${folder}/configuration; touch ${folder}/created ;;
      "delete cluster") rm ${folder}/created ;;
    esac`,
  );
  program(
    'docker',
    `case "$1 $2" in
      "version "*) echo 28.2.2 ;;
      "network inspect") echo '[{"Subnet":"fc00::/64","Gateway":"fc00::1"},{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"}]' ;;
      "inspect "*) echo true ;;
    esac`,
  );
  program('kubectl', `case "$1" in version) echo "Client Version: v1.36.3" ;; *) cat > ${folder}/applied ;; esac`);
  return () => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  };
});

describe('a kind cluster', () => {
  it('is one node with the pinned image, which finds its registries in a folder of the project', () => {
    expect(kindConfiguration('/p/registries')).toEqual({
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      name: 'gitopsfc',
      networking: { apiServerAddress: '127.0.0.1' },
      nodes: [
        {
          role: 'control-plane',
          image: kindNodeImage,
          extraMounts: [{ hostPath: '/p/registries', containerPath: '/etc/containerd/certs.d', readOnly: true }],
        },
      ],
    });
    expect(kindNodeImage).toMatch(/^kindest\/node:v1\.36\.\d+@sha256:[0-9a-f]{64}$/);
  });

  it('is created with a kubeconfig of the project, and told where the host is', async () => {
    const cluster = await startCluster('kind', options());
    expect(cluster).toEqual({
      kind: 'kind',
      kubeconfig: join(project, '.fullcycle', 'kubeconfig'),
      context: 'kind-gitopsfc',
      enforcesNetworkPolicy: true,
      hostAddress: '172.18.0.1',
      auditLog: undefined,
      reused: false,
    });
    expect(calls()).toEqual([
      'docker version --format {{.Server.Version}}',
      'kind get clusters',
      'kind create cluster --name gitopsfc --config - --kubeconfig <project>/.fullcycle/kubeconfig --wait 5m',
      'docker network inspect kind --format {{json .IPAM.Config}}',
      'kubectl --kubeconfig=<project>/.fullcycle/kubeconfig --context=kind-gitopsfc apply --server-side --force-conflicts --field-manager=fullcycle-cluster --filename=-',
    ]);
    const registries = join(project, '.fullcycle', 'kind', 'registries');
    expect(parse(readFileSync(join(folder, 'configuration'), 'utf8'))).toEqual(kindConfiguration(registries));
    expect(readFileSync(join(registries, 'quay.io', 'hosts.toml'), 'utf8')).toContain('[host."http://172.18.0.1:20000"]');
    expect(readFileSync(join(folder, 'applied'), 'utf8')).toContain('addresses:\n      - 172.18.0.1\n');
  });

  it('is started again and used by the project that created it', async () => {
    await startCluster('kind', options());
    await stopCluster(project);
    expect(calls().at(-1)).toBe('docker stop gitopsfc-control-plane');
    const before = calls().length;
    expect(await startCluster('kind', options())).toMatchObject({ reused: true, hostAddress: '172.18.0.1' });
    expect(calls().slice(before, before + 4)).toEqual([
      'docker version --format {{.Server.Version}}',
      'kind get clusters',
      'docker start gitopsfc-control-plane',
      'kind export kubeconfig --name gitopsfc --kubeconfig <project>/.fullcycle/kubeconfig',
    ]);
    expect(await kindStatus(project)).toMatchObject({ kind: 'kind', running: true, ready: true });
  });

  it('is deleted when the project is purged', async () => {
    await startCluster('kind', options());
    await stopCluster(project, { purge: true });
    expect(calls().at(-1)).toBe('kind delete cluster --name gitopsfc');
    expect(existsSync(join(project, '.fullcycle', 'kind'))).toBe(false);
    expect(await kindStatus(project)).toBeUndefined();
  });

  it('of somebody else is neither used nor touched', async () => {
    writeFileSync(join(folder, 'created'), '');
    await expect(startCluster('kind', options())).rejects.toThrow(
      'error[E_LOCKED] cluster: gitopsfc - a kind cluster of this name was created by something else - delete it (kind delete cluster --name gitopsfc), or use it with --cluster current and its context kind-gitopsfc',
    );
    await stopCluster(project, { purge: true });
    expect(calls()).toEqual(['docker version --format {{.Server.Version}}', 'kind get clusters']);
  });

  it('needs a Docker daemon', async () => {
    program('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    await expect(startCluster('kind', options())).rejects.toThrow(
      'error[E_TOOL] docker: - kind needs a Docker daemon - start Docker, or choose another --cluster',
    );
  });

  it('that kind fails to create is reported with its last words', async () => {
    program(
      'kind',
      'case "$1 $2" in "version "*) echo v0.32.0 ;; "create cluster") echo "ERROR: failed to create cluster: no space" >&2; exit 1 ;; esac',
    );
    await expect(startCluster('kind', options())).rejects.toThrow('ERROR: failed to create cluster: no space');
  });
});

describe("a cluster of the user's", () => {
  it('is used as it is when its API server answers', async () => {
    vi.stubEnv('KUBECONFIG', '/home/me/config:/home/me/other');
    expect(await startCluster('current', { ...options(), context: 'staging' })).toMatchObject({
      kind: 'current',
      kubeconfig: '/home/me/config',
      context: 'staging',
      reused: true,
    });
    expect(calls()).toEqual(['kubectl --context=staging --request-timeout=10s get --raw /readyz']);
  });

  it('that does not answer is reported with what kubectl says', async () => {
    program('kubectl', 'case "$1" in version) echo v1.36.3 ;; *) echo "The connection to the server was refused" >&2; exit 1 ;; esac');
    await expect(startCluster('current', { ...options(), context: 'staging' })).rejects.toThrow(
      'error[E_LOCAL_DOWN] context staging: The connection to the server was refused - its API server must answer - check the context with kubectl',
    );
  });

  it('must be named', async () => {
    await expect(startCluster('current', options())).rejects.toThrow(
      'error[E_USAGE] cluster.context: - the current cluster is named by its context - set cluster.context, or choose another --cluster',
    );
  });
});

it('no cluster is nothing to start', async () => {
  expect(await startCluster('none', options())).toBeUndefined();
});
