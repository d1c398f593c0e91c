// Makes an exit reason out of any value (EXI-1, section 0-6): reasons are data that every link, monitor, log and thread
// can take. What is no term inside a reason becomes a text that says what was there, so that the rest of it still tells
// what happened; looking at the value never throws, because a death cannot fail.
import { describe } from './check.ts';
import { type ExitReason, errorData, reasonOf } from './exit-reason.ts';
import { Pid } from './pid.ts';
import { Ref } from './ref.ts';
import { NotATermError } from './seal.ts';

const DEPTH_MAX = 1000;
const DEEP = '[a cycle or a structure nested deeper than 1,000 levels]';

/** `value` itself when it is a term, else the nearest thing that is one: an Error becomes its data. */
export function plainReason(value: unknown): ExitReason {
  if (typeof value === 'string') return value;
  try {
    if (typeof value === 'function' || typeof value === 'symbol') return notATerm(value);
    if (typeof value !== 'object' || value === null) return value as unknown as ExitReason;
    if (value instanceof Error) return reasonOf(value);
    const plain = plainOf(value, new Map(), 0);
    return typeof plain === 'string' ? notATerm(value) : (plain as ExitReason);
  } catch {
    return notATerm(value);
  }
}

function notATerm(value: unknown): ExitReason {
  return reasonOf(new NotATermError(describe(value), ''));
}

type Seen = Map<object, unknown>;

function plainOf(value: unknown, seen: Seen, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return `[${describe(value)}]`;
  if (typeof value !== 'object' || value === null || value instanceof Pid || value instanceof Ref) return value;
  if (value instanceof Uint8Array) return value;
  if (depth > DEPTH_MAX) return DEEP;
  if (seen.has(value)) return seen.get(value);
  // Whoever meets it again before it is done has gone round a cycle.
  seen.set(value, DEEP);
  const plain = copyOf(value, seen, depth + 1);
  seen.set(value, plain);
  return plain;
}

/** The value, or a copy without what is no term. */
function copyOf(value: object, seen: Seen, depth: number): unknown {
  if (value instanceof Error) return errorData(value);
  if (value instanceof Map) {
    const items = [...value];
    const copy = items.map(([key, item]) => [plainOf(key, seen, depth), plainOf(item, seen, depth)] as const);
    return copy.every(([key, item], at) => key === items[at][0] && item === items[at][1]) ? value : new Map(copy);
  }
  if (value instanceof Set) {
    const items = [...value];
    const copy = items.map((item) => plainOf(item, seen, depth));
    return copy.every((item, at) => item === items[at]) ? value : new Set(copy);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && prototype !== Array.prototype) {
    return `[${describe(value)}]`;
  }
  return copyOfPlain(value, seen, depth);
}

function copyOfPlain(value: object, seen: Seen, depth: number): unknown {
  const copy: object = Array.isArray(value) ? [] : {};
  // By definition, not by assignment: a key may be `__proto__`.
  const put = (key: string, item: unknown) =>
    Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
  let isSame = true;
  for (const key of Reflect.ownKeys(value)) {
    const field = Object.getOwnPropertyDescriptor(value, key);
    if (typeof key === 'symbol') isSame = false;
    else if (field?.get !== undefined || field?.set !== undefined) {
      put(key, '[an accessor]');
      isSame = false;
    } else if (field?.enumerable === true) {
      const item = plainOf(field.value, seen, depth);
      put(key, item);
      if (!Object.is(item, field.value)) isSame = false;
    }
  }
  return isSame ? value : copy;
}
