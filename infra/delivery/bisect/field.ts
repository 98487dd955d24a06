import type { KubernetesObject } from '../../../charts/environment.ts';
import type { Problem } from '../../../charts/problem.ts';
import { mergeKeysOf } from '../diff/merge-keys.ts';
import { objectKey } from '../plan/ledger.ts';

/** One field of one object, as `diff` prints it. */
export interface FieldName {
  /** `Kind/name`, or `group/Kind/namespace/name` where that is not enough. */
  readonly object: string;
  /** `spec.template.spec.containers[goserver].image`; empty for the whole object. */
  readonly path: string;
  readonly steps: readonly Step[];
}

/** One step into a value: a key of a mapping, or an item of a list by its name or number. */
export type Step = { readonly key: string } | { readonly item: string };

const step = /^(?:\.?([A-Za-z_$][A-Za-z0-9_$-]*)|\[("(?:[^"\\]|\\.)*")\]|\[([^\]"]+)\])/;

/** Reads `Deployment/goserver:spec.replicas`. */
export function parseField(text: string): FieldName | Problem {
  const bad = (rule: string): Problem => ({
    code: 'E_USAGE',
    field: '--field',
    value: text,
    rule,
    fix: 'write it like Deployment/goserver:spec.replicas, with the path as fullcycle diff prints it',
  });
  const [, object = '', path = ''] = /^([^:]+)(?::(.*))?$/s.exec(text) ?? [];
  if (!/^[A-Z][A-Za-z0-9]*\/[^/]+$/.test(object) && !/^[^/]*\/[A-Z][A-Za-z0-9]*\/[^/]*\/[^/]+$/.test(object))
    return bad('names an object by Kind/name or group/Kind/namespace/name');
  const steps: Step[] = [];
  for (let rest = path; rest !== ''; ) {
    const [whole, key, quoted, item] = step.exec(rest) ?? [];
    if (whole === undefined || (steps.length === 0 && whole.startsWith('.')))
      return bad(`its path can't be read from ${JSON.stringify(rest)} on`);
    steps.push(item === undefined ? { key: key ?? (JSON.parse(quoted ?? '""') as string) } : { item });
    rest = rest.slice(whole.length);
  }
  return { object, path, steps };
}

/** Whether an object is the one that is meant. */
export function isMeant({ object: name }: FieldName, object: KubernetesObject): boolean {
  return name === `${object.kind}/${object.metadata.name}` || name === objectKey(object);
}

/** The value of the field; undefined when it is not there. */
export function fieldValue({ steps }: FieldName, object: KubernetesObject | undefined): unknown {
  let value: unknown = object;
  let path = '';
  for (const one of steps) {
    value = 'key' in one ? property(value, one.key) : itemOf(value, one.item, path);
    path = 'key' in one ? one.key : '';
  }
  return value;
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function itemOf(value: unknown, item: string, list: string): unknown {
  if (!Array.isArray(value)) return undefined;
  const name = mergeKeysOf(list, value, value);
  const named = name && value.find((each) => name(each) === item);
  return named ?? (/^\d+$/.test(item) ? value[Number(item)] : undefined);
}
