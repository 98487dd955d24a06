import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';
import pb from '@pulumi/pulumi/proto/provider_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import { formatProblem } from '../delivery/errors.ts';
import type { EngineLog } from './engine-log.ts';
import type { Call, Change, CheckRequest, Difference, DiffRequest, PropertyProblem, Provider } from './provider.ts';
import { Redaction } from './redaction.ts';
import { rpcError } from './rpc-error.ts';
import { decode, encode } from './struct.ts';
import type { PropertyMap } from './value.ts';

type CheckCall = InstanceType<typeof pb.CheckRequest>;
type DiffCall = InstanceType<typeof pb.DiffRequest>;
type UpdateCall = InstanceType<typeof pb.UpdateRequest>;

/** What a method needs besides its request. Whatever is read through it is kept out of messages where it is secret. */
interface Exchange {
  read(struct: Struct | undefined): PropertyMap;
  call(request: { getUrn(): string; getName(): string; getType(): string }): Call;
}

/** The provider in the engine's protocol: `pulumirpc.ResourceProvider`. What it doesn't offer (schemas, functions, components) answers UNIMPLEMENTED. */
export function service(provider: Provider, log: EngineLog, abort: AbortController): UntypedServiceImplementation {
  const unary = exchanges(log, abort.signal);
  return {
    ...settings(provider, unary),
    ...resources(provider, unary),
    getPluginInfo: unary(async () => new pluginPb.PluginInfo().setVersion(provider.version)),
    cancel: unary(async () => {
      abort.abort(new Error('interrupted'));
      return new emptyPb.Empty();
    }),
  };
}

type Unary = ReturnType<typeof exchanges>;

function settings(provider: Provider, unary: Unary): UntypedServiceImplementation {
  return {
    handshake: unary(async () =>
      new pb.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true).setSupportsAutonamingConfiguration(true),
    ),
    checkConfig: unary(async (request: CheckCall, { read }) => {
      const news = read(request.getNews());
      return new pb.CheckResponse().setInputs(encode(news)).setFailuresList(failures(await provider.checkConfig(news)));
    }),
    diffConfig: unary(async (request: DiffCall, { read }) =>
      diffResponse(provider.diffConfig(read(request.getOldInputs() ?? request.getOlds()), read(request.getNews()))),
    ),
    configure: unary(async (request: InstanceType<typeof pb.ConfigureRequest>, { read }) => {
      await provider.configure(read(request.getArgs()));
      const answer = new pb.ConfigureResponse().setAcceptsecrets(true).setAcceptresources(true);
      return answer.setSupportspreview(true).setSupportsAutonamingConfiguration(true);
    }),
  };
}

function resources(provider: Provider, unary: Unary): UntypedServiceImplementation {
  return {
    check: unary(async (request: CheckCall, { read, call }) => {
      const randomSeed = request.getRandomseed_asU8();
      const olds = read(request.getOlds());
      const news = read(request.getNews());
      const result = await provider.check({ olds, news, randomSeed, autonaming: autonaming(request) }, call(request));
      return new pb.CheckResponse().setInputs(encode(result.inputs)).setFailuresList(failures(result.problems));
    }),
    diff: unary(async (request: DiffCall, { read, call }) => diffResponse(await provider.diff(diffRequest(request, read), call(request)))),
    create: unary(async (request: InstanceType<typeof pb.CreateRequest>, { read, call }) => {
      const inputs = read(request.getProperties());
      const made = await provider.create({ inputs, preview: request.getPreview(), timeout: request.getTimeout() }, call(request));
      return new pb.CreateResponse().setId(made.id).setProperties(encode(made.outputs));
    }),
    read: unary(async (request: InstanceType<typeof pb.ReadRequest>, { read, call }) => {
      const known = { id: request.getId(), inputs: read(request.getInputs()), outputs: read(request.getProperties()) };
      const found = await provider.read({ ...known, timeout: request.getTimeout() }, call(request));
      if (!found) return new pb.ReadResponse();
      return new pb.ReadResponse().setId(found.id).setProperties(encode(found.outputs)).setInputs(encode(found.inputs));
    }),
    update: unary(async (request: UpdateCall, { read, call }) => {
      const wanted = { ...diffRequest(request, read), preview: request.getPreview(), timeout: request.getTimeout() };
      return new pb.UpdateResponse().setProperties(encode(await provider.update(wanted, call(request))));
    }),
    delete: unary(async (request: InstanceType<typeof pb.DeleteRequest>, { read, call }) => {
      const known = { id: request.getId(), inputs: read(request.getOldInputs()), outputs: read(request.getProperties()) };
      await provider.delete({ ...known, timeout: request.getTimeout() }, call(request));
      return new emptyPb.Empty();
    }),
  };
}

/** Wraps methods so that every exception reaches the engine as a status without secrets. */
function exchanges(log: EngineLog, signal: AbortSignal) {
  return <Request, Response>(work: (request: Request, exchange: Exchange) => Promise<Response>) =>
    (rpc: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
      const redaction = new Redaction();
      const exchange: Exchange = {
        read(struct) {
          const properties = decode(struct);
          redaction.learn(properties);
          return properties;
        },
        call: (request) => ({
          urn: request.getUrn(),
          name: request.getName(),
          type: request.getType(),
          signal,
          status: (text) => log.status(request.getUrn(), redaction.clean(text)),
          warn: (text) => log.warn(request.getUrn(), redaction.clean(text)),
        }),
      };
      work(rpc.request, exchange).then(
        (response) => answer(null, response),
        (error) => answer(rpcError(error, redaction)),
      );
    };
}

function diffRequest(request: DiffCall | UpdateCall, read: Exchange['read']): DiffRequest {
  return {
    id: request.getId(),
    oldInputs: read(request.getOldInputs()),
    oldOutputs: read(request.getOlds()),
    news: read(request.getNews()),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

function diffResponse({ changed, changes, deleteBeforeReplace }: Difference): InstanceType<typeof pb.DiffResponse> {
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  const response = new pb.DiffResponse().setChanges(changed ? DIFF_SOME : DIFF_NONE).setDeletebeforereplace(deleteBeforeReplace ?? false);
  const replaces = [...changes].filter(([, change]) => change.replaces).map(([path]) => path);
  const details = response
    .setReplacesList(replaces)
    .setHasdetaileddiff(changes.size > 0)
    .getDetaileddiffMap();
  for (const [path, change] of changes) details.set(path, propertyDiff(change));
  return response;
}

function propertyDiff({ kind, replaces, fromInputs }: Change): InstanceType<typeof pb.PropertyDiff> {
  const { Kind } = pb.PropertyDiff;
  const kinds = replaces
    ? { add: Kind.ADD_REPLACE, delete: Kind.DELETE_REPLACE, update: Kind.UPDATE_REPLACE }
    : { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE };
  return new pb.PropertyDiff().setKind(kinds[kind]).setInputdiff(fromInputs ?? false);
}

function failures(problems: readonly PropertyProblem[]): InstanceType<typeof pb.CheckFailure>[] {
  return problems.map(({ property, problem }) => new pb.CheckFailure().setProperty(property).setReason(formatProblem(problem)));
}

function autonaming(request: CheckCall): CheckRequest['autonaming'] {
  const options = request.getAutonaming();
  const { ENFORCE, DISABLE } = pb.CheckRequest.AutonamingOptions.Mode;
  if (!options) return undefined;
  const mode = options.getMode() === ENFORCE ? 'enforce' : options.getMode() === DISABLE ? 'disable' : 'propose';
  return { mode, name: options.getProposedName() };
}
