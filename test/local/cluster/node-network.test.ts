import { describe, expect, it } from 'vitest';
import { chooseNetwork, conflictingRoute, nodeNetwork, type Route } from '../../../infra/local/cluster/node-network.ts';

const all = Array.from({ length: 64 }, (_, index) => 64 + index);

describe("a node's network", () => {
  it('lies in one /16 altogether', () => {
    expect(nodeNetwork(77)).toEqual({
      octet: 77,
      range: '10.77.0.0/16',
      host: '10.77.0.1',
      node: '10.77.0.2',
      pods: '10.77.1.0/24',
      podGateway: '10.77.1.1',
      services: '10.77.2.0/24',
      egress: '10.77.3.0/24',
      egressResolver: '10.77.3.3',
    });
  });

  it('is the same for the same project', () => {
    expect(chooseNetwork('1c454371', [], [])).toEqual(chooseNetwork('1c454371', [], []));
  });

  it('differs from those that other clusters have, until there is one left', () => {
    const last = chooseNetwork('1c454371', [], []).octet;
    const others = all.filter((octet) => octet !== last);
    expect(chooseNetwork('other', [], others).octet).toBe(last);
  });

  it('avoids ranges that the machine has routes into', () => {
    const first = chooseNetwork('1c454371', [], []);
    const next = chooseNetwork('1c454371', [{ dst: first.range, dev: 'tun0' }], []);
    expect(next.octet).not.toBe(first.octet);
  });

  it('is refused when every range is taken', () => {
    expect(() => chooseNetwork('1c454371', [], all)).toThrow(
      'error[E_PORT_TAKEN] cluster.network: 10.64.0.0/10 - one of its 64 ranges of /16 must be free - remove clusters no longer used: fullcycle down --purge in their folders',
    );
  });

  it.each<[string, Route, boolean]>([
    ['the range itself', { dst: '10.77.0.0/16', dev: 'tun0' }, true],
    ['a part of it', { dst: '10.77.9.0/24', dev: 'tun0' }, true],
    ['one address in it', { dst: '10.77.0.9', dev: 'tun0' }, true],
    ['the own link', { dst: '10.77.0.0/16', dev: 'fc-1c454371' }, false],
    ['a wider range', { dst: '10.0.0.0/8', dev: 'tun0' }, false],
    ['a neighbour', { dst: '10.78.0.0/16', dev: 'tun0' }, false],
    ['a number that merely begins alike', { dst: '10.7.0.0/16', dev: 'tun0' }, false],
    ['the default route', { dst: 'default', dev: 'eth0' }, false],
  ])('conflicts with a route or not: %s', (_, route, conflicts) => {
    expect(conflictingRoute(nodeNetwork(77), [route], 'fc-1c454371') === route).toBe(conflicts);
  });
});
