import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import type pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import pb from '@pulumi/pulumi/proto/provider_pb.js';
import statusPb from '@pulumi/pulumi/proto/status_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../charts/problem.ts';
import { Failure } from '../../infra/delivery/errors.ts';
import { type Provider, Unfinished } from '../../infra/provider/provider.ts';
import { UnknownOutcome } from '../../infra/provider/rpc-error.ts';
import { type ProviderServer, serve } from '../../infra/provider/server.ts';
import { type PropertyMap, Secret, unknown } from '../../infra/provider/value.ts';
import { fromStruct, toStruct } from './generated.ts';

/** A provider of files in memory: everything the protocol can carry, nothing else. */
function memory(overrides: Partial<Provider> = {}): Provider {
  return {
    name: 'memory',
    version: '1.2.3',
    checkConfig: async () => [],
    diffConfig: () => ({ changed: false, changes: new Map() }),
    configure: async () => {},
    check: async ({ news }) => ({ inputs: news, problems: [] }),
    diff: async () => ({ changed: false, changes: new Map() }),
    create: async ({ inputs, preview }) => ({ id: preview ? '' : 'one', outputs: inputs }),
    read: async () => undefined,
    update: async ({ news }) => news,
    delete: async () => {},
    ...overrides,
  };
}

const urn = 'urn:pulumi:dev::project::memory:index:File::notes';
const problem: Problem = { code: 'E_APPLY', field: 'notes', value: 'correct horse', rule: 'no horses', fix: 'take a cow' };
let server: ProviderServer | undefined;
let client: InstanceType<typeof providerGrpc.ResourceProviderClient>;

async function start(overrides: Partial<Provider> = {}): Promise<void> {
  server = await serve(memory(overrides));
  client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${server.port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
}

/** Calls a method and returns its answer. @throws ServiceError */
function call<Response>(method: (answer: (error: ServiceError | null, response: Response) => void) => unknown): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  method((error, response) => (error ? reject(error) : resolve(response)));
  return promise;
}

afterEach(() => {
  client?.close();
  server?.close();
});

const create = (inputs: PropertyMap, preview = false) =>
  call<InstanceType<typeof pb.CreateResponse>>((answer) =>
    client.create(new pb.CreateRequest().setUrn(urn).setProperties(toStruct(inputs)).setPreview(preview), answer),
  );

describe('a provider behind the engine’s protocol', () => {
  it('tells its version and what it accepts', async () => {
    await start();
    const info = await call<InstanceType<typeof pluginPb.PluginInfo>>((answer) => client.getPluginInfo(new emptyPb.Empty(), answer));
    const handshake = await call<InstanceType<typeof pb.ProviderHandshakeResponse>>((answer) =>
      client.handshake(new pb.ProviderHandshakeRequest(), answer),
    );
    expect(info.getVersion()).toBe('1.2.3');
    expect([handshake.getAcceptSecrets(), handshake.getAcceptResources(), handshake.getAcceptOutputs()]).toEqual([true, true, false]);
  });

  it('gets unknowns and secrets in a preview, and gives them back', async () => {
    await start();
    const made = await create({ text: new Secret('x'), later: unknown }, true);
    expect(made.getId()).toBe('');
    expect(fromStruct(made.getProperties())).toEqual({ text: new Secret('x'), later: unknown });
  });

  it('takes properties larger than gRPC’s default limit', async () => {
    await start();
    const text = 'x'.repeat(8 * 1024 * 1024);
    expect(fromStruct((await create({ text })).getProperties())).toEqual({ text });
  });

  it('tells which properties are wrong', async () => {
    await start({ check: async ({ news }) => ({ inputs: news, problems: [{ property: 'text', problem }] }) });
    const request = new pb.CheckRequest().setUrn(urn).setNews(toStruct({}));
    const answer = await call<InstanceType<typeof pb.CheckResponse>>((done) => client.check(request, done));
    expect(answer.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()])).toEqual([
      ['text', 'error[E_APPLY] notes: correct horse - no horses - take a cow'],
    ]);
  });

  it('tells what changes, and what is replaced for it', async () => {
    const changes = new Map([
      ['a', { kind: 'add', fromInputs: true }],
      ['b', { kind: 'update', replaces: true }],
    ] as const);
    await start({ diff: async () => ({ changed: true, changes, deleteBeforeReplace: true }) });
    const request = new pb.DiffRequest().setUrn(urn).setId('one');
    const answer = await call<InstanceType<typeof pb.DiffResponse>>((done) => client.diff(request, done));
    expect(answer.toObject()).toMatchObject({
      changes: pb.DiffResponse.DiffChanges.DIFF_SOME,
      replacesList: ['b'],
      deletebeforereplace: true,
      hasdetaileddiff: true,
      detaileddiffMap: [
        ['a', { kind: pb.PropertyDiff.Kind.ADD, inputdiff: true }],
        ['b', { kind: pb.PropertyDiff.Kind.UPDATE_REPLACE, inputdiff: false }],
      ],
    });
  });

  it('answers nothing for a resource that is gone', async () => {
    await start();
    const request = new pb.ReadRequest().setUrn(urn).setId('one');
    const answer = await call<InstanceType<typeof pb.ReadResponse>>((done) => client.read(request, done));
    expect([answer.getId(), answer.getProperties()]).toEqual(['', undefined]);
  });

  it('answers UNIMPLEMENTED to functions and schemas', async () => {
    await start();
    const request = new pb.InvokeRequest().setTok('memory:index:list');
    await expect(call((answer) => client.invoke(request, answer))).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });
});

describe('an error of a provider', () => {
  it.each([
    ['a failure', new Failure([problem]), status.FAILED_PRECONDITION],
    ['an outcome that can’t be known', new UnknownOutcome([problem]), status.UNKNOWN],
  ])('that is %s reaches the engine without secrets', async (_name, error, code) => {
    await start({ create: () => Promise.reject(error) });
    await expect(create({ text: new Secret('correct horse') })).rejects.toMatchObject({
      code,
      details: 'error[E_APPLY] notes: [secret] - no horses - take a cow',
    });
  });

  it('that nobody expected reaches the engine with its stack, without secrets', async () => {
    await start({ create: () => Promise.reject(new TypeError('correct horse is undefined')) });
    await expect(create({ text: new Secret('correct horse') })).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: expect.stringMatching(/^TypeError: \[secret\] is undefined\n.*server\.test\.ts/s),
    });
  });

  it('that leaves a half-made resource carries it', async () => {
    const resource = { id: 'one', outputs: { text: new Secret('correct horse'), size: 3 } };
    await start({ create: () => Promise.reject(new Unfinished(resource, [problem])) });
    const error: ServiceError = await create({ text: new Secret('correct horse') }).then(
      () => expect.fail('must fail'),
      (failure) => failure,
    );
    const [details] = error.metadata.get('grpc-status-details-bin');
    const [any] = statusPb.Status.deserializeBinary(details as Uint8Array).getDetailsList();
    const failed = pb.ErrorResourceInitFailed.deserializeBinary(any?.getValue_asU8() ?? new Uint8Array());
    expect(failed.getId()).toBe('one');
    expect(fromStruct(failed.getProperties())).toEqual(resource.outputs);
    expect(failed.getReasonsList()).toEqual(['error[E_APPLY] notes: [secret] - no horses - take a cow']);
  });
});

describe('an interrupted engine', () => {
  it('aborts what is running', async () => {
    const started = Promise.withResolvers<void>();
    await start({
      create: async (_request, { signal }) => {
        started.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw new Failure([{ ...problem, rule: 'interrupted' }]);
      },
    });
    const running = expect(create({})).rejects.toMatchObject({ details: 'error[E_APPLY] notes: correct horse - interrupted - take a cow' });
    await started.promise;
    await call((answer) => client.cancel(new emptyPb.Empty(), answer));
    await running;
  });
});
