// Arguments of public functions that are wrong in kind: refused by name where they are given, so that nothing wrong ever
// gets into a table, a timer or another thread.
import { Pid } from './pid.ts';
import { Ref } from './ref.ts';

/** Thrown by a public function for an argument of the wrong kind: Erlang's badarg, with the value as text. */
export class BadArgumentError extends TypeError {
  override readonly name = 'BadArgumentError';

  constructor(operation: string, needs: string, value: unknown) {
    super(`${operation} needs ${needs}, got ${describe(value)}`);
  }
}

/** Throws BadArgumentError unless `value` is a pid. */
export function checkPid(operation: string, value: unknown): void {
  if (!(value instanceof Pid)) throw new BadArgumentError(operation, 'a pid', value);
}

/** Throws BadArgumentError unless `value` is a ref. */
export function checkRef(operation: string, value: unknown): void {
  if (!(value instanceof Ref)) throw new BadArgumentError(operation, 'a ref', value);
}

/** Throws BadArgumentError unless `value` is a pid or a name. */
export function checkTarget(operation: string, value: unknown): void {
  if (!(value instanceof Pid) && typeof value !== 'string') {
    throw new BadArgumentError(operation, 'a pid or a name', value);
  }
}

/** Throws BadArgumentError unless messages can be sent to `value`. */
export function checkReceiver(operation: string, value: unknown): void {
  if (!(value instanceof Pid) && !(value instanceof Ref)) {
    throw new BadArgumentError(operation, 'a pid, an alias or a name', value);
  }
}

/** Throws BadArgumentError unless `value` is text. */
export function checkName(operation: string, value: unknown): void {
  if (typeof value !== 'string') throw new BadArgumentError(operation, 'a name', value);
}

/** Throws BadArgumentError unless `value` is a function. */
export function checkFunction(operation: string, value: unknown): void {
  if (typeof value !== 'function') throw new BadArgumentError(operation, 'a function', value);
}

/**
 * Throws RangeError for an option that does not exist: one that is misspelt would be ignored otherwise. Throws
 * BadArgumentError for options that are no object.
 */
export function checkOptions(operation: string, given: object, known: Readonly<Record<string, unknown>>): void {
  if (typeof given !== 'object' || given === null) throw new BadArgumentError(operation, 'an object of options', given);
  const name = unknownIn(given, known);
  if (name === null) return;
  throw new RangeError(`${operation} has no option '${name}'; there are: ${Object.keys(known).join(', ')}`);
}

/** The first name in `given` that is not among `known`, or null. */
export function unknownIn(given: object, known: Readonly<Record<string, unknown>>): string | null {
  for (const name of Object.keys(given)) if (!Object.hasOwn(known, name)) return name;
  return null;
}

const TEXT_MAX = 60;

function isIterator(value: object): boolean {
  return Symbol.iterator in value && 'next' in value && 'throw' in value;
}

/** What a value is, in a few words; never throws, whatever the value does when it is looked at. */
export function describe(value: unknown): string {
  try {
    if (value === null || value === undefined || value instanceof Pid || value instanceof Ref) return String(value);
    if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
    if (typeof value === 'string')
      return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}...` : value);
    if (typeof value !== 'object') return `the ${typeof value} ${String(value).slice(0, TEXT_MAX)}`;
    if (Array.isArray(value)) return 'an array';
    const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
    if (prototype === null || prototype === Object.prototype) return 'an object';
    if (isIterator(value)) return 'a generator that was called and not run (write yield* before the call)';
    if (value instanceof Promise) return 'a promise';
    return `an instance of ${String(prototype.constructor?.name || 'a class')}`;
  } catch {
    return 'a value that cannot be looked at';
  }
}
