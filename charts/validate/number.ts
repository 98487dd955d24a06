import type { Problem } from '../problem.ts';

/** Inclusive bounds of a whole number. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Largest replica count anywhere; a guard against typing errors. */
export const mostReplicas = 1000;

/** `checkReplicas(field, value, range): Problem[]` - E_REPLICAS unless a whole number in the environment's range. */
export function checkReplicas(field: string, value: unknown, range: Range = { min: 1, max: mostReplicas }): Problem[] {
  if (isWithin(value, range)) return [];
  const rule = `a whole number from ${range.min} to ${range.max}`;
  return [{ code: 'E_REPLICAS', field, value: shown(value), rule, fix: "stay within the environment's range, or widen it" }];
}

/** `checkPort(field, value): Problem[]` - E_PORT unless a whole number from 1 to 65535. */
export function checkPort(field: string, value: unknown): Problem[] {
  if (isWithin(value, { min: 1, max: 65535 })) return [];
  return [{ code: 'E_PORT', field, value: shown(value), rule: 'a whole number from 1 to 65535', fix: 'choose a port in this range' }];
}

/** `checkContainerPort(field, value): Problem[]` - E_PORT unless 1024 to 65535: the container is not root and can't bind below. */
export function checkContainerPort(field: string, value: unknown): Problem[] {
  if (isWithin(value, { min: 1024, max: 65535 })) return [];
  const rule = 'a whole number from 1024 to 65535: the container is not root and cannot bind a lower port';
  return [{ code: 'E_PORT', field, value: shown(value), rule, fix: 'let the server listen on a higher port; servicePort may stay low' }];
}

/** True for a whole number within the bounds. */
export function isWithin(value: unknown, range: Range): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max;
}

/** NaN and infinities have no JSON form: they would be shown as null. */
function shown(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
