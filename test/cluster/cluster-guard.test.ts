import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Failure } from '../../infra/delivery/errors.ts';
import { type ClusterPin, openCluster } from '../../infra/kubernetes/cluster-guard.ts';
import { textAt } from '../../infra/kubernetes/object.ts';
import { type ControlPlane, startControlPlane } from './provider/control-plane.ts';

const folder = mkdtempSync(join(tmpdir(), 'fullcycle-guard-'));
const namespace = '/api/v1/namespaces/kube-system';
let dev: Side;
let prod: Side;
const written: string[] = [];
const planes: ControlPlane[] = [];

/** A cluster, what our user needs for it, and who it is. */
interface Side {
  readonly plane: ControlPlane;
  readonly login: Login;
  readonly stranger: Login;
  readonly identity: string;
}

/** The parts of a kubeconfig. */
interface Login {
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
}

beforeAll(async () => {
  [dev, prod] = await Promise.all([startSide(), startSide()]);
});
afterAll(async () => {
  await Promise.all(planes.map((plane) => plane.stop()));
  rmSync(folder, { recursive: true });
});

async function startSide(): Promise<Side> {
  const plane = await startControlPlane({ audit: true });
  planes.push(plane);
  const login = read(await plane.kubeconfigOf('developer', 'system:masters'));
  const stranger = read(await plane.kubeconfigOf('stranger'));
  const admin = write({ admin: read(plane.kubeconfig) });
  const failure = await refusal({ environment: 'x', context: 'admin', kubeconfig: admin });
  const identity = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(failure.message)?.[0] ?? '';
  return { plane, login, stranger, identity };
}

function read(kubeconfig: string): Login {
  const { clusters, users } = parse(kubeconfig);
  return { cluster: clusters[0].cluster, user: users[0].user };
}

/** Writes a kubeconfig with a context for each login; cluster and user are called like it. @returns its path */
function write(logins: Readonly<Record<string, Login>>, file = `config-${written.length}`): string {
  const entries = Object.entries(logins);
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: entries.map(([name, { cluster }]) => ({ name, cluster })),
    users: entries.map(([name, { user }]) => ({ name, user })),
    contexts: entries.map(([name]) => ({ name, context: { cluster: name, user: name } })),
    'current-context': entries[0]?.[0] ?? '',
  });
  const path = join(folder, file);
  writeFileSync(path, text);
  written.push(path);
  return path;
}

async function refusal(pin: ClusterPin): Promise<Failure> {
  return openCluster(pin).then(
    ({ server }) => expect.unreachable(`${server} was opened`),
    (error) => (error instanceof Failure ? error : Promise.reject(error)),
  );
}

/** Forwards connections to the API server of one side, then of another. */
async function startForwarder(): Promise<{ url: string; pointTo(side: Side): void; server: Server }> {
  let target = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const there = connectTcp(target, '127.0.0.1');
    for (const each of [socket, there]) {
      sockets.add(each);
      each.on('error', () => {});
      each.on('close', () => [socket, there].map((other) => other.destroy()));
    }
    socket.pipe(there).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pointTo = ({ plane }: Side) => {
    target = Number(new URL(plane.server).port);
    for (const socket of sockets) socket.destroy();
  };
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, pointTo, server };
}

describe('the cluster of an environment', () => {
  it('is opened when context and identity agree', async () => {
    const kubeconfig = write({ prod: prod.login, dev: dev.login });
    const cluster = await openCluster({ environment: 'dev', context: 'dev', identity: dev.identity, kubeconfig });
    expect(cluster).toMatchObject({ context: 'dev', identity: dev.identity, server: dev.plane.server });
    expect(parse(cluster.kubeconfig)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'dev', cluster: dev.login.cluster }],
      users: [{ name: 'dev', user: dev.login.user }],
      contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'dev' } }],
      'current-context': 'dev',
    });
  });

  it('is found through KUBECONFIG when no kubeconfig is named', async () => {
    const KUBECONFIG = `${join(folder, 'not-there')}${delimiter}${write({ dev: dev.login })}`;
    const pin = { environment: 'dev', context: 'dev', identity: dev.identity };
    expect((await openCluster(pin, { env: { KUBECONFIG } })).server).toBe(dev.plane.server);
  });

  it('stays the same when the kubeconfig is switched in mid-run', async () => {
    const kubeconfig = write({ dev: dev.login, prod: prod.login }, 'switched');
    const cluster = await openCluster({ environment: 'dev', context: 'dev', identity: dev.identity, kubeconfig });
    write({ prod: prod.login, dev: prod.login }, 'switched');
    const { body } = await cluster.connection.send({ method: 'GET', path: namespace });
    expect(textAt(body, 'metadata', 'uid')).toBe(dev.identity);
    expect(cluster.kubeconfig).toContain(dev.plane.server);
    expect(cluster.kubeconfig).not.toContain(prod.plane.server);
    await expect(openCluster({ environment: 'dev', context: 'dev', identity: dev.identity, kubeconfig })).rejects.toThrow(
      'E_WRONG_CLUSTER',
    );
  });

  it('may go by two names', async () => {
    const kubeconfig = write({ dev: dev.login, 'admin@dev': dev.login });
    for (const context of ['dev', 'admin@dev']) {
      expect((await openCluster({ environment: 'dev', context, identity: dev.identity, kubeconfig })).identity).toBe(dev.identity);
    }
  });

  it('may have a file of keys beside its kubeconfig, wherever that is', async () => {
    const { 'certificate-authority-data': authority, ...cluster } = dev.login.cluster;
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys', 'ca.crt'), Buffer.from(String(authority), 'base64'));
    const kubeconfig = write({ dev: { ...dev.login, cluster: { ...cluster, 'certificate-authority': 'keys/ca.crt' } } });
    expect((await openCluster({ environment: 'dev', context: 'dev', identity: dev.identity, kubeconfig })).identity).toBe(dev.identity);
  });

  it('may be logged in to by a program, whose place is kept', async () => {
    const program = join(folder, 'login');
    const { 'client-certificate-data': certificate, 'client-key-data': key } = dev.login.user as Record<string, string>;
    const decode = (text = '') => Buffer.from(text, 'base64').toString();
    const status = { clientCertificateData: decode(certificate), clientKeyData: decode(key) };
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
    writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(credential)}\nEND\n`, { mode: 0o755 });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login', interactiveMode: 'Never' };
    const kubeconfig = write({ dev: { ...dev.login, user: { exec } } });
    const cluster = await openCluster({ environment: 'dev', context: 'dev', identity: dev.identity, kubeconfig });
    expect(parse(cluster.kubeconfig).users[0].user.exec).toEqual({ ...exec, command: program });
  });
});

describe('nothing is opened', () => {
  const pinned = (rest: Partial<ClusterPin>): ClusterPin => ({ environment: 'dev', context: 'dev', identity: dev.identity, ...rest });

  it('without a context, whatever the current one is', async () => {
    const failure = await refusal(pinned({ context: undefined, kubeconfig: write({ dev: dev.login, prod: prod.login }) }));
    expect(failure.message).toBe(
      'error[E_CLUSTER] cluster.context: - stack dev names no context; the kubeconfig has dev, prod - name one in Pulumi.dev.yaml',
    );
    expect(failure.exitCode).toBe(2);
  });

  it('for a context that isn’t there', async () => {
    const failure = await refusal(pinned({ context: 'dve', kubeconfig: write({ dev: dev.login, prod: prod.login }) }));
    expect(failure.message).toBe(
      'error[E_CLUSTER] cluster.context: dve - not in the kubeconfig: the kubeconfig has dev, prod - did you mean dev?',
    );
  });

  it('for a context of the right name that leads to another server', async () => {
    const failure = await refusal(pinned({ kubeconfig: write({ dev: prod.login }) }));
    expect(failure.message).toBe(
      `error[E_WRONG_CLUSTER] context dev: ${prod.plane.server} - stack dev expects ${dev.identity}, got ${prod.identity} - ` +
        "name the context of dev's cluster in Pulumi.dev.yaml; if the cluster was made anew, pin its identity there",
    );
    expect(failure.exitCode).toBe(5);
  });

  it('for the identity of another environment', async () => {
    const failure = await refusal(pinned({ identity: prod.identity, kubeconfig: write({ dev: dev.login }) }));
    expect(failure.message).toContain(
      `E_WRONG_CLUSTER] context dev: ${dev.plane.server} - stack dev expects ${prod.identity}, got ${dev.identity} - `,
    );
  });

  it('for a new cluster behind the address of the old one', async () => {
    const { url, pointTo, server } = await startForwarder();
    const through = ({ login }: Side): Login => ({ ...login, cluster: { ...login.cluster, server: url } });
    pointTo(dev);
    expect((await openCluster(pinned({ kubeconfig: write({ dev: through(dev) }) }))).server).toBe(url);
    pointTo(prod);
    const failure = await refusal(pinned({ kubeconfig: write({ dev: through(prod) }) }));
    server.close();
    expect(failure.message).toContain(
      `error[E_WRONG_CLUSTER] context dev: ${url} - stack dev expects ${dev.identity}, got ${prod.identity} - `,
    );
  });

  it('for the other of two contexts with one name: the first file counts', async () => {
    const [first, second] = [write({ kubernetes: prod.login }), write({ kubernetes: dev.login })];
    const failure = await refusal(pinned({ context: 'kubernetes', kubeconfig: [first, second].join(delimiter) }));
    expect(failure.message).toContain(`error[E_WRONG_CLUSTER] context kubernetes: ${prod.plane.server} - `);
    const cluster = await openCluster(pinned({ context: 'kubernetes', kubeconfig: [second, first].join(delimiter) }));
    expect(cluster.server).toBe(dev.plane.server);
  });

  it.each([
    ['in capitals', (identity: string) => identity.toUpperCase()],
    ['with a space before it', (identity: string) => ` ${identity}`],
    ['with a line end behind it', (identity: string) => `${identity}\n`],
    ['cut short', (identity: string) => identity.slice(0, 8)],
  ])('for an identity %s', async (_how, write_) => {
    const failure = await refusal(pinned({ identity: write_(dev.identity), kubeconfig: write({ dev: dev.login }) }));
    expect(failure.message).toContain('error[E_WRONG_CLUSTER] ');
  });

  it('without an identity: the message has the line to pin it', async () => {
    const failure = await refusal(pinned({ identity: undefined, kubeconfig: write({ dev: dev.login }) }));
    expect(failure.message).toBe(
      `error[E_CLUSTER_IDENTITY] cluster.identity: - stack dev pins no cluster; context dev is ${dev.identity} at ${dev.plane.server} - ` +
        `if that is the cluster of dev, write into Pulumi.dev.yaml: fullcycle:cluster: { context: dev, identity: ${dev.identity} }`,
    );
    expect(failure.exitCode).toBe(5);
    const line = failure.message.split('Pulumi.dev.yaml: ')[1] ?? '';
    expect(parse(line)).toEqual({ 'fullcycle:cluster': { context: 'dev', identity: dev.identity } });
  });

  it('when the server is not reached', async () => {
    const cluster = { ...dev.login.cluster, server: 'https://127.0.0.1:1023' };
    const failure = await refusal(pinned({ kubeconfig: write({ dev: { ...dev.login, cluster } }) }));
    expect(failure.message).toBe(
      "error[E_REMOTE_UNREACHABLE] context dev: https://127.0.0.1:1023 - the API server can't be reached: connect ECONNREFUSED 127.0.0.1:1023 - " +
        'start the cluster, or correct the kubeconfig',
    );
    expect(failure.exitCode).toBe(4);
  });

  it('when the server shows the certificate of another authority', async () => {
    const cluster = { ...dev.login.cluster, server: prod.plane.server };
    const failure = await refusal(pinned({ kubeconfig: write({ dev: { ...dev.login, cluster } }) }));
    expect(failure.message).toMatch(/^error\[E_REMOTE_UNREACHABLE\] context dev: .* - the API server can't be reached: .*certificate/);
  });

  it('when the server takes the credentials for nobody’s', async () => {
    const failure = await refusal(pinned({ kubeconfig: write({ dev: { ...dev.login, user: { token: 'expired-token' } } }) }));
    expect(failure.message).toBe(
      `error[E_AUTH] context dev: ${dev.plane.server} - refuses the credentials of the context - renew them in the kubeconfig`,
    );
    expect(failure.exitCode).toBe(4);
  });

  it.each([
    [
      'is not there',
      './gone',
      /E_AUTH\] https.* - the context gives no credentials: .*ENOENT.* - log in by hand, or correct the user in the kubeconfig$/,
    ],
    ['fails', './refuse', /E_AUTH\] https.* - the context gives no credentials: you are logged out - log in by hand/],
  ])('when the program to log in with %s', async (_how, command, message) => {
    writeFileSync(join(folder, 'refuse'), '#!/bin/sh\necho you are logged out >&2\nexit 1\n', { mode: 0o755 });
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' };
    const failure = await refusal(pinned({ kubeconfig: write({ dev: { ...dev.login, user: { exec } } }) }));
    expect(failure.message).toMatch(message);
    expect(failure.exitCode).toBe(4);
  });

  it('when the user may not see who the cluster is', async () => {
    const failure = await refusal(pinned({ kubeconfig: write({ dev: { ...dev.login, user: dev.stranger.user } }) }));
    expect(failure.message).toBe(
      `error[E_AUTH] context dev: ${dev.plane.server} - doesn't tell which cluster it is: namespaces "kube-system" is forbidden: ` +
        'User "stranger" cannot get resource "namespaces" in API group "" in the namespace "kube-system" - grant the user to get the namespace kube-system',
    );
  });

  it('when something else than an API server answers', async () => {
    const server = createHttpServer((_request, response) => response.writeHead(404).end('nothing here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failure = await refusal(
      pinned({ kubeconfig: write({ dev: { cluster: { server: url, 'insecure-skip-tls-verify': true }, user: {} } }) }),
    );
    server.closeAllConnections();
    server.close();
    expect(failure.message).toBe(
      `error[E_CLUSTER] context dev: ${url} - no API server of a Kubernetes cluster: there is no namespace kube-system - correct the kubeconfig`,
    );
  });

  it('after Ctrl-C', async () => {
    const signal = AbortSignal.abort();
    await expect(openCluster(pinned({ kubeconfig: write({ dev: dev.login }) }), { signal })).rejects.toThrow('aborted');
  });

  it('by writing: the audit logs of both clusters know only reads of ours', async () => {
    for (const { plane } of [dev, prod]) {
      const events = readFileSync(plane.auditLog ?? '', 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const ours = events.filter(({ user }) => user.username === 'developer' || user.username === 'stranger');
      expect(ours.length).toBeGreaterThan(0);
      expect(new Set(ours.map(({ verb, requestURI }) => `${verb} ${requestURI}`))).toEqual(new Set([`get ${namespace}`]));
    }
  });
});
