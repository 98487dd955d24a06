import enginePb from '@pulumi/pulumi/proto/engine_pb.js';
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import pb from '@pulumi/pulumi/proto/provider_pb.js';
import { describe, expect, it } from 'vitest';
import { initFailed, log, methods } from '../../infra/provider/protocol.ts';
import { Secret } from '../../infra/provider/value.ts';
import { encodeMessage } from '../../infra/provider/wire.ts';
import { fromStruct, toStruct } from './generated.ts';

const map = (text: string) => ({ text: new Secret(text) });
const struct = (text: string) => toStruct(map(text));
const seed = new Uint8Array([1, 2, 3]);

type MethodName = keyof typeof methods;
type Wire = { serializeBinary(): Uint8Array };

const naming = new pb.CheckRequest.AutonamingOptions().setProposedName('name').setMode(pb.CheckRequest.AutonamingOptions.Mode.ENFORCE);
const check = new pb.CheckRequest()
  .setUrn('urn')
  .setName('name')
  .setType('type')
  .setOlds(struct('olds'))
  .setNews(struct('news'))
  .setRandomseed(seed)
  .setAutonaming(naming);
const diff = new pb.DiffRequest()
  .setUrn('urn')
  .setName('name')
  .setType('type')
  .setId('id')
  .setOlds(struct('outputs'))
  .setNews(struct('news'))
  .setOldInputs(struct('inputs'))
  .setIgnorechangesList(['a', 'b']);
const create = new pb.CreateRequest()
  .setUrn('urn')
  .setName('name')
  .setType('type')
  .setProperties(struct('news'))
  .setTimeout(1.5)
  .setPreview(true);
const read = new pb.ReadRequest()
  .setUrn('urn')
  .setName('name')
  .setType('type')
  .setId('id')
  .setProperties(struct('outputs'))
  .setInputs(struct('inputs'))
  .setTimeout(1.5);
const update = new pb.UpdateRequest()
  .setUrn('urn')
  .setName('name')
  .setType('type')
  .setId('id')
  .setOlds(struct('outputs'))
  .setNews(struct('news'))
  .setOldInputs(struct('inputs'))
  .setIgnorechangesList(['a', 'b'])
  .setTimeout(1.5)
  .setPreview(true);
const remove = new pb.DeleteRequest()
  .setUrn('urn')
  .setName('name')
  .setType('type')
  .setId('id')
  .setProperties(struct('outputs'))
  .setOldInputs(struct('inputs'))
  .setTimeout(1.5);
const configure = new pb.ConfigureRequest().setArgs(struct('news')).setUrn('urn').setAcceptsecrets(true);
configure.getVariablesMap().set('a', 'b');

const resource = { urn: 'urn', name: 'name', type: 'type' };
const different = {
  ...resource,
  id: 'id',
  oldOutputs: map('outputs'),
  news: map('news'),
  oldInputs: map('inputs'),
  ignoreChanges: ['a', 'b'],
};
const checked = {
  ...resource,
  olds: map('olds'),
  news: map('news'),
  randomSeed: Buffer.from(seed),
  autonaming: { proposedName: 'name', mode: 1 },
};

const requests: readonly [MethodName, Wire, object][] = [
  ['checkConfig', check, checked],
  ['check', check, checked],
  ['diffConfig', diff, different],
  ['diff', diff, different],
  ['configure', configure, { args: map('news') }],
  ['create', create, { ...resource, properties: map('news'), timeout: 1.5, preview: true }],
  ['read', read, { ...resource, id: 'id', properties: map('outputs'), inputs: map('inputs'), timeout: 1.5 }],
  ['update', update, { ...different, timeout: 1.5, preview: true }],
  ['delete', remove, { ...resource, id: 'id', properties: map('outputs'), oldInputs: map('inputs'), timeout: 1.5 }],
  ['create', new pb.CreateRequest(), { urn: '', name: '', type: '', properties: {}, timeout: 0, preview: false }],
];

describe('a request of the SDK’s generated classes', () => {
  it.each(requests)('%s is read field by field', (name, request, expected) => {
    expect(methods[name].requestDeserialize(Buffer.from(request.serializeBinary()))).toEqual(expected);
  });

  it('goes to a path that the SDK’s service has', () => {
    const known = Object.values(providerGrpc.ResourceProviderService).map(({ path }) => path);
    expect(Object.values(methods).filter(({ path }) => !known.includes(path))).toEqual([]);
  });
});

describe('an answer', () => {
  it('of a check is what the generated classes read', () => {
    const wire = methods.check.responseSerialize({ inputs: map('a'), failures: [{ property: 'p', reason: 'r' }] });
    const answer = pb.CheckResponse.deserializeBinary(wire);
    expect(fromStruct(answer.getInputs())).toEqual(map('a'));
    expect(answer.getFailuresList().map((failure) => failure.toObject())).toEqual([{ property: 'p', reason: 'r' }]);
  });

  it('of a diff is what the generated classes read', () => {
    const detailedDiff = [{ path: 'a.b', change: { kind: 5, inputDiff: true } }];
    const wire = methods.diff.responseSerialize({
      changes: 2,
      replaces: ['a', 'b'],
      deleteBeforeReplace: true,
      hasDetailedDiff: true,
      detailedDiff,
    });
    expect(pb.DiffResponse.deserializeBinary(wire).toObject()).toEqual({
      replacesList: ['a', 'b'],
      stablesList: [],
      deletebeforereplace: true,
      changes: pb.DiffResponse.DiffChanges.DIFF_SOME,
      diffsList: [],
      detaileddiffMap: [['a.b', { kind: pb.PropertyDiff.Kind.UPDATE_REPLACE, inputdiff: true }]],
      hasdetaileddiff: true,
    });
  });

  it('of each operation is what the generated classes read', () => {
    const created = pb.CreateResponse.deserializeBinary(methods.create.responseSerialize({ id: 'id', properties: map('a') }));
    const found = pb.ReadResponse.deserializeBinary(methods.read.responseSerialize({ id: 'id', properties: map('a'), inputs: map('b') }));
    const updated = pb.UpdateResponse.deserializeBinary(methods.update.responseSerialize({ properties: map('a') }));
    expect([created.getId(), fromStruct(created.getProperties())]).toEqual(['id', map('a')]);
    expect([found.getId(), fromStruct(found.getProperties()), fromStruct(found.getInputs())]).toEqual(['id', map('a'), map('b')]);
    expect(fromStruct(updated.getProperties())).toEqual(map('a'));
    expect(pluginPb.PluginInfo.deserializeBinary(methods.getPluginInfo.responseSerialize({ version: '1.2.3' })).getVersion()).toBe('1.2.3');
  });

  it('of a handshake and of a configuration has each flag in its place', () => {
    const flags = { secrets: true, resources: true, autonaming: true };
    expect(pb.ProviderHandshakeResponse.deserializeBinary(methods.handshake.responseSerialize(flags)).toObject()).toEqual({
      acceptSecrets: true,
      acceptResources: true,
      acceptOutputs: false,
      supportsAutonamingConfiguration: true,
    });
    expect(pb.ConfigureResponse.deserializeBinary(methods.configure.responseSerialize({ ...flags, preview: true })).toObject()).toEqual({
      acceptsecrets: true,
      supportspreview: true,
      acceptresources: true,
      acceptoutputs: false,
      supportsAutonamingConfiguration: true,
    });
  });

  it('about a half-made resource is what the generated classes read', () => {
    const wire = encodeMessage(initFailed, { id: 'id', properties: map('a'), reasons: ['r'] });
    const failed = pb.ErrorResourceInitFailed.deserializeBinary(wire);
    expect([failed.getId(), fromStruct(failed.getProperties()), failed.getReasonsList()]).toEqual(['id', map('a'), ['r']]);
  });
});

describe('a line for the user', () => {
  it('is what the generated classes read', () => {
    const wire = log.requestSerialize({ urn: 'urn', message: 'text', severity: 2, ephemeral: true });
    expect(enginePb.LogRequest.deserializeBinary(wire).toObject()).toEqual({
      severity: enginePb.LogSeverity.WARNING,
      message: 'text',
      urn: 'urn',
      streamid: 0,
      ephemeral: true,
    });
  });
});
