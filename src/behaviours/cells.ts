// Who uses which of the cells that all threads share (`env.cells`), without a lock: blocks come from a counter that only
// grows, and blocks that were given back wait in one list per size. Any thread may end at any step: at worst the block in
// its hands is lost.
//
//   cell 0        the next cell that was never used
//   cells 1..31   heads of the lists of free blocks of 1, 2, 4 ... cells: low half the block, high half a version that
//                 grows with every change, so that a head that came back is not taken for one that never changed
//   block         one cell with its generation, which grows when the block is given back, in the low half, and the next
//                 free block in the high half while it waits in a list; then its cells
//
// An operation that races with the release of its block may still hit the cells, but never a list.

/** Thrown when all shared cells are in use. */
export class CellsExhaustedError extends RangeError {
  override readonly name = 'CellsExhaustedError';
  constructor(size: number, total: number) {
    super(`no ${size} cells are left of the ${total} that the threads share`);
  }
}

const NEXT = 0;
const HEADS_AT = 1;
const BLOCKS_AT = 32;
const LOW = 0xffff_ffffn;

/** Takes a block of at least `size` cells, all 0; `at` is the first of them. */
export function takeBlock(cells: BigInt64Array, size: number): { readonly at: number; readonly generation: number } {
  const sizeClass = classOf(size);
  if (HEADS_AT + sizeClass >= BLOCKS_AT) throw new CellsExhaustedError(size, cells.length);
  const at = pop(cells, sizeClass) ?? grow(cells, size, sizeClass);
  for (let cell = at; cell < at + size; cell++) Atomics.store(cells, cell, 0n);
  return { at, generation: Number(Atomics.load(cells, at - 1) & LOW) };
}

/** Gives a block back; false when that was done before. */
export function freeBlock(cells: BigInt64Array, at: number, size: number, generation: number): boolean {
  const now = BigInt(generation);
  // Only the block in use has no successor: of several who give it back one succeeds.
  if (Atomics.compareExchange(cells, at - 1, now, (now + 1n) & LOW) !== now) return false;
  push(cells, classOf(size), at);
  return true;
}

/** True for a place where a block of `size` cells can be: a handle that nobody made must not reach the lists. */
export function isBlock(cells: BigInt64Array, at: number, size: number): boolean {
  return Number.isInteger(at) && Number.isInteger(size) && at > BLOCKS_AT && size >= 1 && at + size <= cells.length;
}

/** True while the block has this generation. */
export function isCurrent(cells: BigInt64Array, at: number, generation: number): boolean {
  return (Atomics.load(cells, at - 1) & LOW) === BigInt(generation);
}

function classOf(size: number): number {
  return Math.ceil(Math.log2(size));
}

function grow(cells: BigInt64Array, size: number, sizeClass: number): number {
  const length = 1n + (1n << BigInt(sizeClass));
  // The memory begins with zeros: the first to come moves the counter behind the heads.
  Atomics.compareExchange(cells, NEXT, 0n, BigInt(BLOCKS_AT));
  for (;;) {
    const next = Atomics.load(cells, NEXT);
    if (next + length > BigInt(cells.length)) throw new CellsExhaustedError(size, cells.length);
    if (Atomics.compareExchange(cells, NEXT, next, next + length) === next) return Number(next) + 1;
  }
}

function pop(cells: BigInt64Array, sizeClass: number): number | null {
  const head = HEADS_AT + sizeClass;
  for (;;) {
    const top = Atomics.load(cells, head);
    const at = Number(top & LOW);
    if (at === 0) return null;
    const header = Atomics.load(cells, at - 1);
    const next = (header >> 32n) & LOW;
    if (Atomics.compareExchange(cells, head, top, versioned(top, next)) !== top) continue;
    Atomics.store(cells, at - 1, header & LOW);
    return at;
  }
}

function push(cells: BigInt64Array, sizeClass: number, at: number): void {
  const head = HEADS_AT + sizeClass;
  const generation = Atomics.load(cells, at - 1) & LOW;
  for (;;) {
    const top = Atomics.load(cells, head);
    Atomics.store(cells, at - 1, BigInt.asIntN(64, ((top & LOW) << 32n) | generation));
    if (Atomics.compareExchange(cells, head, top, versioned(top, BigInt(at))) === top) return;
  }
}

/** A new head: the next version, and `low`. */
function versioned(top: bigint, low: bigint): bigint {
  return BigInt.asIntN(64, (((top >> 32n) + 1n) << 32n) | low);
}
