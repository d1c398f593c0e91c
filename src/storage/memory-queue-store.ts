// The contents of a queue in the memory of one thread. They survive their actor, not their thread and not a restart.
import type { Entry, NewEntry, QueueStore } from './queue-store.ts';
import { ReadyList } from './ready-list.ts';

export class MemoryQueueStore<M> implements QueueStore<M> {
  readyCount = 0;
  readyBytes = 0;
  heldCount = 0;
  /** One list per priority, 0 first; a queue without priorities has one. */
  private readonly ready: ReadyList<M>[];
  private readonly held = new Map<number, Map<number, Entry<M>>>();
  private lastPosition = 0;

  /** `priorityMax` is the highest priority; above it counts as it. */
  constructor(priorityMax: number) {
    this.ready = Array.from({ length: priorityMax + 1 }, () => new ReadyList<M>());
  }

  push({ message, priority, bytes, expiresAtMs }: NewEntry<M>): Entry<M> {
    const entry: Entry<M> = {
      position: ++this.lastPosition,
      message,
      priority: Math.min(priority, this.ready.length - 1),
      bytes,
      expiresAtMs,
      redelivered: false,
    };
    this.ready[entry.priority].push(entry);
    this.readyCount++;
    this.readyBytes += bytes;
    return entry;
  }

  head(): Entry<M> | null {
    return this.readyCount === 0 ? null : this.topList().head();
  }

  drop(): Entry<M> {
    const entry = this.topList().shift();
    this.readyCount--;
    this.readyBytes -= entry.bytes;
    return entry;
  }

  lend(holder: number): Entry<M> {
    const entry = this.drop();
    let entries = this.held.get(holder);
    if (entries === undefined) {
      entries = new Map();
      this.held.set(holder, entries);
    }
    entries.set(entry.position, entry);
    this.heldCount++;
    return entry;
  }

  settle(holder: number, position: number): Entry<M> | null {
    const entries = this.held.get(holder);
    const entry = entries?.get(position);
    if (entries === undefined || entry === undefined) return null;
    entries.delete(position);
    this.heldCount--;
    return entry;
  }

  requeue(holder: number, positions: readonly number[]): void {
    const entries: Entry<M>[] = [];
    for (const position of positions) {
      const entry = this.settle(holder, position);
      if (entry !== null) entries.push(entry);
    }
    this.putBack(entries);
  }

  requeueAllOf(holder: number): void {
    const entries = this.held.get(holder);
    if (entries === undefined) return;
    this.held.delete(holder);
    this.heldCount -= entries.size;
    this.putBack([...entries.values()]);
  }

  requeueAll(): void {
    for (const holder of [...this.held.keys()]) this.requeueAllOf(holder);
  }

  purge(): number {
    const count = this.readyCount;
    while (this.readyCount > 0) this.drop();
    return count;
  }

  commit(done: () => void): void {
    done();
  }

  private topList(): ReadyList<M> {
    let priority = this.ready.length - 1;
    while (priority > 0 && this.ready[priority].length === 0) priority--;
    return this.ready[priority];
  }

  private putBack(entries: Entry<M>[]): void {
    entries.sort((a, b) => a.position - b.position);
    for (const entry of entries) {
      entry.redelivered = true;
      this.readyBytes += entry.bytes;
    }
    this.readyCount += entries.length;
    if (this.ready.length === 1) this.ready[0].putBack(entries);
    else {
      for (let priority = 0; priority < this.ready.length; priority++) {
        this.ready[priority].putBack(entries.filter((entry) => entry.priority === priority));
      }
    }
  }
}
