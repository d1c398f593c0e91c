// The 14 properties of a Message, fully decoded and encoded. Table headers keep their wire types; strings that are not
// UTF-8 pass without loss (digest 2 "Properties pass unchanged").
//
//   flags(2)  { value of each property whose flag is set, in the order of the list }
//             bit 15 content-type ... bit 2 cluster-id; bits 1 and 0 must be 0
import { ByteCursor } from './byte-cursor.ts';
import { ByteWriter } from './byte-writer.ts';
import { readTable, writeTable } from './field-table.ts';
import type { FieldTable } from './field-value.ts';

/** The properties of a Message; absent ones are undefined. `timestamp` is in seconds, `expiration` decimal digits of ms. */
export type Properties = {
  contentType?: string | undefined;
  contentEncoding?: string | undefined;
  headers?: FieldTable | undefined;
  deliveryMode?: number | undefined;
  priority?: number | undefined;
  correlationId?: string | undefined;
  replyTo?: string | undefined;
  expiration?: string | undefined;
  messageId?: string | undefined;
  timestamp?: bigint | undefined;
  type?: string | undefined;
  userId?: string | undefined;
  appId?: string | undefined;
  clusterId?: string | undefined;
};

/** How a property lies on the wire. */
export type PropertyKind = 'shortstr' | 'octet' | 'timestamp' | 'table';

/** Names and kinds of the properties in wire order; the flag of the i-th is bit `15 - i`. */
export const PROPERTY_LIST = [
  ['contentType', 'shortstr'],
  ['contentEncoding', 'shortstr'],
  ['headers', 'table'],
  ['deliveryMode', 'octet'],
  ['priority', 'octet'],
  ['correlationId', 'shortstr'],
  ['replyTo', 'shortstr'],
  ['expiration', 'shortstr'],
  ['messageId', 'shortstr'],
  ['timestamp', 'timestamp'],
  ['type', 'shortstr'],
  ['userId', 'shortstr'],
  ['appId', 'shortstr'],
  ['clusterId', 'shortstr'],
] as const satisfies readonly (readonly [keyof Properties, PropertyKind])[];

/** The flag bits that mean nothing and must be clear. */
export const RESERVED_FLAGS = 0b11;

/** Decodes the properties `start..end` (flags word first). Throws CodecError 501 or 502. */
export function decodeProperties(bytes: Uint8Array, start = 0, end = bytes.length): Properties {
  const cursor = new ByteCursor(bytes, start, end);
  const flags = cursor.u16();
  if ((flags & RESERVED_FLAGS) !== 0) throw cursor.undecodable();
  const properties: Record<string, unknown> = {};
  for (let i = 0; i < PROPERTY_LIST.length; i++) {
    if (((flags >> (15 - i)) & 1) === 0) continue;
    const [name, kind] = PROPERTY_LIST[i];
    properties[name] = readProperty(cursor, kind);
  }
  cursor.finish();
  return properties as Properties;
}

function readProperty(cursor: ByteCursor, kind: PropertyKind): unknown {
  switch (kind) {
    case 'shortstr':
      return cursor.shortstrLossless();
    case 'octet':
      return cursor.u8();
    case 'timestamp':
      return cursor.u64Exact();
    case 'table':
      return readTable(cursor);
  }
}

/** Encodes properties, flags word first. Throws CodecError 502 for what AMQP cannot carry. */
export function encodeProperties(properties: Properties): Uint8Array {
  const writer = new ByteWriter();
  let flags = 0;
  writer.u16(0);
  for (let i = 0; i < PROPERTY_LIST.length; i++) {
    const [name, kind] = PROPERTY_LIST[i];
    const value = properties[name];
    if (value === undefined) continue;
    flags |= 1 << (15 - i);
    writeProperty(writer, kind, value);
  }
  const bytes = writer.copy();
  bytes[0] = flags >> 8;
  bytes[1] = flags;
  return bytes;
}

function writeProperty(writer: ByteWriter, kind: PropertyKind, value: unknown): void {
  switch (kind) {
    case 'shortstr':
      writer.shortstr(value as string);
      break;
    case 'octet':
      writer.u8(value as number);
      break;
    case 'timestamp':
      writer.u64Exact(value as bigint);
      break;
    case 'table':
      writeTable(writer, value as FieldTable);
      break;
  }
}
