import type { PolicyPackArgs, ResourceValidationArgs, ResourceValidationPolicy } from '@pulumi/policy';
import { formatProblem } from '../delivery/errors.ts';
import { type DeclaredObject, declaredObject } from './declared.ts';
import { inputsOf } from './inputs.ts';
import { type BootstrapPolicy, policies } from './policies.ts';

/**
 * The rules as the SDK takes them. Whether a value is a secret it tells only to policies that remediate, which run before those that
 * validate: the first policy remembers each object for all of them, and changes nothing.
 * @param namespaceOf namespace of Argo CD in a stack
 */
export function bootstrapPack(namespaceOf: (stack: string) => Promise<string>): PolicyPackArgs {
  const declared = new Map<string, DeclaredObject | undefined>();
  const remember = (args: ResourceValidationArgs): void => {
    declared.set(args.urn, read(args));
  };
  const validate = ({ rule }: BootstrapPolicy): ResourceValidationPolicy['validateResource'] => {
    return async (args, report) => {
      if (!declared.has(args.urn)) throw new Error(`enforcement level remediate is needed for ${remembering}`);
      const object = declared.get(args.urn);
      if (!object) return;
      const namespace = await namespaceOf(stackOf(args.urn));
      for (const problem of rule(object, { namespace })) report(formatProblem(problem));
    };
  };
  return {
    description: 'What the bootstrap of a cluster must never contain',
    policies: policies.map((policy) => ({
      name: policy.name,
      description: policy.description,
      enforcementLevel: policy.name === remembering ? 'remediate' : 'mandatory',
      ...(policy.name === remembering && { remediateResource: remember }),
      validateResource: validate(policy),
    })),
  };
}

const remembering = 'secret-values';

function read({ name, type, props, opts, provider }: ResourceValidationArgs): DeclaredObject | undefined {
  return declaredObject({
    name,
    type,
    inputs: inputsOf(props),
    sealed: opts.additionalSecretOutputs,
    provider: provider && { name: provider.name, inputs: inputsOf(provider.props) },
  });
}

/** `urn:pulumi:<stack>::<project>::…` */
function stackOf(urn: string): string {
  return urn.split(':')[2] ?? '';
}
