import { violation } from '../../../charts/policy/rule.ts';
import { secretIn } from '../../../charts/validate/secret.ts';
import { isMap, type PropertyValue } from '../../provider/value.ts';
import type { BootstrapRule } from '../declared.ts';

/** Keys of Argo CD's Secrets that hold no secret. Source: operator-manual/declarative-setup/#repositories and argocd-secret-yaml/. */
const publicKeys: readonly string[] = ['type', 'url', 'project', 'name', 'admin.passwordMtime'];

/** What a Secret holds is a secret to Pulumi too: anything else is in the state, and in what runs print, for everybody to read. */
export const secretValues: BootstrapRule = (declared) => {
  if (declared.object.kind !== 'Secret') return [];
  return ['data', 'stringData'].flatMap((field) => {
    const values = declared.inputs[field];
    if (!isMap(values)) return [];
    const clear = Object.entries(values).filter(([key, value]) => isClear(key, value));
    return clear.map(([key]) =>
      violation('secret-values', declared, `${field}.${key}`, undefined, 'is a secret to Pulumi', 'wrap it in pulumi.secret()'),
    );
  });
};

function isClear(key: string, value: PropertyValue): boolean {
  return typeof value === 'string' && value !== '' && !(publicKeys.includes(key) && secretIn(value) === undefined);
}
