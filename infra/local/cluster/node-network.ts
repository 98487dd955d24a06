import { createHash } from 'node:crypto';
import { fail } from '../../delivery/errors.ts';

/** The addresses of one embedded cluster, all inside one /16 of its own. Each is fixed by the second octet, so that the range is all there is to choose. */
export interface NodeNetwork {
  /** Second octet of `10.x.0.0/16`, 64–127. */
  readonly octet: number;
  /** Everything below: `10.x.0.0/16`. Routed from the host to the node. */
  readonly range: string;
  /** The host's end of the link: what the node and the pods reach the host's registry and git server by. */
  readonly host: string;
  /** The node's end of the link: API server, kubelet and cluster DNS listen here. */
  readonly node: string;
  readonly pods: string;
  readonly podGateway: string;
  readonly services: string;
  /** Range of the user-mode network that takes traffic out of the node; its resolver. */
  readonly egress: string;
  readonly egressResolver: string;
}

/** A route of the host, as `ip -json route` tells it. */
export interface Route {
  /** `default`, an address or a range in CIDR notation. */
  readonly dst: string;
  readonly dev?: string;
}

const firstOctet = 64;
const octets = 64;

/** The addresses that belong to a second octet. */
export function nodeNetwork(octet: number): NodeNetwork {
  const at = (rest: string) => `10.${octet}.${rest}`;
  return {
    octet,
    range: at('0.0/16'),
    host: at('0.1'),
    node: at('0.2'),
    pods: at('1.0/24'),
    podGateway: at('1.1'),
    services: at('2.0/24'),
    egress: at('3.0/24'),
    egressResolver: at('3.3'),
  };
}

/**
 * Chooses a range for a new cluster: derived from its id, so that the same clone mostly gets the same one, and free.
 * @param taken second octets that other clusters of this machine have, running or not
 * @throws Failure E_PORT_TAKEN when none of the 64 is free
 */
export function chooseNetwork(id: string, routes: readonly Route[], taken: readonly number[]): NodeNetwork {
  const start = createHash('sha256').update(id).digest().readUInt8(0) % octets;
  for (let step = 0; step < octets; step += 1) {
    const network = nodeNetwork(firstOctet + ((start + step) % octets));
    if (!taken.includes(network.octet) && !conflictingRoute(network, routes)) return network;
  }
  return fail(
    'E_PORT_TAKEN',
    'cluster.network',
    '10.64.0.0/10',
    'one of its 64 ranges of /16 must be free',
    'remove clusters no longer used: fullcycle down --purge in their folders',
  );
}

/** A route of somebody else that leads into the cluster's range. A wider one (a VPN's 10.0.0.0/8) is no conflict: the more specific route wins. */
export function conflictingRoute(network: NodeNetwork, routes: readonly Route[], ownInterface?: string): Route | undefined {
  return routes.find((route) => route.dev !== ownInterface && isInside(route.dst, network.octet));
}

function isInside(destination: string, octet: number): boolean {
  const [address = '', bits = '32'] = destination.split('/');
  return address.startsWith(`10.${octet}.`) && Number(bits) >= 16;
}
