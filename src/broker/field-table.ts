// The typed values of arguments and headers (digest 2 and the type names of section 5). A value keeps the type that its
// protocol gave it, so that it leaves as it came; the rules here compare values across types where RabbitMQ does.

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

/** A decimal: `unscaled / 10^scale`. */
export type Decimal = { readonly scale: number; readonly unscaled: number };

/** A table of arguments or headers. */
export type FieldTable = Map<string, FieldValue>;

/** The name of a value's type, as error texts call it. */
export type FieldType = FieldValue['type'];

/** A table without entries, shared; nobody may add to it. */
export const NO_FIELDS: FieldTable = new Map();

const INTEGERS: ReadonlySet<FieldType> = new Set<FieldType>([
  'byte',
  'short',
  'signedint',
  'long',
  'unsignedbyte',
  'unsignedshort',
  'unsignedint',
]);

/** Whether the value is one of RabbitMQ's integers; a timestamp is none. */
export function isInteger(field: FieldValue): boolean {
  return INTEGERS.has(field.type);
}

/** The text of a `longstr`, or null for any other type and for bytes that are not UTF-8. */
export function textOf(field: FieldValue | undefined): string | null {
  return field !== undefined && field.type === 'longstr' && typeof field.value === 'string' ? field.value : null;
}

/** The value of an integer as a number, or null for any other type. Exact up to 2^53, which all bounds are below. */
export function integerOf(field: FieldValue | undefined): number | null {
  return field !== undefined && isInteger(field) ? Number(field.value) : null;
}

/** A value as RabbitMQ prints terms in error texts: texts and printable bytes as binaries, floats with a point. */
export function termText(field: FieldValue): string {
  const { type, value } = field;
  if (type === 'longstr' || type === 'binary') return binaryText(value);
  if (type === 'array') return `[${value.map((each) => `{${each.type},${termText(each)}}`).join(',')}]`;
  if (type === 'table') {
    return `[${[...value].map(([key, each]) => `{${binaryText(key)},${each.type},${termText(each)}}`).join(',')}]`;
  }
  return valueText(field);
}

function binaryText(value: string | Uint8Array): string {
  if (value.length === 0) return '<<>>';
  if (typeof value === 'string') return `<<"${value}">>`;
  const isPrintable = value.every((byte) => byte >= 32 && byte < 127);
  return isPrintable ? `<<"${String.fromCharCode(...value)}">>` : `<<${value.join(',')}>>`;
}

/** A value as error texts show it, without quotes around it; floats have a point. */
export function valueText(field: FieldValue): string {
  const { type, value } = field;
  if (value === null) return 'undefined';
  if ((type === 'float' || type === 'double') && Number.isInteger(value)) return `${value}.0`;
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `<<${value.join(',')}>>`;
  if (value instanceof Map) {
    return `[${[...value].map(([key, each]) => `{<<"${key}">>,${each.type},${valueText(each)}}`).join(',')}]`;
  }
  if ('scale' in value) return `{${value.scale},${value.unscaled}}`;
  return `[${value.map((each) => `{${each.type},${valueText(each)}}`).join(',')}]`;
}
