// When two typed values are the same: without their types for headers exchanges (digest 5: 1 as int8 = 1 as int64 = 1.0,
// but "1" is not 1), and with classes of types for the equivalence of declarations (digest 5 and 6).
import { type Decimal, type FieldTable, type FieldValue, isInteger } from './field-table.ts';

/** Equal as a headers exchange compares: the values, not their types. Inside arrays and tables types count too. */
export function equalValues(a: FieldValue, b: FieldValue): boolean {
  const left = a.value;
  const right = b.value;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (isText(left) && isText(right)) return equalTexts(left, right);
  if (left instanceof Map && right instanceof Map) return equalTables(left, right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((each, index) => equalTyped(each, right[index]));
  }
  if (isDecimal(left) && isDecimal(right)) return left.scale === right.scale && left.unscaled === right.unscaled;
  return left === right;
}

/** Equal as a repeated declaration compares: integers of any width by value, all else only within its type. */
export function equalArguments(a: FieldValue, b: FieldValue): boolean {
  const isSameClass = classOf(a) === classOf(b);
  return isSameClass && equalValues(a, b);
}

function classOf(field: FieldValue): string {
  if (isInteger(field)) return 'int';
  return field.type === 'double' ? 'float' : field.type;
}

function equalTyped(a: FieldValue, b: FieldValue): boolean {
  return a.type === b.type && equalValues(a, b);
}

function equalTables(a: FieldTable, b: FieldTable): boolean {
  if (a.size !== b.size) return false;
  for (const [name, field] of a) {
    const other = b.get(name);
    if (other === undefined || !equalTyped(field, other)) return false;
  }
  return true;
}

function isNumeric(value: FieldValue['value']): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** The host compares numbers with bigints exactly, by value. */
function compareNumbers(a: number | bigint, b: number | bigint): boolean {
  return !(a < b) && !(a > b) && !Number.isNaN(a) && !Number.isNaN(b);
}

function isText(value: FieldValue['value']): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array;
}

const encoder = new TextEncoder();

function equalTexts(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  const left = typeof a === 'string' ? encoder.encode(a) : a;
  const right = typeof b === 'string' ? encoder.encode(b) : b;
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}

function isDecimal(value: FieldValue['value']): value is Decimal {
  return typeof value === 'object' && value !== null && 'scale' in value;
}
