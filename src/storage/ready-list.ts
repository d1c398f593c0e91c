// Ready messages of one priority in order of position. New ones are a ring; those that came back are a heap beside it, so
// that a requeue costs O(log n) wherever it belongs and in whatever order messages come back. What comes back was
// delivered before what is new, so the ring is not touched by it.
import type { Entry } from './queue-store.ts';

const FIRST_CAPACITY = 16;
/** Rings above this size give memory back when they empty. */
const SHRINK_FROM = 1024;

export class ReadyList<M> {
  private ring: (Entry<M> | null)[] = [];
  private first = 0;
  private ringCount = 0;
  private readonly returned: Entry<M>[] = [];

  get length(): number {
    return this.ringCount + this.returned.length;
  }

  /** Adds a new message: its position is above all others. */
  push(entry: Entry<M>): void {
    if (this.ringCount === this.ring.length) this.resize(Math.max(FIRST_CAPACITY, this.ring.length * 2));
    this.ring[(this.first + this.ringCount) & (this.ring.length - 1)] = entry;
    this.ringCount++;
  }

  head(): Entry<M> | null {
    if (this.returned.length === 0) return this.ringCount === 0 ? null : this.ring[this.first];
    const [returned] = this.returned;
    const fresh = this.ringCount === 0 ? null : this.ring[this.first];
    return fresh !== null && fresh.position < returned.position ? fresh : returned;
  }

  /** Takes the head. Only when there is one. */
  shift(): Entry<M> {
    if (this.returned.length > 0 && this.head() === this.returned[0]) return this.shiftReturned();
    const entry = this.ring[this.first] as Entry<M>;
    this.ring[this.first] = null;
    this.first = (this.first + 1) & (this.ring.length - 1);
    this.ringCount--;
    if (this.ring.length > SHRINK_FROM && this.ringCount < this.ring.length >> 3) this.resize(this.ring.length >> 1);
    return entry;
  }

  /** Puts a message back in its place. */
  putBack(entry: Entry<M>): void {
    const heap = this.returned;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].position < entry.position) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  /** Visits all, in no particular order. */
  forEach(visit: (entry: Entry<M>) => void): void {
    for (let index = 0; index < this.ringCount; index++) {
      visit(this.ring[(this.first + index) & (this.ring.length - 1)] as Entry<M>);
    }
    this.returned.forEach(visit);
  }

  clear(): void {
    this.ring = [];
    this.first = 0;
    this.ringCount = 0;
    this.returned.length = 0;
  }

  private shiftReturned(): Entry<M> {
    const heap = this.returned;
    const [top] = heap;
    const last = heap.pop() as Entry<M>;
    const { length } = heap;
    if (length === 0) return top;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && heap[child + 1].position < heap[child].position) child++;
      if (heap[child].position > last.position) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }

  private resize(capacity: number): void {
    const ring: (Entry<M> | null)[] = new Array(capacity).fill(null);
    for (let index = 0; index < this.ringCount; index++) {
      ring[index] = this.ring[(this.first + index) & (this.ring.length - 1)];
    }
    this.ring = ring;
    this.first = 0;
  }
}
