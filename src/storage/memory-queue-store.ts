// The contents of a queue in the memory of one thread. They survive their actor, not their thread and not a restart.
import { DelayedList } from './delayed-list.ts';
import type { Entry, NewEntry, QueueStore } from './queue-store.ts';
import { ReadyList } from './ready-list.ts';
import { SparseRing } from './sparse-ring.ts';

export class MemoryQueueStore<M> implements QueueStore<M> {
  readyCount = 0;
  readyBytes = 0;
  private readonly priorityMax: number;
  /** One list per priority that has been used, by priority; a queue without priorities has one. */
  private readonly ready: ReadyList<M>[] = [];
  /** No list above this priority has a message. */
  private top = 0;
  private readonly lent = new SparseRing<Entry<M>>();
  protected delayed: DelayedList<M> | null = null;
  protected lastPosition = 0;

  /** `priorityMax` is the highest priority; above it counts as it. */
  constructor(priorityMax: number) {
    this.priorityMax = priorityMax;
  }

  get heldCount(): number {
    return this.lent.size;
  }

  get delayedCount(): number {
    return this.delayed === null ? 0 : this.delayed.length;
  }

  get nextDueMs(): number {
    return this.delayed === null ? Infinity : this.delayed.nextDueMs;
  }

  push(wanted: NewEntry<M>): Entry<M> {
    const entry = this.makeEntry(wanted, 0, null);
    this.listOf(entry.priority).push(entry);
    this.added(entry);
    return entry;
  }

  pass(wanted: NewEntry<M>, holder: number, lentTo: object | null): Entry<M> {
    const entry = this.makeEntry(wanted, holder, lentTo);
    if (holder !== 0) this.lent.set(entry.position, entry);
    return entry;
  }

  head(): Entry<M> | null {
    return this.readyCount === 0 ? null : this.topList().head();
  }

  drop(): Entry<M> {
    return this.takeHead();
  }

  lend(holder: number, lentTo: object | null): Entry<M> {
    const entry = this.takeHead();
    entry.holder = holder;
    entry.lentTo = lentTo;
    this.lent.set(entry.position, entry);
    return entry;
  }

  held(holder: number, position: number): Entry<M> | null {
    const entry = this.lent.get(position);
    return entry === null || entry.holder !== holder ? null : entry;
  }

  settle(holder: number, position: number): Entry<M> | null {
    return this.takeHeld(holder, position);
  }

  requeue(holder: number, position: number): Entry<M> | null {
    const entry = this.takeHeld(holder, position);
    if (entry === null) return null;
    entry.returns++;
    this.putBack(entry);
    return entry;
  }

  requeueLast(holder: number, position: number): Entry<M> | null {
    const entry = this.takeHeld(holder, position);
    if (entry === null) return null;
    const last = this.push(entry);
    last.redelivered = true;
    last.returns = entry.returns + 1;
    return entry;
  }

  requeueLater(holder: number, position: number, dueAtMs: number): Entry<M> | null {
    const entry = this.takeHeld(holder, position);
    if (entry === null) return null;
    entry.returns++;
    this.delayed ??= new DelayedList();
    this.delayed.addAgain(entry, dueAtMs);
    return entry;
  }

  requeueAllOf(holder: number): void {
    for (const { position } of this.heldBy(holder)) this.requeue(holder, position);
  }

  heldBy(holder: number): readonly Entry<M>[] {
    const entries: Entry<M>[] = [];
    this.lent.forEach((entry) => {
      if (entry.holder === holder) entries.push(entry);
    });
    return entries;
  }

  delay(wanted: NewEntry<M>, dueAtMs: number): void {
    this.delayed ??= new DelayedList();
    this.delayed.addNew(wanted, dueAtMs);
  }

  mature(nowMs: number): boolean {
    const due = this.delayed?.takeDue(nowMs) ?? null;
    if (due === null) return false;
    if (due.isNew) this.push(due.entry);
    else this.putBack(due.entry);
    return true;
  }

  requeueAll(): void {
    const entries: Entry<M>[] = [];
    this.lent.forEach((entry) => {
      entries.push(entry);
    });
    for (const entry of entries) {
      this.lent.take(entry.position);
      entry.lentTo = null;
      this.putBack(entry);
    }
  }

  purge(): number {
    const count = this.readyCount;
    for (const list of this.ready) list?.clear();
    this.readyCount = 0;
    this.readyBytes = 0;
    return count;
  }

  get isWaiting(): boolean {
    return false;
  }

  use(): void {}

  advance(): void {}

  flush(): void {}

  close(): void {}

  discard(): void {}

  commit(done: (isSafe: boolean) => void): void {
    done(true);
  }

  protected makeEntry(wanted: NewEntry<M>, holder: number, lentTo: object | null): Entry<M> {
    const { message, priority, bytes, expiresAtMs, isPersistent } = wanted;
    return {
      position: ++this.lastPosition,
      message,
      priority: priority < this.priorityMax ? priority : this.priorityMax,
      bytes,
      expiresAtMs,
      isPersistent,
      redelivered: false,
      returns: 0,
      holder,
      lentTo,
    };
  }

  protected takeHead(): Entry<M> {
    const entry = this.topList().shift();
    this.readyCount--;
    this.readyBytes -= entry.bytes;
    return entry;
  }

  protected takeHeld(holder: number, position: number): Entry<M> | null {
    const entry = this.held(holder, position);
    if (entry !== null) this.lent.take(position);
    return entry;
  }

  protected putBack(entry: Entry<M>): void {
    entry.redelivered = true;
    entry.holder = 0;
    this.listOf(entry.priority).putBack(entry);
    this.added(entry);
  }

  protected added({ priority, bytes }: Entry<M>): void {
    this.readyCount++;
    this.readyBytes += bytes;
    if (priority > this.top) this.top = priority;
  }

  protected listOf(priority: number): ReadyList<M> {
    this.ready[priority] ??= new ReadyList<M>();
    return this.ready[priority];
  }

  protected forEachReady(visit: (entry: Entry<M>) => void): void {
    for (const list of this.ready) list?.forEach(visit);
  }

  /** The list of the highest priority with a message. Only when there is one. */
  private topList(): ReadyList<M> {
    for (; this.top >= 0; this.top--) {
      const list: ReadyList<M> | undefined = this.ready[this.top];
      if (list !== undefined && list.length > 0) return list;
    }
    throw new Error('a message was taken from a queue that has none at hand');
  }
}
