import structPb, { type Struct, type Value } from 'google-protobuf/google/protobuf/struct_pb.js';
import { isList, isMap, type PropertyMap, type PropertyValue, Secret, unknown } from './value.ts';

/** Key that tells an object of the protocol from an ordinary one, and its values: sdk/go/common/resource/sig/sig.go of the engine. */
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const resourceSignature = '5cf8f73096256a8f31e491e813e4eb8e';
const outputSignature = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';

/** How unknowns are written, one for each type: sdk/go/common/resource/plugin/rpc.go of the engine. */
const unknownString = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const unknowns: ReadonlySet<string> = new Set([
  unknownString,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/** Reads properties off the wire. References to resources become their ids, or URNs before they have one. */
export function decode(struct: Struct | undefined): PropertyMap {
  const entries: [string, PropertyValue][] = [];
  struct?.getFieldsMap().forEach((value, key) => {
    entries.push([key, decodeValue(value)]);
  });
  return Object.fromEntries(entries);
}

/** Writes properties to the wire. */
export function encode(properties: PropertyMap): Struct {
  return structPb.Struct.fromJavaScript(encodeMap(properties));
}

function decodeValue(value: Value): PropertyValue {
  const cases = structPb.Value.KindCase;
  switch (value.getKindCase()) {
    case cases.BOOL_VALUE:
      return value.getBoolValue();
    case cases.NUMBER_VALUE:
      return value.getNumberValue();
    case cases.STRING_VALUE:
      return unknowns.has(value.getStringValue()) ? unknown : value.getStringValue();
    case cases.LIST_VALUE:
      return value.getListValue()?.getValuesList().map(decodeValue) ?? [];
    case cases.STRUCT_VALUE:
      return decodeObject(decode(value.getStructValue()));
    default:
      return null;
  }
}

function decodeObject(object: PropertyMap): PropertyValue {
  switch (object[signatureKey]) {
    case secretSignature:
      return new Secret(object.value ?? null);
    case resourceSignature:
      return object.id || object.urn || null;
    case outputSignature: {
      const value = object.value ?? unknown;
      return object.secret === true ? new Secret(value) : value;
    }
    default:
      return object;
  }
}

type WireValue = Parameters<typeof structPb.Struct.fromJavaScript>[0][string];

function encodeMap(properties: PropertyMap): { [key: string]: WireValue } {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, encodeValue(value)]));
}

function encodeValue(value: PropertyValue): WireValue {
  if (value === unknown) return unknownString;
  if (value instanceof Secret) return { [signatureKey]: secretSignature, value: encodeValue(value.value) };
  if (isList(value)) return value.map(encodeValue);
  return isMap(value) ? encodeMap(value) : (value as WireValue);
}
