import protobuf from 'protobufjs/minimal.js';

const { Reader, Writer } = protobuf;
export type WireReader = protobuf.Reader;
export type WireWriter = protobuf.Writer;

/** How values of one type go over the wire: https://protobuf.dev/programming-guides/encoding. */
export interface Kind<T> {
  /** 0 varint, 1 eight bytes, 2 a length and as many bytes. */
  readonly wireType: 0 | 1 | 2;
  /** What an absent field means. */
  readonly absent: T;
  /** @param before what an earlier occurrence of the field gave: only repeated fields add to it */
  read(reader: WireReader, before: T): T;
  write(writer: WireWriter, value: T, tag: number): void;
}

/** A numbered field of a message. */
export interface Field<T> {
  readonly number: number;
  readonly kind: Kind<T>;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** A message as a plain object. */
export type Message<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export const text: Kind<string> = {
  wireType: 2,
  absent: '',
  read: (reader) => reader.string(),
  write: (writer, value, tag) => void writer.uint32(tag).string(value),
};

export const flag: Kind<boolean> = {
  wireType: 0,
  absent: false,
  read: (reader) => reader.bool(),
  write: (writer, value, tag) => void writer.uint32(tag).bool(value),
};

export const integer: Kind<number> = {
  wireType: 0,
  absent: 0,
  read: (reader) => reader.int32(),
  write: (writer, value, tag) => void writer.uint32(tag).int32(value),
};

export const double: Kind<number> = {
  wireType: 1,
  absent: 0,
  read: (reader) => reader.double(),
  write: (writer, value, tag) => void writer.uint32(tag).double(value),
};

export const bytes: Kind<Uint8Array> = {
  wireType: 2,
  absent: new Uint8Array(),
  read: (reader) => reader.bytes(),
  write: (writer, value, tag) => void writer.uint32(tag).bytes(value),
};

/** A message inside another; undefined when it is absent. */
export function message<F extends Fields>(fields: F): Kind<Partial<Message<F>> | undefined> {
  return {
    wireType: 2,
    absent: undefined,
    read: (reader) => readFields(fields, reader, reader.uint32() + reader.pos),
    write(writer, value, tag) {
      if (value) writeFields(fields, value, writer.uint32(tag).fork()).ldelim();
    },
  };
}

/** A repeated field. */
export function list<T>(kind: Kind<T>): Kind<readonly T[]> {
  return {
    wireType: kind.wireType,
    absent: [],
    read: (reader, before) => [...before, kind.read(reader, kind.absent)],
    write(writer, values, tag) {
      for (const value of values) kind.write(writer, value, tag);
    },
  };
}

/** A message of its own. */
export function decodeMessage<F extends Fields>(fields: F, from: Uint8Array): Message<F> {
  return readFields(fields, Reader.create(from), from.length);
}

export function encodeMessage<F extends Fields>(fields: F, value: Partial<Message<F>>): Uint8Array {
  return writeFields(fields, value, Writer.create()).finish();
}

/** Reads fields up to a position; those of a newer protocol are passed over. */
function readFields<F extends Fields>(fields: F, reader: WireReader, end: number): Message<F> {
  const values: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(fields)) values[name] = kind.absent;
  const known = Object.entries(fields);
  while (reader.pos < end) {
    const tag = reader.uint32();
    const found = known.find(([, { number, kind }]) => tag === tagOf(number, kind));
    if (found) values[found[0]] = found[1].kind.read(reader, values[found[0]]);
    else reader.skipType(tag & 7);
  }
  return values as Message<F>;
}

function writeFields<F extends Fields>(fields: F, value: Partial<Message<F>>, writer: WireWriter): WireWriter {
  for (const [name, { number, kind }] of Object.entries(fields)) {
    const given = value[name];
    if (given !== undefined && given !== kind.absent) kind.write(writer, given, tagOf(number, kind));
  }
  return writer;
}

/** What precedes a field: its number and how it is written. */
export function tagOf(number: number, { wireType }: Pick<Kind<unknown>, 'wireType'>): number {
  return (number << 3) | wireType;
}
