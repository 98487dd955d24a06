import { Resolver } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { tryRun } from '../../delivery/process.ts';
import { type Api, ask, isNodeReady } from './api.ts';
import type { NodeSpec, Readiness } from './component.ts';

/** What probes need to know of a running node. */
export interface ProbeTarget {
  readonly spec: NodeSpec;
  readonly api: Api;
  /** Pid of the node's first process. */
  readonly pid: number;
  /** When the component was started, milliseconds since 1970. */
  readonly since: number;
}

/** Asks once whether a component serves. */
export function probe(readiness: Readiness, { spec, api, pid, since }: ProbeTarget): Promise<boolean> {
  switch (readiness.kind) {
    case 'socket':
      return answers(`/proc/${pid}/root${readiness.path}`);
    case 'api':
      return ask(api, '/readyz').then((body) => body !== undefined);
    case 'node':
      return isNodeReady(api, spec.layout.name, since);
    case 'dns':
      return resolves(readiness.name, spec.network.node);
    case 'link':
      return tryRun(['nsenter', '--target', String(pid), '--net', '--', 'ip', 'link', 'show', readiness.name]).then(
        ({ exitCode }) => exitCode === 0,
      );
    case 'ended':
      return Promise.resolve(false);
  }
}

function answers(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => resolve(true));
    connection.once('error', () => resolve(false));
    connection.once('connect', () => connection.destroy());
  });
}

async function resolves(name: string, server: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([server]);
  return resolver.resolve4(name).then(
    () => true,
    () => false,
  );
}
