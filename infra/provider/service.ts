import type { MethodDefinition, ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import { formatProblem } from '../delivery/errors.ts';
import type { EngineLog } from './engine-log.ts';
import type { methods } from './protocol.ts';
import type { Call, Change, CheckRequest, Difference, PropertyProblem, Provider } from './provider.ts';
import { Redaction } from './redaction.ts';
import { rpcError } from './rpc-error.ts';
import { isMap, type PropertyMap } from './value.ts';

type Methods = typeof methods;
/** What a method gets. */
type Request<M> = M extends MethodDefinition<infer R, infer _> ? R : never;
/** What it answers. */
type Response<M> = M extends MethodDefinition<infer _, infer R> ? R : never;
type Handlers = { readonly [Name in keyof Methods]: (request: Request<Methods[Name]>, call: Call) => Promise<Response<Methods[Name]>> };
type CheckMessage = Request<Methods['check']>;

/** The provider in the engine's protocol. What it doesn't offer (schemas, functions, components) is answered UNIMPLEMENTED. */
export function service(provider: Provider, log: EngineLog, abort: AbortController): UntypedServiceImplementation {
  const handlers: Handlers = {
    handshake: async () => ({ secrets: true, resources: true, autonaming: true }),
    getPluginInfo: async () => ({ version: provider.version }),
    async cancel() {
      abort.abort(new Error('interrupted'));
      return {};
    },
    checkConfig: async ({ news }) => ({ inputs: news, failures: failures(await provider.checkConfig(news)) }),
    diffConfig: async ({ oldInputs, news }) => diffResponse(provider.diffConfig(oldInputs, news)),
    async configure({ args }) {
      await provider.configure(args);
      return { secrets: true, resources: true, preview: true, autonaming: true };
    },
    async check({ olds, news, randomSeed, autonaming }, call) {
      const { inputs, problems } = await provider.check({ olds, news, randomSeed, autonaming: naming(autonaming) }, call);
      return { inputs, failures: failures(problems) };
    },
    diff: async (request, call) => diffResponse(await provider.diff(request, call)),
    async create({ properties, preview, timeout }, call) {
      const { id, outputs } = await provider.create({ inputs: properties, preview, timeout }, call);
      return { id, properties: outputs };
    },
    async read({ id, inputs, properties, timeout }, call) {
      const found = await provider.read({ id, inputs, outputs: properties, timeout }, call);
      return found ? { id: found.id, properties: found.outputs, inputs: found.inputs } : {};
    },
    update: async (request, call) => ({ properties: await provider.update(request, call) }),
    async delete({ id, oldInputs, properties, timeout }, call) {
      await provider.delete({ id, inputs: oldInputs, outputs: properties, timeout }, call);
      return {};
    },
  };
  const answering = Object.entries(handlers).map(([name, handle]) => [name, answer(handle as Handle, log, abort.signal)]);
  return Object.fromEntries(answering);
}

type Handle = (request: Readonly<Record<string, unknown>>, call: Call) => Promise<object>;

/** Wraps a method so that every exception reaches the engine as a status, and no secret of the request is in any text. */
function answer(handle: Handle, log: EngineLog, signal: AbortSignal) {
  return ({ request }: ServerUnaryCall<Readonly<Record<string, unknown>>, object>, respond: sendUnaryData<object>): void => {
    const redaction = new Redaction();
    for (const value of Object.values(request)) if (isMap(value as PropertyMap)) redaction.learn(value as PropertyMap);
    const { urn = '', name = '', type = '' } = request as { urn?: string; name?: string; type?: string };
    const call: Call = {
      urn,
      name,
      type,
      signal,
      status: (text) => log.status(urn, redaction.clean(text)),
      warn: (text) => log.warn(urn, redaction.clean(text)),
    };
    handle(request, call).then(
      (response) => respond(null, response),
      (error) => respond(rpcError(error, redaction)),
    );
  };
}

/** `pulumirpc.DiffResponse.DiffChanges`. */
const diffChanges = { none: 1, some: 2 } as const;
/** `pulumirpc.PropertyDiff.Kind`; one more where it replaces the resource. */
const diffKinds = { add: 0, delete: 2, update: 4 } as const;

function diffResponse({ changed, changes, deleteBeforeReplace }: Difference): Response<Methods['diff']> {
  return {
    changes: changed ? diffChanges.some : diffChanges.none,
    deleteBeforeReplace: deleteBeforeReplace ?? false,
    replaces: [...changes].filter(([, change]) => change.replaces).map(([path]) => path),
    hasDetailedDiff: changes.size > 0,
    detailedDiff: [...changes].map(([path, change]) => ({ path, change: propertyDiff(change) })),
  };
}

function propertyDiff({ kind, replaces, fromInputs }: Change) {
  return { kind: diffKinds[kind] + (replaces ? 1 : 0), inputDiff: fromInputs ?? false };
}

function failures(problems: readonly PropertyProblem[]) {
  return problems.map(({ property, problem }) => ({ property, reason: formatProblem(problem) }));
}

function naming(autonaming: CheckMessage['autonaming']): CheckRequest['autonaming'] {
  if (!autonaming) return undefined;
  return { mode: (['propose', 'enforce', 'disable'] as const)[autonaming.mode ?? 0] ?? 'propose', name: autonaming.proposedName ?? '' };
}
