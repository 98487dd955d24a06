import { parentPort, workerData } from 'node:worker_threads';
import { createAnnouncer } from './announcer.ts';
import type { RefUpdate } from './push-event.ts';

/** What the thread is asked to do. */
export type AnnouncerTask = { readonly prepare: true } | { readonly announce: RefUpdate };

const announcer = createAnnouncer(workerData as string);

parentPort?.on('message', async (task: AnnouncerTask) => {
  // What can't be prepared is told of when there is something to announce.
  if ('prepare' in task) return announcer.prepare().catch(() => {});
  const line = await announcer.announce(task.announce);
  if (line) console.error(line);
});
