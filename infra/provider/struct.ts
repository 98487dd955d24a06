import { isList, isMap, type PropertyMap, type PropertyValue, Secret, unknown } from './value.ts';
import type { Kind, WireReader, WireWriter } from './wire.ts';

/** Key that tells an object of the protocol from an ordinary one, and its values: sdk/go/common/resource/sig/sig.go of the engine. */
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const resourceSignature = '5cf8f73096256a8f31e491e813e4eb8e';
const outputSignature = 'd0e6a833031e9bbcd3f4e8bde6ca49a4';

/** How unknowns are written, one for each type: sdk/go/common/resource/plugin/rpc.go of the engine. */
const unknownString = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
export const unknowns: ReadonlySet<unknown> = new Set([
  unknownString,
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/** Fields of `google.protobuf.Struct` and its parts, as they stand on the wire: their number and how they are written. */
const tags = {
  entry: 0x0a,
  key: 0x0a,
  value: 0x12,
  null: 0x08,
  number: 0x11,
  string: 0x1a,
  bool: 0x20,
  struct: 0x2a,
  list: 0x32,
  item: 0x0a,
} as const;

/**
 * Properties as `google.protobuf.Struct`, read and written in one pass: the generated classes copy a subtree once for each level
 * above it, which takes seconds for Argo CD's definitions. References to resources become their ids, or URNs before they have one.
 */
export const properties: Kind<PropertyMap> = {
  wireType: 2,
  absent: {},
  read: readStruct,
  write: (writer, value, tag) => void writeStruct(writer.uint32(tag), value),
};

function readStruct(reader: WireReader): PropertyMap {
  const entries: [string, PropertyValue][] = [];
  for (const end = reader.uint32() + reader.pos; reader.pos < end; ) {
    if (expect(reader, tags.entry)) entries.push(readEntry(reader));
  }
  return Object.fromEntries(entries);
}

function readEntry(reader: WireReader): [string, PropertyValue] {
  let key = '';
  let value: PropertyValue = null;
  for (const end = reader.uint32() + reader.pos; reader.pos < end; ) {
    const tag = reader.uint32();
    if (tag === tags.key) key = reader.string();
    else if (tag === tags.value) value = readValue(reader);
    else reader.skipType(tag & 7);
  }
  return [key, value];
}

function readValue(reader: WireReader): PropertyValue {
  let value: PropertyValue = null;
  for (const end = reader.uint32() + reader.pos; reader.pos < end; ) {
    const tag = reader.uint32();
    if (tag === tags.string) value = readText(reader);
    else if (tag === tags.number) value = reader.double();
    else if (tag === tags.bool) value = reader.bool();
    else if (tag === tags.struct) value = meaningOf(readStruct(reader));
    else if (tag === tags.list) value = readList(reader);
    else reader.skipType(tag & 7);
  }
  return value;
}

function readList(reader: WireReader): PropertyValue[] {
  const items: PropertyValue[] = [];
  for (const end = reader.uint32() + reader.pos; reader.pos < end; ) {
    if (expect(reader, tags.item)) items.push(readValue(reader));
  }
  return items;
}

function readText(reader: WireReader): PropertyValue {
  const read = reader.string();
  return unknowns.has(read) ? unknown : read;
}

/** True when the next field is the wanted one; any other is passed over. */
function expect(reader: WireReader, wanted: number): boolean {
  const tag = reader.uint32();
  if (tag !== wanted) reader.skipType(tag & 7);
  return tag === wanted;
}

/** What an object that carries a signature stands for. */
function meaningOf(object: PropertyMap): PropertyValue {
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

function writeStruct(writer: WireWriter, map: PropertyMap): void {
  writer.fork();
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) continue;
    writer.uint32(tags.entry).fork().uint32(tags.key).string(key).uint32(tags.value);
    writeValue(writer, value);
    writer.ldelim();
  }
  writer.ldelim();
}

function writeValue(writer: WireWriter, value: PropertyValue): void {
  writer.fork();
  if (value === unknown) writer.uint32(tags.string).string(unknownString);
  else if (value instanceof Secret) writeStruct(writer.uint32(tags.struct), { [signatureKey]: secretSignature, value: value.value });
  else if (isList(value)) writeList(writer.uint32(tags.list), value);
  else if (isMap(value)) writeStruct(writer.uint32(tags.struct), value);
  else if (typeof value === 'string') writer.uint32(tags.string).string(value);
  else if (typeof value === 'number') writer.uint32(tags.number).double(value);
  else if (typeof value === 'boolean') writer.uint32(tags.bool).bool(value);
  else writer.uint32(tags.null).int32(0);
  writer.ldelim();
}

function writeList(writer: WireWriter, items: readonly PropertyValue[]): void {
  writer.fork();
  for (const item of items) writeValue(writer.uint32(tags.item), item);
  writer.ldelim();
}
