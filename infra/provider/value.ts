import type { Json, JsonObject } from '../kubernetes/json.ts';

/** Stands for a value that is known only once another resource exists; seen in previews alone. */
export const unknown: unique symbol = Symbol('unknown');
export type Unknown = typeof unknown;

/** A value that the engine encrypts in the state and hides from its output. */
export class Secret {
  readonly value: PropertyValue;

  constructor(value: PropertyValue) {
    this.value = value;
  }
}

/** A property of a resource as the engine knows it. */
export type PropertyValue = null | boolean | number | string | Unknown | Secret | readonly PropertyValue[] | PropertyMap;

/** Inputs or outputs of a resource. */
export interface PropertyMap {
  readonly [key: string]: PropertyValue;
}

/** The plain value: secrets are opened; unknowns are left out of objects and are null in lists. */
export function reveal(value: PropertyMap): JsonObject;
export function reveal(value: PropertyValue): Json;
export function reveal(value: PropertyValue): Json {
  if (value instanceof Secret) return reveal(value.value);
  if (value === unknown) return null;
  if (isList(value)) return value.map((item) => reveal(item));
  if (!isMap(value)) return value;
  const known = Object.entries(value).filter(([, item]) => open(item) !== unknown);
  return Object.fromEntries(known.map(([key, item]) => [key, reveal(item)]));
}

/** True when the value, or anything in it, is unknown. */
export function hasUnknown(value: PropertyValue): boolean {
  const opened = open(value);
  return opened === unknown || children(opened).some(hasUnknown);
}

/** Every text and number inside a secret, for taking them out of messages. */
export function secretTexts(value: PropertyValue, isSecret = false): string[] {
  if (value instanceof Secret) return secretTexts(value.value, true);
  if (isSecret && (typeof value === 'string' || typeof value === 'number')) return [String(value)];
  return children(value).flatMap((child) => secretTexts(child, isSecret));
}

/**
 * Marks as secret what is secret at the same place of the pattern. A list whose length differs from the pattern's, and that holds a
 * secret there, becomes secret as a whole: its items may have moved.
 */
export function markSecrets(value: PropertyValue, pattern: PropertyValue): PropertyValue {
  if (value instanceof Secret) return value;
  if (pattern instanceof Secret) return new Secret(value);
  if (isList(value) && isList(pattern)) {
    if (value.length !== pattern.length) return pattern.some(hasSecret) ? new Secret(value) : value;
    return value.map((item, index) => markSecrets(item, pattern[index] as PropertyValue));
  }
  if (!isMap(value) || !isMap(pattern)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key in pattern ? markSecrets(item, pattern[key] ?? null) : item]),
  );
}

export function hasSecret(value: PropertyValue): boolean {
  return value instanceof Secret || children(value).some(hasSecret);
}

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

export function isList(value: PropertyValue | undefined): value is readonly PropertyValue[] {
  return Array.isArray(value);
}

function open(value: PropertyValue): PropertyValue {
  return value instanceof Secret ? open(value.value) : value;
}

function children(value: PropertyValue): readonly PropertyValue[] {
  if (isList(value)) return value;
  return isMap(value) ? Object.values(value) : [];
}
