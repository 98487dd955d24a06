import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AnnouncerTask } from './announcer-worker.ts';
import type { RefUpdate } from './push-event.ts';
import { hasWebhook } from './webhook.ts';

/** Is told what happens to a repository that is served. Neither call waits, or throws. */
export interface PushListener {
  /** Somebody reads or writes. */
  asked(): void;
  /** A push has changed a ref. */
  pushed(update: RefUpdate): void;
}

/**
 * Announces pushes as long as a webhook is on file. Works in a thread of its own, started when it is first needed: what loads the
 * Kubernetes client or runs a program to log in must not hold up git.
 * @param root absolute folder of the bare repository
 */
export function announcePushes(root: string): PushListener {
  let thread: Worker | undefined;
  const start = (): Worker => {
    const worker = new Worker(new URL('announcer-worker.ts', import.meta.url), { workerData: root });
    worker.on('error', (error) => console.error(`announcing pushes: ${error.message}`));
    worker.on('exit', () => {
      thread = undefined;
    });
    worker.unref();
    return worker;
  };
  const send = (task: AnnouncerTask): void => {
    if (!hasWebhook(dirname(root))) return;
    thread ??= start();
    thread.postMessage(task);
  };
  return { asked: () => send({ prepare: true }), pushed: (update) => send({ announce: update }) };
}
