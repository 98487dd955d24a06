import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { git } from '../delivery/git/git.ts';
import { type Connection, connect } from '../kubernetes/connection.ts';
import { localNames } from './addresses.ts';
import { gitopsBranch } from './git-daemon.ts';
import { eventHeaders, isNew, pushEvent, type RefUpdate, readChangedFiles } from './push-event.ts';
import { readWebhook, type Webhook } from './webhook.ts';

/** Tells Argo CD of pushes to one repository. */
export interface Announcer {
  /** Connects beforehand: loading the client takes a second. Does nothing when nobody is to be told, or it is done already. */
  prepare(): Promise<void>;
  /** Tells Argo CD, if it is to be told. @returns what to log; undefined when nobody was told. Never throws */
  announce(update: RefUpdate): Promise<string | undefined>;
}

/** Milliseconds until Argo CD is given up: it finds out by itself within its poll. */
const patience = 2_000;
/** Tree without files, which git knows without having it. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** @param root absolute folder of the bare repository; its parent holds the webhook's file */
export function createAnnouncer(root: string): Announcer {
  const state = dirname(root);
  let last: { readonly key: string; readonly connection: Promise<Connection> } | undefined;

  /** The connection is kept as long as both files stay the same: a cluster that is made anew has other certificates. */
  function connectionTo({ kubeconfig, context }: Webhook): Promise<Connection> {
    const key = `${context}\0${kubeconfig}\0${readFileSync(kubeconfig, 'utf8')}`;
    if (last?.key !== key) last = { key, connection: connect(kubeconfig, context) };
    return last.connection;
  }

  async function tell(webhook: Webhook, update: RefUpdate): Promise<void> {
    const range = [isNew(update) ? emptyTree : update.before, update.after];
    const [connection, changes] = await Promise.all([
      connectionTo(webhook),
      git(['diff-tree', '-r', '-z', '--name-status', '--no-renames', ...range], { gitDir: root }),
    ]);
    const repository = { url: localNames.gitops, defaultBranch: gitopsBranch };
    const body = JSON.stringify(pushEvent(repository, update, readChangedFiles(changes)));
    const signal = AbortSignal.timeout(patience);
    await connection.send({ method: 'POST', path: proxyPath(webhook), headers: eventHeaders(webhook.secret, body), body, signal });
  }

  return {
    async prepare() {
      const webhook = readWebhook(state);
      if (webhook) await connectionTo(webhook);
    },
    async announce(update) {
      const what = `${update.ref} ${update.before.slice(0, 7)}..${update.after.slice(0, 7)}`;
      const start = performance.now();
      try {
        const webhook = readWebhook(state);
        if (!webhook) return undefined;
        await tell(webhook, update);
        return `told Argo CD of ${what} in ${Math.round(performance.now() - start)} ms`;
      } catch (error) {
        last = undefined;
        return `could not tell Argo CD of ${what}: ${reason(error)}`;
      }
    },
  };
}

/** The API server passes it on, so no route to pods is needed. */
function proxyPath({ namespace }: Webhook): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/https:argocd-server:https/proxy/api/webhook`;
}

function reason(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer within ${patience / 1000} s`;
  return error instanceof Error ? error.message : String(error);
}
