import { violation } from '../../../charts/policy/rule.ts';
import { type PropertyValue, Secret, unknown } from '../../provider/value.ts';
import type { BootstrapRule } from '../declared.ts';

const fix = 'pass a provider with kubeconfig and context in its options';

/** Every object says which cluster it goes to: the default provider takes whatever context happens to be current. */
export const explicitProvider: BootstrapRule = (declared) => {
  const { provider } = declared;
  if (!provider || /^default(_|$)/.test(provider.name)) {
    return [violation('explicit-provider', declared, 'provider', undefined, 'is named', fix)];
  }
  return ['kubeconfig', 'context']
    .filter((setting) => !isGiven(provider.inputs[setting]))
    .map((setting) => violation('explicit-provider', declared, `provider.${setting}`, undefined, 'is given', fix));
};

function isGiven(value: PropertyValue | undefined): boolean {
  if (value instanceof Secret) return isGiven(value.value);
  return value === unknown || (typeof value === 'string' && value.trim() !== '');
}
