import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How to tell Argo CD that something was pushed. */
export interface Webhook {
  /** Absolute path of the kubeconfig of its cluster. */
  readonly kubeconfig: string;
  /** Context in the kubeconfig. */
  readonly context: string;
  /** Argo CD's namespace. */
  readonly namespace: string;
  /** `webhook.github.secret` of Argo CD's Secret `argocd-secret`: what events are signed with. */
  readonly secret: string;
}

/** Has every push to the local GitOps repository from now on announced to Argo CD. @param state absolute path of `.fullcycle` */
export function writeWebhook(state: string, { kubeconfig, context, namespace, secret }: Webhook): void {
  const file = webhookFile(state);
  writeFileSync(`${file}.new`, `${JSON.stringify({ kubeconfig, context, namespace, secret }, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Has pushes no longer announced. Nothing to remove is fine. */
export function removeWebhook(state: string): void {
  rmSync(webhookFile(state), { force: true });
}

/** True when pushes are announced. */
export function hasWebhook(state: string): boolean {
  return existsSync(webhookFile(state));
}

/** Where pushes are announced; undefined when nowhere. @throws Error when the file isn't what {@link writeWebhook} writes; never quotes it */
export function readWebhook(state: string): Webhook | undefined {
  if (!hasWebhook(state)) return undefined;
  const webhook = parse(readFileSync(webhookFile(state), 'utf8'));
  const keys = ['kubeconfig', 'context', 'namespace', 'secret'] as const;
  const wrong = keys.filter((key) => typeof webhook[key] !== 'string' || webhook[key] === '');
  if (wrong.length > 0) throw new Error(`${webhookFile(state)} lacks ${wrong.join(', ')}`);
  return webhook as Webhook;
}

function parse(text: string): Partial<Webhook> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<Webhook>;
  } catch {
    return {};
  }
}

function webhookFile(state: string): string {
  return join(state, 'argocd-webhook.json');
}
