// Checks that a value is a term and makes it immutable (section 0-6, DESIGN decision 3).
// Plain data is frozen, so a later write throws in the writer. What cannot be frozen (bytes, Map, Set) is hashed,
// so that a later write is noticed when the message is received.
import { Pid } from './pid.ts';
import { Ref } from './ref.ts';

/** Thrown by a strict send when a message is not a term; `path` says where, `what` says why. */
export class NotATermError extends TypeError {
  override readonly name = 'NotATermError';
  readonly what: string;
  readonly path: string;

  constructor(what: string, path: string) {
    super(`${what} is not a term${path === '' ? '' : ` (at ${path})`}: send plain data, bytes, Map, Set, Pid or Ref`);
    this.what = what;
    this.path = path;
  }
}

/** What {@link sealTerm} could not freeze, with its hash at the time of sending. */
export interface Seal {
  readonly parts: readonly (Uint8Array | Map<unknown, unknown> | Set<unknown>)[];
  readonly hashes: readonly number[];
}

/** What is frozen in depth already. Small things are not in it: to remember them costs more than to look again. */
const sealedObjects = new WeakSet<object>();
const REMEMBERED_MIN = 8;
/** Plain objects that were looked through so far. */
let sealedCount = 0;
const DEPTH_MAX = 1000;

/**
 * Freezes `value` deeply and returns the seal of the parts that cannot be frozen, or null when there are none.
 * Throws {@link NotATermError} for functions, symbols, class instances, accessors and structures nested deeper than 1,000.
 */
export function sealTerm(value: unknown): Seal | null {
  const parts: Part[] = [];
  sealValue(value, parts, 0);
  return parts.length === 0 ? null : { parts, hashes: parts.map(hashPart) };
}

/** True when nothing under the seal has changed since it was made. */
export function isSealIntact(seal: Seal): boolean {
  return seal.parts.every((part, index) => hashPart(part) === seal.hashes[index]);
}

type Part = Seal['parts'][number];

function sealValue(value: unknown, parts: Part[], depth: number): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw new NotATermError(`a ${typeof value}`, '');
  if (typeof value !== 'object' || value === null || value instanceof Pid || value instanceof Ref) return;
  // A cycle ends here as well: it is a structure without a bottom.
  if (depth > DEPTH_MAX) throw new NotATermError('a cycle or a structure nested deeper than 1,000 levels', '');
  if (sealedObjects.has(value)) return;
  if (value instanceof Uint8Array) parts.push(value);
  else if (value instanceof Map) {
    for (const [key, item] of value) {
      sealAt('<key>', '', '', key, parts, depth);
      sealAt('.get(', key, ')', item, parts, depth);
    }
    parts.push(value);
  } else if (value instanceof Set) {
    for (const item of value) sealAt('<item>', '', '', item, parts, depth);
    parts.push(value);
  } else sealPlain(value, parts, depth);
}

/** Descends one step and, only when that fails, says where: a path built on the way down would cost every send. */
function sealAt(before: string, key: unknown, after: string, value: unknown, parts: Part[], depth: number): void {
  try {
    sealValue(value, parts, depth + 1);
  } catch (error) {
    if (error instanceof NotATermError && depth < 20) {
      const name = typeof key === 'object' ? 'object' : String(key);
      throw new NotATermError(error.what, before + name + after + error.path);
    }
    throw error;
  }
}

function sealPlain(value: object, parts: Part[], depth: number): void {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  if (prototype !== null && prototype !== Object.prototype && prototype !== Array.prototype) {
    throw new NotATermError(`an instance of ${prototype.constructor?.name || 'a class'}`, '');
  }
  // Names and symbols one by one take a third of the time of `Reflect.ownKeys`.
  if (Object.getOwnPropertySymbols(value).length > 0) throw new NotATermError('a symbol key', '');
  const held = parts.length;
  const before = sealedCount++;
  for (const key of Object.getOwnPropertyNames(value)) {
    const field = Object.getOwnPropertyDescriptor(value, key);
    if (field?.get !== undefined || field?.set !== undefined) throw new NotATermError('an accessor', `.${key}`);
    const item: unknown = field?.value;
    if ((typeof item === 'object' && item !== null) || typeof item === 'function' || typeof item === 'symbol') {
      sealAt('.', key, '', item, parts, depth);
    }
  }
  Object.freeze(value);
  // An object that holds bytes is looked through again at every send, else its bytes would escape the hash.
  if (parts.length === held && sealedCount - before > REMEMBERED_MIN) sealedObjects.add(value);
}

function hashPart(part: Seal['parts'][number]): number {
  if (part instanceof Uint8Array) return hashBytes(part);
  // The items are sealed themselves: the shape (size and identity of the items) is all that can still change.
  let hash = part.size;
  const mix = (item: unknown) => {
    hash = (Math.imul(hash, 31) + hashItem(item)) | 0;
  };
  if (part instanceof Map) {
    for (const [key, item] of part) {
      mix(key);
      mix(item);
    }
  } else for (const item of part) mix(item);
  return hash;
}

const itemIds = new WeakMap<object, number>();
let nextItemId = 1;

function hashItem(item: unknown): number {
  if (typeof item === 'object' && item !== null) {
    let id = itemIds.get(item);
    if (id === undefined) {
      id = nextItemId++;
      itemIds.set(item, id);
    }
    return id;
  }
  const text = `${typeof item}${String(item)}`;
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

function hashBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < bytes.length; index++) hash = Math.imul(hash ^ bytes[index], 0x01000193);
  return hash;
}
