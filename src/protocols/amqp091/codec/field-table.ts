// Tables of typed values to bytes and back; decode(encode(t)) equals t. Every length is checked against what remains,
// nesting is bounded, unknown type octets are refused with 502, truncation with 501 (digest 2).
//
//   table   size(4) { key-length(1) key  type(1) value }*
//   array   size(4) { type(1) value }*
//   S x     size(4) bytes          b B t  1 octet      D  scale(1) unscaled(4)
//   s u     2 octets               I i f  4 octets     l L d T  8 octets       V  nothing
import { ByteCursor } from './byte-cursor.ts';
import { ByteWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { type FieldTable, type FieldType, type FieldValue, TYPE_LETTERS, VOID } from './field-value.ts';
import { TABLE_DEPTH_MAX } from './limits.ts';
import { decodeText } from './text.ts';

const TYPES_BY_OCTET = new Map<number, FieldType>();
for (const [type, letter] of Object.entries(TYPE_LETTERS)) TYPES_BY_OCTET.set(letter.charCodeAt(0), type as FieldType);
// Read and never written: what py-amqp (kombu, Celery) sends for a large number. To RabbitMQ too it is a signed one.
TYPES_BY_OCTET.set('L'.charCodeAt(0), 'long');

/** Decodes one whole table, size included, from `start..end`. Throws CodecError 501 or 502. */
export function decodeTable(bytes: Uint8Array, start: number, end: number): FieldTable {
  const cursor = new ByteCursor(bytes, start, end);
  const table = readTable(cursor, 1);
  cursor.finish();
  return table;
}

/** Encodes a table, size included. Throws CodecError 502 for values out of their type's range. */
export function encodeTable(table: FieldTable): Uint8Array {
  const writer = new ByteWriter();
  writeTable(writer, table, 1);
  return writer.copy();
}

/** Reads a table at the cursor. `depth` is 1 for the outermost. */
export function readTable(cursor: ByteCursor, depth = 1): FieldTable {
  const outer = enterContainer(cursor, depth);
  const table: FieldTable = new Map();
  while (cursor.at < cursor.limit) {
    const key = cursor.shortstrLossless();
    table.set(key, readValue(cursor, depth));
  }
  cursor.leave(outer);
  return table;
}

function readArray(cursor: ByteCursor, depth: number): FieldValue[] {
  const outer = enterContainer(cursor, depth);
  const values: FieldValue[] = [];
  while (cursor.at < cursor.limit) values.push(readValue(cursor, depth));
  cursor.leave(outer);
  return values;
}

function enterContainer(cursor: ByteCursor, depth: number): number {
  if (depth > TABLE_DEPTH_MAX) throw cursor.illegal(tooDeep());
  return cursor.enter(cursor.u32());
}

function readValue(cursor: ByteCursor, depth: number): FieldValue {
  const octet = cursor.u8();
  const type = TYPES_BY_OCTET.get(octet);
  switch (type) {
    case 'longstr':
      return { type, value: readLongstr(cursor) };
    case 'binary':
      return { type, value: cursor.longstr() };
    case 'byte':
      return { type, value: (cursor.u8() << 24) >> 24 };
    case 'unsignedbyte':
      return { type, value: cursor.u8() };
    case 'short':
      return { type, value: (cursor.u16() << 16) >> 16 };
    case 'unsignedshort':
      return { type, value: cursor.u16() };
    case 'signedint':
      return { type, value: cursor.u32() | 0 };
    case 'unsignedint':
      return { type, value: cursor.u32() };
    case 'float':
      return { type, value: cursor.float() };
    case 'double':
      return { type, value: cursor.double() };
    case 'long':
      return { type, value: BigInt.asIntN(64, cursor.u64Exact()) };
    case 'timestamp':
      return { type, value: cursor.u64Exact() };
    case 'bool':
      return { type, value: cursor.u8() !== 0 };
    case 'decimal':
      return { type, value: { scale: cursor.u8(), unscaled: cursor.u32() } };
    case 'table':
      return { type, value: readTable(cursor, depth + 1) };
    case 'array':
      return { type, value: readArray(cursor, depth + 1) };
    case 'void':
      return VOID;
    default:
      throw cursor.illegal(unknownType(octet));
  }
}

function readLongstr(cursor: ByteCursor): string | Uint8Array {
  const size = cursor.u32();
  const from = cursor.skip(size);
  return decodeText(cursor.bytes, from, cursor.at) ?? new Uint8Array(cursor.bytes.subarray(from, cursor.at));
}

/** Writes a table, size included. `depth` is 1 for the outermost. */
export function writeTable(writer: ByteWriter, table: FieldTable, depth = 1): void {
  if (depth > TABLE_DEPTH_MAX) throw new CodecError(502, tooDeep());
  const mark = writer.mark;
  writer.u32(0);
  for (const [key, value] of table) {
    writer.shortstr(key);
    writeValue(writer, value, depth);
  }
  writer.closeLength(mark);
}

function writeArray(writer: ByteWriter, values: readonly FieldValue[], depth: number): void {
  if (depth > TABLE_DEPTH_MAX) throw new CodecError(502, tooDeep());
  const mark = writer.mark;
  writer.u32(0);
  for (const value of values) writeValue(writer, value, depth);
  writer.closeLength(mark);
}

function writeValue(writer: ByteWriter, field: FieldValue, depth: number): void {
  writer.u8(TYPE_LETTERS[field.type].charCodeAt(0));
  switch (field.type) {
    case 'longstr':
    case 'binary':
      writer.longstr(field.value);
      break;
    case 'byte':
      writer.u8(within(field, -0x80, 0x7f));
      break;
    case 'unsignedbyte':
      writer.u8(within(field, 0, 0xff));
      break;
    case 'short':
      writer.u16(within(field, -0x8000, 0x7fff));
      break;
    case 'unsignedshort':
      writer.u16(within(field, 0, 0xffff));
      break;
    case 'signedint':
      writer.u32(within(field, -0x80000000, 0x7fffffff));
      break;
    case 'unsignedint':
      writer.u32(within(field, 0, 0xffffffff));
      break;
    case 'float':
      writer.float(field.value);
      break;
    case 'double':
      writer.double(field.value);
      break;
    case 'long':
      if (BigInt.asIntN(64, field.value) !== field.value) throw outOfRange(field);
      writer.u64Exact(field.value);
      break;
    case 'timestamp':
      if (BigInt.asUintN(64, field.value) !== field.value) throw outOfRange(field);
      writer.u64Exact(field.value);
      break;
    case 'bool':
      writer.u8(field.value ? 1 : 0);
      break;
    case 'decimal':
      writer.u8(within({ type: 'decimal', value: field.value.scale }, 0, 0xff));
      writer.u32(within({ type: 'decimal', value: field.value.unscaled }, 0, 0xffffffff));
      break;
    case 'table':
      writeTable(writer, field.value, depth + 1);
      break;
    case 'array':
      writeArray(writer, field.value, depth + 1);
      break;
    case 'void':
      break;
  }
}

function within(field: { type: FieldType; value: number }, low: number, high: number): number {
  if (!Number.isInteger(field.value) || field.value < low || field.value > high) throw outOfRange(field);
  return field.value;
}

function outOfRange(field: { type: FieldType; value: number | bigint }): CodecError {
  return new CodecError(502, `${field.value} is not a value of type ${field.type}`);
}

/** The text for tables nested too deep. */
export function tooDeep(): string {
  return `table nested deeper than ${TABLE_DEPTH_MAX}`;
}

/** The text for a type octet without meaning. */
export function unknownType(octet: number): string {
  return `unknown type ${octet} of a table value`;
}
