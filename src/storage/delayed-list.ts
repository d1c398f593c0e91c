// Messages that wait for their time, whether they are new or come back: a heap by time, in order of entering for the
// same one. One index for everything that is delayed in a queue.
import type { Entry, NewEntry } from './queue-store.ts';

/** A new message, or one that was delivered before and goes back to its place. */
export type Delayed<M> =
  | { readonly dueAtMs: number; readonly order: number; readonly isNew: true; readonly entry: NewEntry<M> }
  | { readonly dueAtMs: number; readonly order: number; readonly isNew: false; readonly entry: Entry<M> };

export class DelayedList<M> {
  private readonly heap: Delayed<M>[] = [];
  private lastOrder = 0;

  get length(): number {
    return this.heap.length;
  }

  /** When the first one is due; Infinity for never. */
  get nextDueMs(): number {
    return this.heap.length === 0 ? Infinity : this.heap[0].dueAtMs;
  }

  addNew(entry: NewEntry<M>, dueAtMs: number): void {
    this.add({ dueAtMs, order: ++this.lastOrder, isNew: true, entry });
  }

  addAgain(entry: Entry<M>, dueAtMs: number): void {
    this.add({ dueAtMs, order: ++this.lastOrder, isNew: false, entry });
  }

  /** Takes the first one that is due, or null. */
  takeDue(nowMs: number): Delayed<M> | null {
    const { heap } = this;
    if (heap.length === 0 || heap[0].dueAtMs > nowMs) return null;
    const [top] = heap;
    const last = heap.pop() as Delayed<M>;
    const { length } = heap;
    if (length === 0) return top;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBefore(heap[child + 1], heap[child])) child++;
      if (isBefore(last, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }

  private add(item: Delayed<M>): void {
    const { heap } = this;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], item)) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = item;
  }
}

function isBefore<M>(a: Delayed<M>, b: Delayed<M>): boolean {
  return a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.order < b.order);
}
