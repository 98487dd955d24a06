import type { Problem } from '../../charts/problem.ts';
import { isWithin, type Range } from '../../charts/validate/number.ts';
import { suggest } from './suggestion.ts';

/** What is wrong with one value; nothing when it is right. */
export type Rule = (field: string, value: unknown) => Problem[];

/** `E_TYPE` unless one of the words; with did-you-mean. */
export function oneOf(words: readonly string[]): Rule {
  return (field, value) => {
    if (typeof value === 'string' && words.includes(value)) return [];
    if (words.length === 0) return [{ code: 'E_TYPE', field, value, rule: 'not set: there is nothing to choose from', fix: 'remove it' }];
    const meant = typeof value === 'string' ? suggest(value, words) : undefined;
    return [
      { code: 'E_TYPE', field, value, rule: `one of ${words.join(', ')}`, fix: meant ? `did you mean ${meant}?` : 'choose one of them' },
    ];
  };
}

/** `E_TYPE` unless true or false; the words in quotes are strings. */
export const isBoolean: Rule = (field, value) =>
  typeof value === 'boolean' ? [] : [{ code: 'E_TYPE', field, value: shown(value), rule: 'true or false', fix: 'write it without quotes' }];

/** `E_TYPE` unless a whole number within the bounds. */
export function wholeNumber(range: Range): Rule {
  return (field, value) => {
    if (isWithin(value, range)) return [];
    const rule = `a whole number from ${range.min} to ${range.max}`;
    return [{ code: 'E_TYPE', field, value: shown(value), rule, fix: 'write a number in this range, without quotes' }];
  };
}

/** `E_TYPE` unless a string that the pattern takes. */
export function matching(pattern: RegExp, rule: string, fix: string): Rule {
  return (field, value) =>
    typeof value === 'string' && pattern.test(value) ? [] : [{ code: 'E_TYPE', field, value: shown(value), rule, fix }];
}

/** `E_TYPE` unless a string; what else it must be is judged by the rule that follows. */
export function text(rule: (field: string, value: string) => Problem[]): Rule {
  return (field, value) =>
    typeof value === 'string' ? rule(field, value) : [{ code: 'E_TYPE', field, value: shown(value), rule: 'a string', fix: 'quote it' }];
}

/** `E_TYPE` unless a mapping; what else it must be is judged by the rule that follows. */
export function mapping(rule: (field: string, value: Readonly<Record<string, unknown>>) => Problem[]): Rule {
  return (field, value) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return rule(field, value as Record<string, unknown>);
    return [{ code: 'E_TYPE', field, value: shown(value), rule: 'a mapping', fix: 'write it as key: value lines' }];
  };
}

/** `E_TYPE` unless a list of different items, at least so many; each is judged by the rule. */
export function listOf(rule: Rule, least = 0): Rule {
  return (field, value) => {
    if (!Array.isArray(value) || value.length < least) {
      return [
        {
          code: 'E_TYPE',
          field,
          value,
          rule: `a list${least > 0 ? ` of at least ${least}` : ''}`,
          fix: 'write each item on a line after a dash',
        },
      ];
    }
    return value.flatMap((item, index) => {
      const isRepeated = value.indexOf(item) < index;
      const repeated: Problem = { code: 'E_TYPE', field: `${field}.${index}`, value: item, rule: 'each item once', fix: 'remove it' };
      return isRepeated ? [repeated] : rule(`${field}.${index}`, item);
    });
  };
}

/** `E_TYPE` unless a full version. */
export const isVersion: Rule = matching(
  /^(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}$/,
  'a version of three numbers',
  'write it like 3.5.7',
);

/** `E_TYPE` unless the UID of a Kubernetes object. */
export const isClusterIdentity: Rule = matching(
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'the UID of a namespace',
  "take it from kubectl get namespace kube-system -o jsonpath='{.metadata.uid}'",
);

/** `E_TYPE` unless what kubectl calls contexts: printable, without spaces, not an option. */
export const isContext: Rule = matching(
  /^[A-Za-z0-9][A-Za-z0-9@:/._-]{0,252}$/,
  'the name of a kubeconfig context: at most 253 of A-Z, a-z, 0-9 and "@:/._-", a letter or digit first',
  'take it from kubectl config get-contexts',
);

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const durationPattern = /^(0|[1-9][0-9]{0,5})([smhd])$/;

/** `E_TYPE` unless a duration such as `30m`, `24h` or `7d`. */
export const isDuration: Rule = matching(durationPattern, 'a whole number of s, m, h or d, at most 6 digits', 'write it like 24h');

/** Seconds of a duration that {@link isDuration} takes. */
export function secondsOf(duration: string): number {
  const [, count = '0', unit = 's'] = durationPattern.exec(duration) ?? [];
  return Number(count) * units[unit as keyof typeof units];
}

/** `E_URL` unless the https address of an API server: no credentials, path, query or fragment. */
export const isServer: Rule = (field, value) => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'https:' && (value === url.origin || value === `${url.origin}/`)) return [];
  const rule = 'the https address of an API server: host and port alone, without credentials, path or query';
  const hidden = url && (url.username !== '' || url.password !== '');
  return [{ code: 'E_URL', field, value: hidden ? undefined : value, rule, fix: 'write it like https://kubernetes.default.svc' }];
};

/** What a scalar is printed as: NaN and infinities have no JSON form. */
function shown(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
