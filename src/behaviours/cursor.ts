// Sequences whose items have to be waited for, in generator bodies: `for (const ... of ...)` cannot wait, so a cursor is
// advanced by an effect and then holds the item (TSK-2, the range of a Go channel).
//
//   const results = asyncStream(urls, fetchOne);
//   while (yield* results.next()) use(results.value);
import type { Effects } from '../process/index.ts';

/** A position in a sequence. */
export interface Cursor<T> {
  /** Waits for the next item; false when there are no more. */
  next(): Effects<boolean>;
  /** The item that `next` has found. */
  readonly value: T;
  /** Gives up what is left; needed where a loop is left early and the sequence holds something. */
  stop?(): Effects<void>;
}

/** Calls `each` for every item, waiting where it returns effects; stops the cursor if it throws. */
export function* forEach<T>(cursor: Cursor<T>, each: (item: T) => Effects<unknown> | unknown): Effects<void> {
  try {
    while (yield* cursor.next()) {
      const outcome = each(cursor.value);
      if (typeof (outcome as Effects<unknown> | null | undefined)?.next === 'function') {
        yield* outcome as Effects<unknown>;
      }
    }
  } catch (error) {
    if (cursor.stop !== undefined) yield* cursor.stop();
    throw error;
  }
}

/** All items that are left, in order. */
export function* collect<T>(cursor: Cursor<T>): Effects<T[]> {
  const items: T[] = [];
  while (yield* cursor.next()) items.push(cursor.value);
  return items;
}
