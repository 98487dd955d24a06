import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Component, NodeSpec } from './component.ts';
import { createControlGroups, removeControlGroups } from './control-groups.ts';
import { apiPort } from './control-plane.ts';
import { forward } from './gateway.ts';
import { readJson, writeJson } from './json-file.ts';
import { nodeComponents } from './node-components.ts';
import { inside, onHost } from './node-layout.ts';
import { createNamespace, egress, type NodeNamespace, placed, removeLink } from './node-namespace.ts';
import { probe } from './readiness.ts';
import { type ComponentStatus, keepRunning } from './watch.ts';

/** What the supervisor says of the node, in `status.json` of its state folder. */
export interface NodeStatus {
  /** True once every component has been ready at the same time. */
  readonly started: boolean;
  readonly components: readonly ComponentStatus[];
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Restarts of one component, before the node has ever been ready, after which there is no point in trying on. */
const fruitlessRestarts = 4;

/**
 * Runs a node until it is told to end, and takes it down then. The node ends with this process, whatever ends it.
 * @param state folder with `node.json`
 */
export async function supervise(state: string): Promise<void> {
  const spec = readJson<NodeSpec>(join(state, 'node.json'));
  if (!spec) throw new Error(`no node.json in ${state}`);
  const { layout, network } = spec;
  mkdirSync(layout.logs, { recursive: true, mode: 0o700 });
  await cleanUp(spec);
  createControlGroups(layout.name);
  const namespace = await createNamespace(spec);
  await forward({ host: '127.0.0.1', port: spec.apiPort }, { host: network.node, port: apiPort });

  const watching = new AbortController();
  const stop = async (exitCode: number, reason?: string) => {
    if (watching.signal.aborted) return;
    watching.abort();
    namespace.end();
    await namespace.ended;
    await cleanUp(spec);
    if (reason) console.error(reason);
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(0));
  void namespace.ended.then(() => stop(1, 'the first process of the node has ended'));

  const api = { host: network.node, port: apiPort, keys: onHost(layout, inside.keys) };
  runAll(spec, namespace, {
    probe: async ({ ready }, since) => (ready ? probe(ready, { spec, api, pid: namespace.pid, since }) : true),
    onChange: (status) => writeJson(join(state, 'status.json'), status),
    onFailure: ({ name, failure }) => console.error(`${name}: ${failure}`),
    onFruitless: ({ name, failure }) => void stop(1, `${name} does not start: ${failure}`),
    signal: watching.signal,
  });
}

interface Watching {
  readonly probe: (component: Component, since: number) => Promise<boolean>;
  readonly onChange: (status: NodeStatus) => void;
  readonly onFailure: (status: ComponentStatus) => void;
  readonly onFruitless: (status: ComponentStatus) => void;
  readonly signal: AbortSignal;
}

function runAll(spec: NodeSpec, namespace: NodeNamespace, { probe, onChange, onFailure, onFruitless, signal }: Watching): void {
  const components = [...(spec.egress ? [egress(spec, namespace)] : []), ...nodeComponents(spec)];
  const statuses = new Map<string, ComponentStatus>();
  const ready = new Map(components.map(({ name }) => [name, Promise.withResolvers<void>()]));
  let started = false;
  const report = (status: ComponentStatus) => {
    statuses.set(status.name, status);
    if (isReady(status)) ready.get(status.name)?.resolve();
    started ||= statuses.size === components.length && [...statuses.values()].every(isReady);
    if (status.state === 'failed') onFailure(status);
    onChange({ started, components: [...statuses.values()] });
    if (!started && status.restarts >= fruitlessRestarts) onFruitless(status);
  };
  for (const component of components) {
    void keepRunning({
      name: component.name,
      argv: placed(component, namespace),
      env: { PATH: path, ...component.env },
      log: join(spec.layout.logs, `${component.name}.log`),
      once: component.ready?.kind === 'ended',
      mayStart: Promise.all(component.needs.map((name) => ready.get(name)?.promise)),
      probe: (since) => probe(component, since),
      onChange: report,
      signal,
    });
  }
}

/** Removes what a node leaves on the host besides files. */
export async function cleanUp({ layout }: Pick<NodeSpec, 'layout'>): Promise<void> {
  await removeLink(layout.interface);
  await removeControlGroups(layout.name);
}

function isReady({ state }: ComponentStatus): boolean {
  return state === 'ready' || state === 'done';
}
