// Ready messages of one priority in order of position: a ring, so that the common ends (push at the tail, take and give
// back at the head) cost nothing; what comes back into the middle is merged in one pass.
import type { Entry } from './queue-store.ts';

const FIRST_CAPACITY = 16;

export class ReadyList<M> {
  length = 0;
  private ring: (Entry<M> | null)[] = new Array(FIRST_CAPACITY).fill(null);
  private first = 0;

  push(entry: Entry<M>): void {
    if (this.length === this.ring.length) this.resize(this.ring.length * 2);
    this.ring[(this.first + this.length) & (this.ring.length - 1)] = entry;
    this.length++;
  }

  head(): Entry<M> | null {
    return this.length === 0 ? null : this.ring[this.first];
  }

  shift(): Entry<M> {
    const entry = this.ring[this.first] as Entry<M>;
    this.ring[this.first] = null;
    this.first = (this.first + 1) & (this.ring.length - 1);
    this.length--;
    // A ring that once held a long backlog gives its memory back.
    if (this.ring.length > 1024 && this.length < this.ring.length >> 3) this.resize(this.ring.length >> 1);
    return entry;
  }

  /** Puts entries back; `entries` is sorted by position. */
  putBack(entries: readonly Entry<M>[]): void {
    if (entries.length === 0) return;
    const head = this.head();
    if (head === null || entries[entries.length - 1].position < head.position) {
      for (let index = entries.length - 1; index >= 0; index--) this.unshift(entries[index]);
      return;
    }
    this.merge(entries);
  }

  private unshift(entry: Entry<M>): void {
    if (this.length === this.ring.length) this.resize(this.ring.length * 2);
    this.first = (this.first - 1) & (this.ring.length - 1);
    this.ring[this.first] = entry;
    this.length++;
  }

  /** Takes off the head everything older than the newest that comes back, and puts both back in order. */
  private merge(entries: readonly Entry<M>[]): void {
    const newest = entries[entries.length - 1].position;
    const older: Entry<M>[] = [];
    for (let head = this.head(); head !== null && head.position < newest; head = this.head()) older.push(this.shift());
    let left = older.length - 1;
    for (let index = entries.length - 1; index >= 0; index--) {
      while (left >= 0 && older[left].position > entries[index].position) this.unshift(older[left--]);
      this.unshift(entries[index]);
    }
    while (left >= 0) this.unshift(older[left--]);
  }

  private resize(capacity: number): void {
    const ring: (Entry<M> | null)[] = new Array(capacity).fill(null);
    for (let index = 0; index < this.length; index++)
      ring[index] = this.ring[(this.first + index) & (this.ring.length - 1)];
    this.ring = ring;
    this.first = 0;
  }
}
