import type { Problem } from '../problem.ts';

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const startsWithLetter = /^[a-z]/;
const reservedNamespaces = ['default', 'argocd'];

/**
 * `checkName(field, value): Problem[]` - E_NAME unless a DNS-1123 label: 1 to 63 of a-z, 0-9 and `-`, a letter or digit at both ends.
 * Source of the rule: RFC 1123, `IsDNS1123Label` of k8s.io/apimachinery.
 */
export function checkName(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && label.test(value)) return [];
  const rule = 'a DNS-1123 label: 1 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends';
  return [{ code: 'E_NAME', field, value, rule, fix: rename(value) }];
}

/**
 * `checkServiceName(field, value): Problem[]` - E_NAME unless a DNS-1035 label: a DNS-1123 label that starts with a letter.
 * Source of the rule: RFC 1035; the API server asks it of Service names.
 */
export function checkServiceName(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && label.test(value) && startsWithLetter.test(value)) return [];
  const rule = 'a DNS-1035 label: 1 to 63 of a-z, 0-9 and "-", starting with a letter and ending with a letter or digit';
  return [{ code: 'E_NAME', field, value, rule, fix: rename(value) }];
}

/**
 * `checkNamespace(field, value, reserved?): Problem[]` - E_NAME unless a DNS-1123 label, E_NAMESPACE when it belongs to the platform:
 * `default`, `argocd`, `kube-*` and the names in `reserved`.
 */
export function checkNamespace(field: string, value: unknown, reserved: readonly string[] = []): Problem[] {
  const problems = checkName(field, value);
  if (problems.length > 0) return problems;
  const name = value as string;
  if (!name.startsWith('kube-') && ![...reservedNamespaces, ...reserved].includes(name)) return [];
  const rule = 'reserved: default, kube-* and the namespace of Argo CD belong to the platform';
  return [{ code: 'E_NAMESPACE', field, value, rule, fix: 'give the environment a namespace of its own' }];
}

/**
 * `checkHost(field, value): Problem[]` - E_NAME unless a DNS name as an Ingress takes it: labels joined by `.`, 253 characters at most,
 * the first label may be `*`.
 */
export function checkHost(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && value.length <= 253) {
    const [first, ...rest] = value.split('.');
    const labels = first === '*' && rest.length > 0 ? rest : [first ?? '', ...rest];
    if (labels.every((part) => label.test(part))) return [];
  }
  const rule = 'a DNS name: labels of a-z, 0-9 and "-" joined by ".", at most 253 characters, "*" only as the first label';
  return [{ code: 'E_NAME', field, value, rule, fix: 'write the host alone, without scheme, port or path' }];
}

function rename(value: unknown): string {
  if (typeof value !== 'string') return 'write it as a string';
  const suggestion = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^[-0-9]+|-+$/g, '');
  return label.test(suggestion) ? `rename it, for example to ${suggestion}` : 'rename it';
}
