import type { ServiceSettings } from './environment.ts';

/**
 * Seconds a pod keeps serving after it was told to end. Endpoints are removed at the same time as SIGTERM is sent, so without the wait
 * a rollout drops the requests that are still routed to it.
 */
export const drainSeconds = 5;

/** Fewest pods that a service runs with. */
export function fewestPods({ autoscaling, replicas }: ServiceSettings): number {
  return autoscaling ? autoscaling.min : replicas;
}

/** Most pods that a service runs with, but for the one more of a rollout. */
export function mostPods({ autoscaling, replicas }: ServiceSettings): number {
  return autoscaling ? autoscaling.max : replicas;
}

/** True when the service needs a ConfigMap. */
export function hasEnv({ env }: ServiceSettings): boolean {
  return Object.keys(env).length > 0;
}
