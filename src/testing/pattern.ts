// Patterns for messages: a value, an object of which only the named fields count, or a function that decides.
import { Pid, Ref } from '../term/index.ts';

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
