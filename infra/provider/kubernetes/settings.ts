import type { Problem } from '../../../charts/problem.ts';
import { fail } from '../../delivery/errors.ts';
import type { PropertyProblem } from '../provider.ts';
import { hasUnknown, type PropertyMap, type PropertyValue, reveal, unknown } from '../value.ts';

/** Settings of a `kubernetes.Provider`. */
export interface Settings {
  /** Path of a kubeconfig, or its text. */
  readonly kubeconfig: string;
  /** Name of a context in it. The one that happens to be current is never used. */
  readonly context: string;
  /** Namespace of objects that name none. @default the context's, else `default` */
  readonly namespace?: string;
  /** Takes fields over from other field managers. @default false */
  readonly enablePatchForce: boolean;
  /** Takes over objects that exist already. @default false */
  readonly upsertExistingObjects: boolean;
  /** Changes the data of a ConfigMap in place; else it is replaced. @default false */
  readonly enableConfigMapMutable: boolean;
  /** The same for Secrets. @default false */
  readonly enableSecretMutable: boolean;
  /** Forgets the resources of a cluster that can't be reached when they are refreshed or deleted. @default false */
  readonly deleteUnreachable: boolean;
  /** Hides what the API server says of deprecated APIs. @default false */
  readonly suppressDeprecationWarnings: boolean;
}

const texts = ['kubeconfig', 'context', 'namespace', 'clusterIdentifier'];
const switches = [
  'enablePatchForce',
  'upsertExistingObjects',
  'enableConfigMapMutable',
  'enableSecretMutable',
  'deleteUnreachable',
  'suppressDeprecationWarnings',
] as const;
/** Switches of the vendor's plugin that this one knows in one position only. */
const fixed: Readonly<Record<string, boolean>> = { enableServerSideApply: true, skipUpdateUnreachable: false, alwaysRender: false };

/** Finds what is wrong with the settings. They arrive as texts, whatever type the program gave them. */
export function checkSettings(settings: PropertyMap): PropertyProblem[] {
  const problems: PropertyProblem[] = [];
  const add = (key: string, problem: Omit<Problem, 'field'>) =>
    problems.push({ property: key, problem: { field: `kubernetes.Provider ${key}`, ...problem } });
  for (const key of ['kubeconfig', 'context']) {
    if (isUnset(settings[key])) add(key, { code: 'E_KEY', rule: 'required', fix: `pass ${key}: this plugin never guesses a cluster` });
  }
  for (const [key, value] of Object.entries(settings)) {
    if (key === 'version' || texts.includes(key) || isUnset(value) || hasUnknown(value)) continue;
    if (!(switches as readonly string[]).includes(key) && !(key in fixed)) {
      add(key, { code: 'E_UNSUPPORTED', rule: 'not a setting of this plugin', fix: 'leave it out, or install the official plugin' });
      continue;
    }
    const on = readSwitch(value);
    if (on === undefined) add(key, { code: 'E_TYPE', value: reveal(value), rule: 'true or false', fix: 'use one of them' });
    else if (key in fixed && on !== fixed[key]) {
      add(key, { code: 'E_UNSUPPORTED', value: on, rule: `always ${fixed[key]} in this plugin`, fix: 'leave it out' });
    }
  }
  return problems;
}

/** Reads settings that {@link checkSettings} found right. @throws Failure E_KEY when kubeconfig or context is missing */
export function readSettings(settings: PropertyMap): Settings {
  const text = (key: string): string | undefined => {
    const value = reveal(settings[key] ?? null);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const required = (key: string): string =>
    text(key) ?? fail('E_KEY', `kubernetes.Provider ${key}`, undefined, 'required', `pass ${key}: this plugin never guesses a cluster`);
  const on = Object.fromEntries(switches.map((key) => [key, readSwitch(settings[key] ?? null) ?? false]));
  return {
    ...(on as Record<(typeof switches)[number], boolean>),
    kubeconfig: required('kubeconfig'),
    context: required('context'),
    namespace: text('namespace'),
  };
}

function isUnset(value: PropertyValue | undefined): boolean {
  const plain = value === unknown ? 'unknown' : reveal(value ?? null);
  return plain === null || plain === '';
}

function readSwitch(value: PropertyValue): boolean | undefined {
  const plain = String(reveal(value));
  return plain === 'true' ? true : plain === 'false' ? false : undefined;
}
