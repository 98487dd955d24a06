import { Secret as MarkedSecret } from '@pulumi/policy';
import { unknowns } from '../provider/struct.ts';
import { type PropertyMap, type PropertyValue, Secret, unknown } from '../provider/value.ts';

/** By this name the SDK's proxies give what they stand for: proxy.js of @pulumi/policy. */
const target = '__getSpecialProxyTarget';

/**
 * Inputs of a resource as the SDK hands them to a policy. Its proxies are taken off: they throw at what isn't known yet, and open secrets.
 * A policy that validates gets secrets open; one that remediates can tell them.
 */
export function inputsOf(props: Readonly<Record<string, unknown>>): PropertyMap {
  return convert(unwrap(props)) as PropertyMap;
}

function unwrap(value: unknown): unknown {
  const inner = (value as Record<string, unknown>)[target];
  return inner === undefined ? value : unwrap(inner);
}

function convert(value: unknown): PropertyValue {
  if (unknowns.has(value)) return unknown;
  if (value instanceof MarkedSecret) return new Secret(convert((value as { readonly value: unknown }).value));
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value as PropertyValue;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]));
}
