// Arguments as JSON and back, as RabbitMQ's definitions have them: an integer is a long, and types that JSON lacks are
// lost on the way out, which equivalence does not look at.
import type { FieldTable, FieldValue } from '../field-table.ts';

const decoder = new TextDecoder();

/** Values of the table by name. */
export function argumentsToJson(args: FieldTable): Record<string, unknown> {
  return Object.fromEntries([...args].map(([key, field]) => [key, toJson(field)]));
}

function toJson({ value }: FieldValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return decoder.decode(value);
  if (value instanceof Map) return argumentsToJson(value);
  if ('scale' in value) return value.unscaled / 10 ** value.scale;
  return value.map(toJson);
}

/** The table for an object of JSON. */
export function argumentsFromJson(json: Readonly<Record<string, unknown>>): FieldTable {
  return new Map(Object.entries(json).map(([key, value]) => [key, fromJson(value)]));
}

function fromJson(value: unknown): FieldValue {
  if (typeof value === 'string') return { type: 'longstr', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { type: 'long', value: BigInt(value) } : { type: 'double', value };
  }
  if (Array.isArray(value)) return { type: 'array', value: value.map(fromJson) };
  if (typeof value === 'object' && value !== null) {
    return { type: 'table', value: argumentsFromJson(value as Record<string, unknown>) };
  }
  return { type: 'void', value: null };
}
