// Terms that outlive the moment: what a table or a persistent term holds is a copy that nobody else can change (ETS-1,
// PT-1). Plain data is copied once and frozen, so that reading it costs nothing; a value with bytes, a Map or a Set in
// it, which cannot be frozen, is copied again for every reader.
import { NotATermError, Pid, Ref, sealTerm } from '../term/index.ts';

/** A term as it is kept. Read it with {@link readTerm} only. */
export interface StoredTerm {
  readonly value: unknown;
  readonly isFrozen: boolean;
}

const DEPTH_MAX = 1_000;

/** Copies a term for keeping. Throws NotATermError for what is none. */
export function storeTerm(value: unknown): StoredTerm {
  const copy = copyOf(value, 0);
  return { value: copy, isFrozen: sealTerm(copy) === null };
}

/** The term for a reader: what the reader does to it is nobody else's concern. */
export function readTerm({ value, isFrozen }: StoredTerm): unknown {
  return isFrozen ? value : copyOf(value, 0);
}

/** A copy that may be changed. Throws NotATermError for a structure without an end; other things that are no terms stay. */
export function copyTerm(value: unknown): unknown {
  return copyOf(value, 0);
}

/** A copy in depth. What is no term is left as it is, for `sealTerm` to name. */
function copyOf(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Pid || value instanceof Ref) return value;
  if (depth > DEPTH_MAX) throw new NotATermError('a cycle or a structure nested deeper than 1,000 levels', '');
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [copyOf(key, depth + 1), copyOf(item, depth + 1)]));
  }
  if (value instanceof Set) return new Set([...value].map((item) => copyOf(item, depth + 1)));
  if (Array.isArray(value)) {
    const copy: unknown[] = new Array(value.length);
    // An array with holes keeps them.
    for (const key of Object.keys(value)) put(copy, key, value, depth);
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const copy = prototype === null ? Object.create(null) : {};
  for (const key of Reflect.ownKeys(value)) put(copy, key, value, depth);
  return copy;
}

/** By definition, not by assignment: a key may be `__proto__`, and an accessor must not run. */
function put(copy: object, key: string | symbol, from: object, depth: number): void {
  const field = Object.getOwnPropertyDescriptor(from, key);
  if (field === undefined) return;
  if (!('value' in field)) Object.defineProperty(copy, key, field);
  else {
    const { enumerable } = field;
    const value = copyOf(field.value, depth + 1);
    Object.defineProperty(copy, key, { value, enumerable, writable: true, configurable: true });
  }
}
