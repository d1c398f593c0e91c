// The typed values of AMQP tables, with RabbitMQ's type letters (digest 2 "Properties pass unchanged" and the type
// names of section 5). A value keeps its wire type, so that what comes in goes out the same.

/** One typed value. Numbers of 64 bits are bigints; `longstr` is bytes only where they are not UTF-8. */
export type FieldValue =
  | { readonly type: 'longstr'; readonly value: string | Uint8Array }
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | { readonly type: 'byte' | 'unsignedbyte'; readonly value: number }
  | { readonly type: 'short' | 'unsignedshort'; readonly value: number }
  | { readonly type: 'signedint' | 'unsignedint'; readonly value: number }
  | { readonly type: 'float' | 'double'; readonly value: number }
  | { readonly type: 'long' | 'timestamp'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'decimal'; readonly value: Decimal }
  | { readonly type: 'table'; readonly value: FieldTable }
  | { readonly type: 'array'; readonly value: readonly FieldValue[] }
  | { readonly type: 'void'; readonly value: null };

/** A decimal: `unscaled / 10^scale`; scale 0..255, unscaled unsigned 32 bits (as RabbitMQ reads it). */
export type Decimal = { readonly scale: number; readonly unscaled: number };

/** A table. Keys keep their order; of equal keys on the wire the last one counts. */
export type FieldTable = Map<string, FieldValue>;

/** The name of a value's type, as RabbitMQ's error texts call it. */
export type FieldType = FieldValue['type'];

/** The value that stands for nothing. */
export const VOID: FieldValue = { type: 'void', value: null };

/** The wire letter of each type. */
export const TYPE_LETTERS = {
  longstr: 'S',
  signedint: 'I',
  long: 'l',
  short: 's',
  byte: 'b',
  unsignedbyte: 'B',
  unsignedshort: 'u',
  unsignedint: 'i',
  bool: 't',
  double: 'd',
  float: 'f',
  timestamp: 'T',
  decimal: 'D',
  table: 'F',
  array: 'A',
  binary: 'x',
  void: 'V',
} as const satisfies Record<FieldType, string>;
