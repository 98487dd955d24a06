import { createHash } from 'node:crypto';
import type { Problem } from '../../../charts/problem.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { at, textAt } from '../../kubernetes/object.ts';
import type { Call, CheckRequest, CheckResult, PropertyProblem } from '../provider.ts';
import { isMap, type PropertyMap, reveal, Secret, unknown } from '../value.ts';
import { autonamed, checkAnnotations } from './annotations.ts';
import { typeMeta, typeOfToken } from './manifest.ts';

/** Checks what can be told without the cluster, chooses a name where the program gives none, and marks the data of Secrets as secret. */
export function check(request: CheckRequest, call: Call): CheckResult {
  const plain = reveal(request.news);
  const type = typeMeta(request.news, call.type);
  const problems = [...checkType(call.type, plain), ...checkAnnotations(plain)];
  if (at(plain, 'metadata', 'generateName') !== undefined) {
    problems.push(
      wrong('metadata.generateName', 'E_UNSUPPORTED', 'server-side apply needs a name', 'set metadata.name, or leave both out'),
    );
  }
  if (!type || problems.length > 0) return { inputs: request.news, problems };
  const named = giveName({ apiVersion: type.apiVersion, kind: type.kind, ...request.news }, request, call, problems);
  return { inputs: type.apiVersion === 'v1' && type.kind === 'Secret' ? hideData(named) : named, problems };
}

function checkType(token: string, plain: JsonObject): PropertyProblem[] {
  const fromToken = typeOfToken(token);
  const kind = textAt(plain, 'kind') ?? fromToken?.kind;
  const refuse = (rule: string, fix: string) => [wrong('kind', 'E_UNSUPPORTED', rule, fix, token)];
  if (!fromToken || fromToken.apiVersion.startsWith('helm.sh/'))
    return refuse('no kind of the Kubernetes API', 'use plain resources: Helm, Kustomize and YAML files need the official plugin');
  if (kind && fromToken.kind === `${kind}Patch`) return refuse('this plugin has no patches', 'manage the whole object');
  if (kind?.endsWith('List') && Array.isArray(plain.items)) return refuse('a list is no object', 'make a resource of each of its items');
  if (kind !== fromToken.kind)
    return [wrong('kind', 'E_TYPE', `must be ${fromToken.kind}, as in the type ${token}`, 'use the class of the kind', kind)];
  return [];
}

/** Keeps the name chosen earlier, else chooses one: the resource's name and eight random hex digits. */
function giveName(inputs: PropertyMap, request: CheckRequest, call: Call, problems: PropertyProblem[]): PropertyMap {
  const metadata = inputs.metadata instanceof Secret ? inputs.metadata.value : (inputs.metadata ?? {});
  if (metadata === unknown || !isMap(metadata) || metadata.name) return inputs;
  const old = reveal(request.olds);
  const kept = textAt(old, 'metadata', 'annotations', autonamed) === 'true' ? textAt(old, 'metadata', 'name') : undefined;
  if (!kept && request.autonaming?.mode === 'disable') {
    problems.push(wrong('metadata.name', 'E_KEY', 'required: automatic names are switched off', 'set metadata.name'));
  }
  const random = createHash('sha256').update(request.randomSeed).digest('hex').slice(0, 8);
  const name = kept ?? (request.autonaming?.name || `${call.name}-${random}`);
  const annotations = isMap(metadata.annotations) ? metadata.annotations : {};
  const completed = { ...metadata, name, annotations: { ...annotations, [autonamed]: 'true' } };
  return { ...inputs, metadata: inputs.metadata instanceof Secret ? new Secret(completed) : completed };
}

/** Marks the data of a Secret as secret. */
export function hideData(inputs: PropertyMap): PropertyMap {
  const hide = ([key, value]: [string, PropertyMap[string]]) =>
    (key === 'data' || key === 'stringData') && !(value instanceof Secret) ? [key, new Secret(value)] : [key, value];
  return Object.fromEntries(Object.entries(inputs).map(hide));
}

function wrong(property: string, code: Problem['code'], rule: string, fix: string, value?: unknown): PropertyProblem {
  return { property, problem: { code, field: property, value, rule, fix } };
}
