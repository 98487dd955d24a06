import pb from '@pulumi/pulumi/proto/provider_pb.js';
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import { properties } from '../../infra/provider/struct.ts';
import type { PropertyMap } from '../../infra/provider/value.ts';
import { decodeMessage, encodeMessage } from '../../infra/provider/wire.ts';

/** A message that begins with a Struct, as the SDK's generated CheckResponse does. */
const holder = { map: { number: 1, kind: properties } };

/** Properties as the SDK's generated classes read them off our wire. */
export function toStruct(map: PropertyMap): Struct {
  const struct = pb.CheckResponse.deserializeBinary(encodeMessage(holder, { map })).getInputs();
  if (!struct) throw new Error('no struct on the wire');
  return struct;
}

/** Properties as we read them off the wire of the SDK's generated classes. */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  return decodeMessage(holder, new pb.CheckResponse().setInputs(struct).serializeBinary()).map;
}
