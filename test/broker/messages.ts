// Messages for tests, with a properties format of their own: the headers are kept beside the bytes.
import { type FieldTable, type FieldValue, NO_FIELDS, textOf } from '../../src/broker/field-table.ts';
import type { Message, PropertiesFormat, PropertiesFormats } from '../../src/broker/message.ts';

const tables = new WeakMap<Uint8Array, FieldTable>();

/** A format whose headers belong to the array of bytes. */
export const testFormat: PropertiesFormat = {
  headers: (message) => tables.get(message.bytes) ?? null,
  property: (message, name) => textOf(tables.get(message.bytes)?.get(`property ${name}`)),
  rewrite(message, { headers }) {
    const copy = { ...message, bytes: message.bytes.slice() };
    tables.set(copy.bytes, headers ?? tables.get(message.bytes) ?? new Map());
    return copy;
  },
};

export const formats: PropertiesFormats = new Map([['test', testFormat]]);

/** A Message; `body` is its text. */
export function messageOf(
  given: Partial<Message> & { readonly body?: string; readonly headers?: FieldTable } = {},
): Message {
  const { body = '', headers, ...rest } = given;
  const message: Message = {
    exchange: '',
    routingKey: 'q',
    extraKeys: null,
    bytes: new TextEncoder().encode(`..${body}`),
    propertiesEnd: 1,
    bodyAt: 2,
    persistent: false,
    priority: 0,
    ttlMs: -1,
    delayMs: 0,
    format: 'test',
    ...rest,
  };
  if (headers !== undefined) tables.set(message.bytes, headers);
  return message;
}

/** The body as text. */
export function bodyText(message: Message): string {
  return new TextDecoder().decode(message.bytes.subarray(message.bodyAt));
}

type Plain = string | number | bigint | boolean | null | FieldValue;

/** A table from plain values: numbers are signedint, bigints long. */
export function table(fields: Readonly<Record<string, Plain>>): FieldTable {
  const entries = Object.entries(fields).map(([name, value]) => [name, fieldOf(value)] as const);
  return entries.length === 0 ? NO_FIELDS : new Map(entries);
}

export function fieldOf(value: Plain): FieldValue {
  if (value === null) return { type: 'void', value };
  switch (typeof value) {
    case 'string':
      return { type: 'longstr', value };
    case 'number':
      return { type: 'signedint', value };
    case 'bigint':
      return { type: 'long', value };
    case 'boolean':
      return { type: 'bool', value };
    default:
      return value;
  }
}
