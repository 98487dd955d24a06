import { setTimeout } from 'node:timers/promises';

/** Clock, chance and waiting: handed in, so that a test can play a minute of retries in no time. */
export interface Timing {
  /** Milliseconds since 1970. */
  now(): number;
  /** 0 or more, less than 1. */
  random(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** The real ones. Waiting ends at once, with an AbortError, when the signal aborts. */
export function realTiming(signal?: AbortSignal): Timing {
  return { now: Date.now, random: Math.random, sleep: (milliseconds) => setTimeout(milliseconds, undefined, { signal }) };
}
