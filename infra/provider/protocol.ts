import type { MethodDefinition } from '@grpc/grpc-js';
import { properties } from './struct.ts';
import {
  bytes,
  decodeMessage,
  double,
  encodeMessage,
  type Field,
  type Fields,
  flag,
  integer,
  type Kind,
  list,
  type Message,
  message,
  text,
} from './wire.ts';

/** The parts of the engine's protocol that a provider needs: numbers and types are those of `pulumi/provider.proto`, SDK 3.250.0. */
function field<T>(number: number, kind: Kind<T>): Field<T> {
  return { number, kind };
}

const nothing = {} as const;

/** What `Call` takes from every request. */
const resource = <Urn extends number, Name extends number>(urn: Urn, name: Name) => ({
  urn: field(urn, text),
  name: field(name, text),
  type: field(name + 1, text),
});

const failure = { property: field(1, text), reason: field(2, text) };
const autonaming = { proposedName: field(1, text), mode: field(2, integer) };
const propertyDiff = { kind: field(1, integer), inputDiff: field(2, flag) };
const diffEntry = { path: field(1, text), change: field(2, message(propertyDiff)) };

const accepted = { secrets: field(1, flag), resources: field(2, flag), outputs: field(3, flag), autonaming: field(4, flag) };
const configured = {
  secrets: field(1, flag),
  preview: field(2, flag),
  resources: field(3, flag),
  outputs: field(4, flag),
  autonaming: field(5, flag),
};

const checkRequest = {
  ...resource(1, 6),
  olds: field(2, properties),
  news: field(3, properties),
  randomSeed: field(5, bytes),
  autonaming: field(8, message(autonaming)),
};
const checked = { inputs: field(1, properties), failures: field(2, list(message(failure))) };

const diffRequest = {
  ...resource(2, 7),
  id: field(1, text),
  oldOutputs: field(3, properties),
  news: field(4, properties),
  ignoreChanges: field(5, list(text)),
  oldInputs: field(6, properties),
};
const different = {
  replaces: field(1, list(text)),
  deleteBeforeReplace: field(3, flag),
  changes: field(4, integer),
  detailedDiff: field(6, list(message(diffEntry))),
  hasDetailedDiff: field(7, flag),
};

const createRequest = { ...resource(1, 5), properties: field(2, properties), timeout: field(3, double), preview: field(4, flag) };
const created = { id: field(1, text), properties: field(2, properties) };

const readRequest = {
  ...resource(2, 5),
  id: field(1, text),
  properties: field(3, properties),
  inputs: field(4, properties),
  timeout: field(10, double),
};
const found = { id: field(1, text), properties: field(2, properties), inputs: field(3, properties) };

const updateRequest = {
  ...resource(2, 9),
  id: field(1, text),
  oldOutputs: field(3, properties),
  news: field(4, properties),
  timeout: field(5, double),
  ignoreChanges: field(6, list(text)),
  preview: field(7, flag),
  oldInputs: field(8, properties),
};

const deleteRequest = {
  ...resource(2, 6),
  id: field(1, text),
  properties: field(3, properties),
  timeout: field(4, double),
  oldInputs: field(5, properties),
};

/** Methods of `pulumirpc.ResourceProvider`. */
export const methods = {
  handshake: method('ResourceProvider/Handshake', nothing, accepted),
  getPluginInfo: method('ResourceProvider/GetPluginInfo', nothing, { version: field(1, text) }),
  cancel: method('ResourceProvider/Cancel', nothing, nothing),
  checkConfig: method('ResourceProvider/CheckConfig', checkRequest, checked),
  diffConfig: method('ResourceProvider/DiffConfig', diffRequest, different),
  configure: method('ResourceProvider/Configure', { args: field(2, properties) }, configured),
  check: method('ResourceProvider/Check', checkRequest, checked),
  diff: method('ResourceProvider/Diff', diffRequest, different),
  create: method('ResourceProvider/Create', createRequest, created),
  read: method('ResourceProvider/Read', readRequest, found),
  update: method('ResourceProvider/Update', updateRequest, { properties: field(1, properties) }),
  delete: method('ResourceProvider/Delete', deleteRequest, nothing),
} as const;

/** `pulumirpc.Engine/Log`: how a plugin speaks to the user. */
export const log = method(
  'Engine/Log',
  { severity: field(1, integer), message: field(2, text), urn: field(3, text), ephemeral: field(5, flag) },
  nothing,
);

/** `pulumirpc.ErrorResourceInitFailed`: a resource that exists but is not what it should be, in the details of an error. */
export const initFailed = { id: field(1, text), properties: field(2, properties), reasons: field(3, list(text)) };

/** `google.rpc.Status`, whose details are `google.protobuf.Any`. */
export const status = {
  code: field(1, integer),
  message: field(2, text),
  details: field(3, list(message({ typeUrl: field(1, text), value: field(2, bytes) }))),
};

/** A method of the protocol, with messages as plain objects. What a response leaves out is absent. */
export type Method<Request extends Fields, Response extends Fields> = MethodDefinition<Message<Request>, Partial<Message<Response>>>;

function method<Request extends Fields, Response extends Fields>(
  path: string,
  request: Request,
  response: Response,
): Method<Request, Response> {
  return {
    path: `/pulumirpc.${path}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (value) => Buffer.from(encodeMessage(request, value)),
    requestDeserialize: (from) => decodeMessage(request, from),
    responseSerialize: (value) => Buffer.from(encodeMessage(response, value)),
    responseDeserialize: (from) => decodeMessage(response, from),
  };
}
