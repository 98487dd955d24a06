import type { Problem } from '../problem.ts';

/** What a quantity measures: `cpu` in cores or millicores, `memory` (and ephemeral storage) in bytes. */
export type Resource = 'cpu' | 'memory';

const patterns = { cpu: /^(?:([0-9]{1,6})m|([0-9]{1,4}(?:\.[0-9]{1,3})?))$/, memory: /^([0-9]{1,6})(Mi|Gi)$/ };
const rules = {
  cpu: 'a CPU quantity above 0: cores such as 2 or 0.5, or millicores such as 250m, at most 6 digits',
  memory: 'a memory quantity above 0: a whole number of Mi or Gi such as 128Mi, at most 6 digits',
};
const fixes = { cpu: 'write it like 250m', memory: 'write it like 128Mi' };

/**
 * `checkQuantity(field, value, resource): Problem[]` - E_QUANTITY unless a Kubernetes quantity of the kind.
 * Narrower than Kubernetes: memory without a unit and memory in `m` (milli-bytes) are legal there and always a mistake.
 */
export function checkQuantity(field: string, value: unknown, resource: Resource): Problem[] {
  if (typeof value === 'string' && amountOf(value, resource) > 0) return [];
  return [{ code: 'E_QUANTITY', field, value, rule: rules[resource], fix: fixes[resource] }];
}

/** `checkAllowance(field, allowance, resource): Problem[]` - E_QUANTITY for a bad request or limit, and for a request over its limit. */
export function checkAllowance(
  field: string,
  allowance: { readonly request: unknown; readonly limit: unknown },
  resource: Resource,
): Problem[] {
  const { request, limit } = allowance;
  const problems = [...checkQuantity(`${field}.request`, request, resource), ...checkQuantity(`${field}.limit`, limit, resource)];
  if (problems.length > 0 || amountOf(request as string, resource) <= amountOf(limit as string, resource)) return problems;
  const rule = `at most the limit, which is ${limit}`;
  return [{ code: 'E_QUANTITY', field: `${field}.request`, value: request, rule, fix: 'lower the request or raise the limit' }];
}

/** Millicores of a CPU quantity, bytes of a memory quantity; NaN when it is none. */
export function amountOf(quantity: string, resource: Resource): number {
  const match = patterns[resource].exec(quantity);
  if (!match) return Number.NaN;
  if (resource === 'memory') return Number(match[1]) * (match[2] === 'Gi' ? 2 ** 30 : 2 ** 20);
  return match[1] === undefined ? Math.round(Number(match[2]) * 1000) : Number(match[1]);
}
