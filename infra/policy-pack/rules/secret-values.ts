import { violation } from '../../../charts/policy/rule.ts';
import { secretIn } from '../../../charts/validate/secret.ts';
import { isMap, type PropertyValue, Secret } from '../../provider/value.ts';
import type { BootstrapRule } from '../declared.ts';

/** Keys of Argo CD's Secrets that hold no secret. Source: operator-manual/declarative-setup/#repositories and argocd-secret-yaml/. */
const publicKeys: readonly string[] = ['type', 'url', 'project', 'name', 'admin.passwordMtime'];

/**
 * Each value of a Secret is a secret to Pulumi by itself, so it comes from the configuration or from another resource and not from the
 * program's text. Plugins make the whole of it secret only so that the state shows none; classes of the SDK do so before any policy sees it.
 */
export const secretValues: BootstrapRule = ({ inputs, object, path, sealed }) => {
  if (object.kind !== 'Secret') return [];
  return ['data', 'stringData'].flatMap((field) => {
    const values = sealed.includes(field) ? undefined : opened(inputs[field]);
    if (!isMap(values)) return [];
    const clear = Object.entries(values).filter(([key, value]) => isClear(key, value));
    return clear.map(([key]) => violation('secret-values', { path }, `${field}.${key}`, undefined, 'is a secret to Pulumi', fix));
  });
};

const fix = 'pass a value that is secret by itself: requireSecret(), or a Password';

function opened(value: PropertyValue | undefined): PropertyValue | undefined {
  return value instanceof Secret ? opened(value.value) : value;
}

function isClear(key: string, value: PropertyValue): boolean {
  return typeof value === 'string' && value !== '' && !(publicKeys.includes(key) && secretIn(value) === undefined);
}
