// Patterns for messages: a value, an object of which only the named fields count, or a function that decides.
import { describe, Pid, Ref } from '../term/index.ts';

/** Fits when it is equal, field by field; fields of a message that the pattern does not name do not matter. */
export type Pattern =
  | ((message: unknown) => boolean)
  | { readonly [field: string]: unknown }
  | readonly unknown[]
  | string
  | number
  | boolean
  | null
  | undefined;

/** True when `value` fits; undefined fits everything. Functions within the pattern decide about their field. */
export function fits(pattern: unknown, value: unknown): boolean {
  if (pattern === undefined) return true;
  if (typeof pattern === 'function') return (pattern as (value: unknown) => boolean)(value) === true;
  if (typeof pattern !== 'object' || pattern === null) return Object.is(pattern, value);
  if (pattern instanceof Pid || pattern instanceof Ref) return pattern === value;
  if (pattern instanceof Uint8Array) return value instanceof Uint8Array && isSame([...pattern], [...value]);
  if (pattern instanceof Map) return value instanceof Map && isSame([...pattern], [...value]);
  if (pattern instanceof Set) return value instanceof Set && isSame([...pattern], [...value]);
  if (!isPlain(pattern)) throw new TypeError(`a pattern is plain data or a function, got ${describe(pattern)}`);
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(pattern) && (!Array.isArray(value) || value.length !== pattern.length)) return false;
  return Object.entries(pattern).every(
    ([key, expected]) =>
      Object.hasOwn(value, key) &&
      (expected === undefined
        ? (value as Record<string, unknown>)[key] === undefined
        : fits(expected, (value as Record<string, unknown>)[key])),
  );
}

/** Lists are compared whole, and in order. */
function isSame(pattern: readonly unknown[], value: readonly unknown[]): boolean {
  return pattern.length === value.length && pattern.every((expected, at) => fits(expected, value[at]));
}

function isPlain(pattern: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(pattern);
  return prototype === null || prototype === Object.prototype || Array.isArray(pattern);
}
