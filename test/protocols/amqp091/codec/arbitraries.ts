// Arbitrary values of the codec: typed tables, every method by its row, properties.
import fc from 'fast-check';
import type { FieldTable, FieldValue } from '../../../../src/protocols/amqp091/codec/field-value.ts';
import {
  type ArgumentKind,
  METHODS,
  type Method,
  type MethodName,
} from '../../../../src/protocols/amqp091/codec/method-table.ts';
import type { Properties } from '../../../../src/protocols/amqp091/codec/properties.ts';

export const shortText: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((text) => Buffer.byteLength(text) <= 255);
const bytes = fc.uint8Array({ maxLength: 40 });
const notUtf8 = bytes.map((some) => Uint8Array.of(...some, 0xff));
const int = (min: number, max: number) => fc.integer({ min, max });

function typed<T extends FieldValue['type'], V>(type: T, values: fc.Arbitrary<V>): fc.Arbitrary<FieldValue> {
  return values.map((value) => ({ type, value }) as unknown as FieldValue);
}

const { table } = fc.letrec<{ table: FieldTable; value: FieldValue; array: FieldValue[] }>((tie) => ({
  table: fc.array(fc.tuple(shortText, tie('value')), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  array: fc.array(tie('value'), { maxLength: 5 }),
  value: fc.oneof(
    { maxDepth: 4 },
    typed('longstr', fc.oneof(fc.string({ unit: 'grapheme' }), notUtf8)),
    typed('binary', bytes),
    typed('byte', int(-128, 127)),
    typed('unsignedbyte', int(0, 255)),
    typed('short', int(-32768, 32767)),
    typed('unsignedshort', int(0, 65535)),
    typed('signedint', int(-(2 ** 31), 2 ** 31 - 1)),
    typed('unsignedint', int(0, 2 ** 32 - 1)),
    typed('float', fc.float()),
    typed('double', fc.double()),
    typed('long', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    typed('timestamp', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    typed('bool', fc.boolean()),
    typed('decimal', fc.record({ scale: int(0, 255), unscaled: int(0, 2 ** 32 - 1) })),
    typed('void', fc.constant(null)),
    typed('table', tie('table')),
    typed('array', tie('array')),
  ),
}));

export { table };

const ARGUMENTS: Record<ArgumentKind, fc.Arbitrary<unknown>> = {
  octet: int(0, 255),
  short: int(0, 65535),
  long: int(0, 2 ** 32 - 1),
  longlong: fc.maxSafeNat(),
  bit: fc.boolean(),
  shortstr: shortText,
  longstr: bytes,
  longtext: fc.string({ unit: 'grapheme' }),
  table,
};

/** Any method with that name. */
export function methodNamed(name: MethodName): fc.Arbitrary<Method> {
  const fields = Object.entries(METHODS[name][2]).filter(([field]) => !field.startsWith('reserved'));
  const shape = Object.fromEntries(fields.map(([field, kind]) => [field, ARGUMENTS[kind as ArgumentKind]]));
  return fc.record({ name: fc.constant(name), ...shape }) as unknown as fc.Arbitrary<Method>;
}

export const properties: fc.Arbitrary<Properties> = fc.record(
  {
    contentType: shortText,
    contentEncoding: shortText,
    headers: table,
    deliveryMode: int(0, 255),
    priority: int(0, 255),
    correlationId: shortText,
    replyTo: shortText,
    expiration: shortText,
    messageId: shortText,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    type: shortText,
    userId: shortText,
    appId: shortText,
    clusterId: shortText,
  },
  { requiredKeys: [] },
);
