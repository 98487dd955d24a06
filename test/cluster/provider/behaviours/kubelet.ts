import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';

/** Stands in for a node: says of every pod in the namespace that it runs and is ready, until it is stopped. */
export function runPods(scenario: Scenario): () => Promise<void> {
  const abort = new AbortController();
  const done = work(scenario, abort.signal);
  return async () => {
    abort.abort();
    await done;
  };
}

async function work(scenario: Scenario, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pending = await scenario.kubectl(
      'get',
      'pods',
      '--field-selector=status.phase=Pending',
      '--output=jsonpath={.items[*].metadata.name}',
    );
    const names = pending.split(' ').filter(Boolean);
    for (const name of names)
      await setStatus(scenario, name, { phase: 'Running', conditions: [condition('Ready'), condition('ContainersReady')] });
    await sleep(200);
  }
}

/** Writes the status of a pod, as its kubelet would. */
export async function setStatus(scenario: Scenario, pod: string, status: object): Promise<void> {
  await scenario.kubectl('patch', 'pod', pod, '--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`);
}

function condition(type: string): object {
  return { type, status: 'True', lastTransitionTime: new Date(0).toISOString() };
}
