import type { Problem } from '../../../charts/problem.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { at, textAt } from '../../kubernetes/object.ts';
import { formatPath } from '../property-path.ts';
import type { PropertyProblem } from '../provider.ts';
import type { Propagation } from './cluster.ts';

/** Annotations of an object that tell the plugin, not the cluster, what to do: the vendor's names and meanings. */
const names = {
  skipAwait: 'pulumi.com/skipAwait',
  timeoutSeconds: 'pulumi.com/timeoutSeconds',
  patchForce: 'pulumi.com/patchForce',
  patchFieldManager: 'pulumi.com/patchFieldManager',
  propagation: 'pulumi.com/deletionPropagationPolicy',
  autonamed: 'pulumi.com/autonamed',
} as const;

const known: ReadonlySet<string> = new Set(Object.values(names));
const propagations: Readonly<Record<string, Propagation>> = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan' };

/** What an object's annotations ask for. */
export interface Wishes {
  /** True when nobody waits until it is ready, or gone. @default false */
  readonly skipAwait: boolean;
  /** How long to wait, in seconds. @default undefined */
  readonly timeoutSeconds: number | undefined;
  /** Takes fields over from other managers. @default what the provider's settings say */
  readonly patchForce: boolean | undefined;
  /** Name of the field manager. @default one that is made from the URN */
  readonly fieldManager: string | undefined;
  /** @default Foreground */
  readonly propagation: Propagation;
  /** True when the plugin chose its name. */
  readonly isAutonamed: boolean;
}

export function readWishes(manifest: JsonObject): Wishes {
  const text = (name: string) => textAt(manifest, 'metadata', 'annotations', name);
  const force = text(names.patchForce);
  return {
    skipAwait: text(names.skipAwait) === 'true',
    timeoutSeconds: Number(text(names.timeoutSeconds)) || undefined,
    patchForce: force === undefined ? undefined : force === 'true',
    fieldManager: text(names.patchFieldManager) || undefined,
    propagation: propagations[text(names.propagation) ?? ''] ?? 'Foreground',
    isAutonamed: text(names.autonamed) === 'true',
  };
}

/** Finds annotations of ours that can't be followed. */
export function checkAnnotations(manifest: JsonObject): PropertyProblem[] {
  const annotations = (at(manifest, 'metadata', 'annotations') ?? {}) as JsonObject;
  const ours = Object.entries(annotations).filter(([name]) => name.startsWith('pulumi.com/'));
  return ours.flatMap(([name, value]) => {
    const property = formatPath(['metadata', 'annotations', name]);
    const problem = check(name, value);
    return problem ? [{ property, problem: { field: property, value, ...problem } }] : [];
  });
}

function check(name: string, value: unknown): Omit<Problem, 'field'> | undefined {
  if (!known.has(name)) {
    const fix = `leave it out, or use one of ${[...known].filter((other) => other !== names.autonamed).join(', ')}`;
    return { code: 'E_UNSUPPORTED', rule: 'not an annotation that this plugin follows', fix };
  }
  if (name === names.timeoutSeconds && !/^[1-9]\d{0,5}$/.test(String(value))) {
    return { code: 'E_TYPE', rule: 'whole seconds, 1 to 999999', fix: 'write a number in quotes' };
  }
  if ((name === names.skipAwait || name === names.patchForce) && value !== 'true' && value !== 'false') {
    return { code: 'E_TYPE', rule: '"true" or "false"', fix: 'write one of them, in quotes' };
  }
  if (name === names.propagation && !(String(value) in propagations)) {
    return { code: 'E_TYPE', rule: `one of ${Object.keys(propagations).join(', ')}`, fix: 'write one of them' };
  }
  return undefined;
}

/** The annotation that marks a chosen name. */
export const autonamed = names.autonamed;
