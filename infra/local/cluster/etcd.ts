import type { Component } from './component.ts';
import { inside } from './node-layout.ts';

const socket = '/run/etcd/client.sock';

/** How the API server reaches etcd: a Unix socket, out of reach of pods that use the node's network. */
export const etcdEndpoint = `unix://${socket}`;

/** etcd without waiting for the disk: a machine that loses power may lose the cluster's last seconds, a killed process loses nothing. */
export function etcd(): Component {
  // Addresses for other members, of which there are none: never dialled, and must not be sockets.
  const [client, peer] = ['http://localhost:2379', 'http://localhost:2380'];
  return {
    name: 'etcd',
    argv: [
      `${inside.programs}/etcd`,
      '--data-dir=/var/lib/etcd',
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcdEndpoint}`,
      `--advertise-client-urls=${client}`,
      '--listen-peer-urls=unix:///run/etcd/peer.sock',
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--auto-compaction-retention=1h',
      '--log-level=warn',
    ],
    needs: [],
    ready: { kind: 'socket', path: socket },
  };
}
