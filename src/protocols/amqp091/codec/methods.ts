// Methods to bytes and back: the payload of a method frame. The hot methods are written by hand, all others are read
// and written by interpreting their row of the method table.
//
//   class-id(2) method-id(2) arguments...        bits: packed from the lowest, eight to an octet
//
// Errors (digest 2): 501 `cannot decode <<...>>` [class,method], 501 `Malformed UTF-8 in shortstr` [0,0], 503 for
// ids that name nothing, 502 for a table value without meaning.
import { ByteCursor } from './byte-cursor.ts';
import { ByteWriter } from './byte-writer.ts';
import { CodecError, cannotDecode } from './codec-error.ts';
import { readTable, writeTable } from './field-table.ts';
import type { FieldTable } from './field-value.ts';
import { decodeHot, writeHot } from './hot-methods.ts';
import { type ArgumentKind, METHODS, type Method, type MethodName } from './method-table.ts';
import { decodeTextLossless } from './text.ts';

/** The ids of a method on the wire. */
export type MethodIds = { readonly classId: number; readonly methodId: number };

type Row = MethodIds & { readonly name: string; readonly fields: readonly (readonly [string, ArgumentKind])[] };

const rowsByKey = new Map<number, Row>();
const rowsByName = new Map<string, Row>();
for (const [name, [classId, methodId, fields]] of Object.entries(METHODS)) {
  const row: Row = { name, classId, methodId, fields: Object.entries(fields) };
  rowsByKey.set((classId << 16) | methodId, row);
  rowsByName.set(name, row);
}

/** The ids of a method by its name, e.g. `{ classId: 60, methodId: 40 }` of basic.publish. */
export function methodIds(name: MethodName): MethodIds {
  const [classId, methodId] = METHODS[name];
  return { classId, methodId };
}

/** True for the methods that a content header and a body follow. */
export function carriesContent(name: MethodName): boolean {
  return name === 'basic.publish' || name === 'basic.deliver' || name === 'basic.return' || name === 'basic.get-ok';
}

/** Decodes the payload `start..end` of a method frame. Throws CodecError; returns nothing that aliases the bytes. */
export function decodeMethod(bytes: Uint8Array, start: number, end: number): Method {
  if (end - start < 4) throw cannotDecode(bytes, start, end);
  const key = (bytes[start] << 24) | (bytes[start + 1] << 16) | (bytes[start + 2] << 8) | bytes[start + 3];
  return decodeHot(key, bytes, start + 4, end) ?? decodeByRow(key, bytes, start + 4, end);
}

function decodeByRow(key: number, bytes: Uint8Array, start: number, end: number): Method {
  const row = rowsByKey.get(key);
  if (row === undefined) throw new CodecError(503, 'unimplemented method', key >>> 16, key & 0xffff);
  const cursor = new ByteCursor(bytes, start, end, row.classId, row.methodId);
  const method: Record<string, unknown> = { name: row.name };
  let bits = 0;
  let bitsRead = 8;
  for (const [field, kind] of row.fields) {
    if (kind === 'bit') {
      if (bitsRead === 8) {
        bits = cursor.u8();
        bitsRead = 0;
      }
      if (!isReserved(field)) method[field] = ((bits >> bitsRead) & 1) !== 0;
      bitsRead++;
    } else {
      bitsRead = 8;
      const value = readArgument(cursor, kind);
      if (!isReserved(field)) method[field] = value;
    }
  }
  cursor.finish();
  return method as Method;
}

function isReserved(field: string): boolean {
  return field.startsWith('reserved');
}

function readArgument(cursor: ByteCursor, kind: Exclude<ArgumentKind, 'bit'>): unknown {
  switch (kind) {
    case 'octet':
      return cursor.u8();
    case 'short':
      return cursor.u16();
    case 'long':
      return cursor.u32();
    case 'longlong':
      return cursor.u64();
    case 'shortstr':
      return cursor.shortstr();
    case 'longstr':
      return cursor.longstr();
    case 'longtext': {
      const text = cursor.longstr();
      return decodeTextLossless(text, 0, text.length);
    }
    case 'table':
      return readTable(cursor);
  }
}

/** Encodes a method as the payload of a method frame. Throws CodecError 502 for what AMQP cannot carry. */
export function encodeMethod(method: Method): Uint8Array {
  const writer = new ByteWriter();
  writeMethodPayload(writer, method);
  return writer.copy();
}

/** Writes the payload of a method frame. After an error the writer holds a part of it. */
export function writeMethodPayload(writer: ByteWriter, method: Method): void {
  if (writeHot(writer, method)) return;
  const row = rowsByName.get(method.name);
  if (row === undefined) throw new CodecError(502, `unknown method '${method.name}'`);
  writer.u16(row.classId);
  writer.u16(row.methodId);
  const values = method as unknown as Readonly<Record<string, unknown>>;
  let bits = 0;
  let bitsUsed = 0;
  for (const [field, kind] of row.fields) {
    if (kind === 'bit') {
      if (values[field] === true) bits |= 1 << bitsUsed;
      bitsUsed++;
      continue;
    }
    if (bitsUsed > 0) writer.u8(bits);
    bits = 0;
    bitsUsed = 0;
    writeArgument(writer, kind, values[field]);
  }
  if (bitsUsed > 0) writer.u8(bits);
}

// An absent value is a reserved argument: zero or empty.
function writeArgument(writer: ByteWriter, kind: Exclude<ArgumentKind, 'bit'>, value: unknown): void {
  switch (kind) {
    case 'octet':
      writer.u8((value as number | undefined) ?? 0);
      break;
    case 'short':
      writer.u16((value as number | undefined) ?? 0);
      break;
    case 'long':
      writer.u32((value as number | undefined) ?? 0);
      break;
    case 'longlong':
      writer.u64((value as number | undefined) ?? 0);
      break;
    case 'shortstr':
      writer.shortstr((value as string | undefined) ?? '');
      break;
    case 'longstr':
    case 'longtext':
      writer.longstr((value as string | Uint8Array | undefined) ?? '');
      break;
    case 'table':
      writeTable(writer, (value as FieldTable | undefined) ?? new Map());
      break;
  }
}
