// Assertions for cases: no test framework, because a case runs inside a process on any thread. A failed one throws, and
// the process ends with what it says.
import { Pid, Ref } from '../../src/term/index.ts';

/** What a failed check throws. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
}

/** Throws unless `actual` equals `expected` in depth; pids and refs are equal only when they are the same (`===`). */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isSame(actual, expected)) throw new CheckError(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

/** Throws unless `condition` holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new CheckError(what);
}

/** Throws unless `run` throws an error of that name; returns the error. */
export function throws(run: () => unknown, name: string, what: string): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error && error.name === name) return error;
    throw new CheckError(`${what}: expected ${name}, but ${String(error)} was thrown`);
  }
  throw new CheckError(`${what}: expected ${name}, but nothing was thrown`);
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Pid || a instanceof Ref || b instanceof Pid || b instanceof Ref) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return String(a) === String(b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => key in b && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

/** A value as text, pids and refs included. */
export function show(value: unknown): string {
  if (value instanceof Pid || value instanceof Ref) return value.toString();
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${show(item)}`)
      .join(', ')}}`;
  }
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'bigint' ? `${value}n` : String(value);
}
