// Counters and atomics (CNT-1): arrays of 64-bit integers in memory that all threads share. Every operation is one
// atomic step, sequentially consistent, and wraps. The handle is plain data: send it, or keep it in a persistent term.
// Node: there is no garbage collection across threads, so an array has an owner and is given back when it ends; those of
// a thread that is ended by force are lost until the system stops.
//
//   const hits = createCounters(context, 2);
//   hits.add(0, 1);
//   context.spawn(worker, [hits.handle]); // there: openCounters(context, handle).add(1, 5)
import type { Context, Process } from '../process/index.ts';
import { BadArgumentError, checkOptions, hasTag } from '../term/index.ts';
import { freeBlock, isBlock, isCurrent, takeBlock } from './cells.ts';

/** Names an array of counters. A term; it may be opened on any thread of its system. */
export interface CountersHandle {
  readonly tag: 'counters';
  /** The first cell. */
  readonly at: number;
  readonly size: number;
  /** Tells it from earlier arrays in the same place. */
  readonly generation: number;
}

export interface CountersOptions {
  /** Whether the array is given back when the caller ends. Default true; otherwise `release` does it, or the system's end. */
  readonly owned?: boolean;
}

/** What counters need: any context, of an async body as well. */
export type CountersContext = Pick<Context, 'env' | 'own'>;

/** An array of 64-bit integers; indices begin with 0. Operations throw BadArgumentError outside it and after its release. */
export class Counters {
  readonly handle: CountersHandle;
  private readonly cells: BigInt64Array;

  constructor(cells: BigInt64Array, handle: CountersHandle) {
    this.cells = cells;
    this.handle = handle;
  }

  get size(): number {
    return this.handle.size;
  }

  get(index: number): bigint {
    return Atomics.load(this.cells, this.at(index));
  }

  /** As a number: exact up to 2^53. */
  number(index: number): number {
    return Number(this.get(index));
  }

  put(index: number, value: number | bigint): void {
    Atomics.store(this.cells, this.at(index), wrapped(value));
  }

  /** Adds, and returns the new value. */
  add(index: number, by: number | bigint = 1n): bigint {
    const step = wrapped(by);
    return BigInt.asIntN(64, Atomics.add(this.cells, this.at(index), step) + step);
  }

  /** Stores `value`, and returns what was there. */
  exchange(index: number, value: number | bigint): bigint {
    return Atomics.exchange(this.cells, this.at(index), wrapped(value));
  }

  /** Stores `value` if `expected` was there; returns what was there. */
  compareExchange(index: number, expected: number | bigint, value: number | bigint): bigint {
    return Atomics.compareExchange(this.cells, this.at(index), wrapped(expected), wrapped(value));
  }

  /** Gives the cells back; every later use of the array, on any thread, throws. False when it was released before. */
  release(): boolean {
    const { at, size, generation } = this.handle;
    return freeBlock(this.cells, at, size, generation);
  }

  private at(index: number): number {
    const { at, size, generation } = this.handle;
    if (!(Number.isInteger(index) && index >= 0 && index < size))
      throw new BadArgumentError('counters', `an index from 0 to ${size - 1}`, index);
    if (!isCurrent(this.cells, at, generation))
      throw new BadArgumentError('counters', 'an array that is not released', at);
    return at + index;
  }
}

/** Makes an array of `size` counters, all 0. Throws BadArgumentError for a bad size, CellsExhaustedError when none is left. */
export function createCounters(context: CountersContext, size: number, options: CountersOptions = {}): Counters {
  checkOptions('createCounters', options, { owned: true });
  const { owned = true } = options;
  if (!Number.isInteger(size) || size < 1) throw new BadArgumentError('createCounters', 'a size of 1 or more', size);
  const { cells } = context.env;
  const { at, generation } = takeBlock(cells, size);
  const counters = new Counters(cells, { tag: 'counters', at, size, generation });
  if (owned) (context as Process).own({ close: () => void counters.release() });
  return counters;
}

/** The array that a handle names, on whatever thread. */
export function openCounters(context: Pick<Context, 'env'>, handle: CountersHandle): Counters {
  const { cells } = context.env;
  if (!hasTag(handle, 'counters') || !isBlock(cells, handle.at, handle.size))
    throw new BadArgumentError('openCounters', 'the handle of counters', handle);
  return new Counters(cells, handle);
}

function wrapped(value: number | bigint): bigint {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value);
  if (!Number.isSafeInteger(value)) throw new BadArgumentError('counters', 'an integer', value);
  return BigInt(value);
}
