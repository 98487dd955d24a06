import { existsSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../../delivery/errors.ts';
import { run, tryRun } from '../../delivery/process.ts';
import { isFree } from '../port.ts';
import type { ClusterOptions } from './cluster.ts';
import type { NodeSpec } from './component.ts';
import { readJson, writeJson } from './json-file.ts';
import type { NodeLayout } from './node-layout.ts';
import { chooseNetwork, conflictingRoute, type NodeNetwork, nodeNetwork, type Route } from './node-network.ts';

/** Absolute paths of what the node is made of. */
export interface NodeTools {
  /** Its folder holds all others. */
  readonly pause: string;
  readonly kubectl: string;
}

/** The first port on 127.0.0.1 that is tried for the API server, plus the network's octet. */
const firstApiPort = 16_400;
const overlayFilesystem = 0x794c7630;

/** Decides how the node runs. What was decided at an earlier start stays, as far as it can. */
export async function planNode(layout: NodeLayout, tools: NodeTools, options: ClusterOptions, running: boolean): Promise<NodeSpec> {
  mkdirSync(layout.state, { recursive: true, mode: 0o700 });
  const earlier = readJson<NodeSpec>(join(layout.state, 'node.json'));
  const network = earlier ? nodeNetwork(earlier.network.octet) : chooseNetwork(layout.id, await routes(), takenOctets(layout));
  const spec: NodeSpec = {
    layout,
    network,
    programs: dirname(tools.pause),
    kubectl: tools.kubectl,
    apiPort: running && earlier ? earlier.apiPort : await freeApiPort(network, earlier?.apiPort),
    registryPort: options.registryPort,
    gitopsPort: options.gitopsPort,
    snapshotter: statfsSync(layout.state).type === overlayFilesystem ? 'native' : 'overlayfs',
    egress: existsSync('/dev/net/tun'),
    oomScoreAdjustment: (await tryRun(['choom', '-n', '-999', '--', 'true'])).exitCode === 0,
  };
  // Takes the range before the lock is let go.
  if (!earlier) writeJson(join(layout.state, 'node.json'), spec);
  return spec;
}

/** @throws Failure E_PORT_TAKEN when something else has come to use the cluster's addresses */
export async function failOnConflict({ layout, network }: NodeSpec): Promise<void> {
  const other = conflictingRoute(network, await routes(), layout.interface);
  if (!other) return;
  const rule = `the cluster's range ${network.range} must not be used by anything else`;
  fail(
    'E_PORT_TAKEN',
    'cluster.network',
    `${other.dst} on ${other.dev}`,
    rule,
    'take that network down, or choose another range: fullcycle down --purge, then up',
  );
}

async function freeApiPort({ octet }: NodeNetwork, earlier: number | undefined): Promise<number> {
  const candidates = [
    ...(earlier === undefined ? [] : [earlier]),
    ...Array.from({ length: 16 }, (_, step) => firstApiPort + octet + 64 * step),
  ];
  for (const port of candidates) if (await isFree('127.0.0.1', port)) return port;
  return fail(
    'E_PORT_TAKEN',
    'API server',
    candidates.join(', '),
    'one of these ports must be free on 127.0.0.1',
    'end what listens there',
  );
}

async function routes(): Promise<Route[]> {
  return JSON.parse((await run(['ip', '-json', '-4', 'route', 'show'])).stdout) as Route[];
}

/** Ranges of the machine's other clusters, running or not. */
function takenOctets({ id, state }: NodeLayout): number[] {
  const root = dirname(state);
  const others = readdirSync(root).filter((name) => name !== id);
  return others.flatMap((name) => readJson<NodeSpec>(join(root, name, 'node.json'))?.network.octet ?? []);
}
