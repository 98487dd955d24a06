import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '../../charts/catalog.ts';
import type { KubernetesObject, Service } from '../../charts/environment.ts';
import { run } from '../../infra/delivery/process.ts';
import { tool } from '../../infra/local/tools.ts';
import { goldenTrees } from '../golden/trees.ts';

/** Somebody who may want to talk to somebody. Pods have a namespace and labels, others only an address. */
interface Peer {
  readonly IP: string;
  readonly Internal?: {
    readonly Namespace: string;
    readonly NamespaceLabels: Record<string, string>;
    readonly PodLabels: Record<string, string>;
  };
}

// The embedded cluster stores policies and does not enforce them, so what they mean is computed: cyclonus evaluates them as the API defines them.
let cyclonus: string;
let folder: string;
beforeAll(async () => {
  cyclonus = await tool('cyclonus');
  folder = mkdtempSync(join(tmpdir(), 'policies-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function allowed(policies: readonly KubernetesObject[], from: Peer, to: Peer, port: number): Promise<boolean> {
  const [directory, traffic] = [join(folder, 'policies'), join(folder, 'traffic.json')];
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  for (const [index, policy] of policies.entries()) writeFileSync(join(directory, `${index}.yaml`), JSON.stringify(policy));
  writeFileSync(traffic, JSON.stringify([{ Source: from, Destination: to, Protocol: 'TCP', ResolvedPort: port, ResolvedPortName: '' }]));
  const { stdout } = await run([cyclonus, 'analyze', '--mode=query-traffic', `--policy-path=${directory}`, `--traffic-path=${traffic}`]);
  const verdict = /IS ALLOWED\? \|\s+(TRUE|FALSE)/.exec(stdout)?.[1];
  if (!verdict) throw new Error(`no verdict in ${stdout}`);
  return verdict === 'TRUE';
}

const elsewhere: Peer = {
  IP: '10.9.9.9',
  Internal: { Namespace: 'elsewhere', NamespaceLabels: { 'kubernetes.io/metadata.name': 'elsewhere' }, PodLabels: {} },
};
const internet: Peer = { IP: '203.0.113.7' };
const trees = (await goldenTrees()).map((tree) => [tree.name, tree] as const);

it('some environment publishes a service', () => {
  expect(trees.some(([, { environment }]) => Object.values(environment.services).some(({ ingress }) => ingress))).toBe(true);
});

describe.each(trees)('the policies of %s', (_, { environment, files }) => {
  const objects = files.map(({ object }) => object);
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const namespace = environment.namespace;
  const podIn = (labels: Record<string, string>): Peer => ({
    IP: '10.9.1.2',
    Internal: { Namespace: namespace, NamespaceLabels: { 'kubernetes.io/metadata.name': namespace }, PodLabels: labels },
  });
  const named = (kind: string, { name }: Service) => {
    const object = objects.find((candidate) => candidate.kind === kind && candidate.metadata.name === name);
    if (!object) throw new Error(`no ${kind} ${name}`);
    return object;
  };
  const podOf = (service: Service) => {
    const { template } = named('Deployment', service).spec as { template: { metadata: { labels: Record<string, string> } } };
    return podIn(template.metadata.labels);
  };
  const stranger = podIn({ app: 'stranger' });
  const services = catalog.filter(({ name }) => environment.services[name]).map((service) => [service.name, service] as const);
  const published = services.flatMap(([name, service]) => {
    const controller = environment.services[name]?.ingress?.controllerNamespace;
    return controller ? [[name, service, controller] as const] : [];
  });

  it.each(services)('let pods of the namespace into %s at its port and no other, as far as its own policy goes', async (__, service) => {
    const own = [named('NetworkPolicy', service)];
    expect(await allowed(own, stranger, podOf(service), service.port)).toBe(true);
    expect(await allowed(own, stranger, podOf(service), service.port + 1)).toBe(false);
  });

  it.each(published)('let the ingress controller reach %s at its port and no other', async (__, service, controller) => {
    const labels = { 'kubernetes.io/metadata.name': controller };
    const from: Peer = { IP: '10.9.3.3', Internal: { Namespace: controller, NamespaceLabels: labels, PodLabels: {} } };
    expect(await allowed(policies, from, podOf(service), service.port)).toBe(true);
    expect(await allowed(policies, from, podOf(service), service.port + 1)).toBe(false);
  });

  it.each(services)('keep %s from reaching anything', async (__, service) => {
    for (const peer of [internet, elsewhere, stranger]) expect(await allowed(policies, podOf(service), peer, 443)).toBe(false);
  });

  it.each(services)('keep other namespaces and the internet from %s', async (__, service) => {
    for (const peer of [internet, elsewhere]) expect(await allowed(policies, peer, podOf(service), service.port)).toBe(false);
  });

  it('keep a pod that no policy names from everything', async () => {
    for (const peer of [internet, elsewhere, podIn({ app: 'other' })]) {
      expect(await allowed(policies, stranger, peer, 443)).toBe(false);
      expect(await allowed(policies, peer, stranger, 443)).toBe(false);
    }
  });

  it('are what keeps them: without any, everything is let through', async () => {
    expect(await allowed([], internet, stranger, 443)).toBe(true);
  });
});
