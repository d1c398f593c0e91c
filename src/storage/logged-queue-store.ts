// The contents of a durable queue (DESIGN decisions 12, 15): those of the memory store, with every persistent message in
// the log beside it. What is delivered does not wait for the disk, only `commit` does. Past a bound messages are on the
// disk only and come back in pages, in order and ahead of need, so that a backlog of any length costs bounded memory.
//
// Of one queue the log knows two rows: `2 * id` for what is ready or held, by position, and `2 * id + 1` for new messages
// whose time has not come. Persistent messages that are on the disk only (`paged`) are always those from one position on:
// what comes back has a lower one, and what is new gets the highest.
import type { Clock } from '../env/index.ts';
import { DelayedList } from './delayed-list.ts';
import {
  decodeReturn,
  decodeUse,
  type EntryHead,
  encodeHead,
  encodeReturn,
  encodeUse,
  type MessageCodec,
} from './entry-codec.ts';
import { decodeDelayed, decodeReady, fromWall, toWall } from './entry-records.ts';
import type { LoggedRecord } from './log/reader.ts';
import { MemoryQueueStore } from './memory-queue-store.ts';
import type { LoadedPage, LogReader, Opened, QueueLog } from './queue-log.ts';
import { type Entry, NEVER, type NewEntry } from './queue-store.ts';
import { RangeCollector } from './range-collector.ts';
import { RESIDENCE_BOUNDS, type ResidenceBounds } from './residence.ts';

/** Numbers below 2^48 are exact in every record; nothing is loaded beyond. */
const NO_POSITION = Number.POSITIVE_INFINITY;

export interface LoggedQueueOptions<M> {
  readonly queueId: number;
  readonly priorityMax: number;
  /** The order is not that of arrival, or every byte counts: all messages have to be in memory before one is given out. */
  readonly isEager: boolean;
  /** How often a message came back matters and has to survive. */
  readonly keepsReturns: boolean;
  readonly log: QueueLog;
  readonly codec: MessageCodec<M>;
  readonly clock: Clock;
  /** Default {@link RESIDENCE_BOUNDS}. */
  readonly bounds?: ResidenceBounds;
}

interface Waiting {
  readonly batch: number;
  readonly done: (isSafe: boolean) => void;
}

export class LoggedQueueStore<M> extends MemoryQueueStore<M> implements LogReader {
  private readonly options: LoggedQueueOptions<M>;
  private readonly log: QueueLog;
  private readonly bounds: ResidenceBounds;
  private readonly readyLog: number;
  private readonly delayedLog: number;
  /** What is ready on the disk only: from this position on. */
  private pagedFrom = NO_POSITION;
  private pagedCount = 0;
  private pagedBytes = 0;
  /** The last position when the page that is on its way was asked for; -1 when none is. */
  private askedUpTo = -1;
  private lastDelayed: number;
  /** The last position of an earlier run. */
  private readonly recoveredUpTo: number;
  /** Everything of an earlier run up to here may have been delivered. */
  private readonly deliveredUpTo: number;
  private lentUpTo: number;
  /** The batch with the mark that says that the queue is in use; -1 before that. */
  private useBatch = -1;
  /** Messages are given out once that batch is safe. */
  private isGated = false;
  private readonly gone = new RangeCollector();
  private readonly goneDelayed = new RangeCollector();
  /** Came back to the end while others were on the disk only: at hand, and in the log among those. */
  private readonly aside = new Set<number>();
  private lastBatch = 0;
  private waiting: Waiting[] = [];

  constructor(options: LoggedQueueOptions<M>, ready: Opened | null, delayed: Opened | null) {
    super(options.priorityMax);
    this.options = options;
    this.log = options.log;
    this.bounds = options.bounds ?? RESIDENCE_BOUNDS;
    this.readyLog = 2 * options.queueId;
    this.delayedLog = this.readyLog + 1;
    this.lastPosition = ready?.lastSequence ?? 0;
    this.lastDelayed = delayed?.lastSequence ?? 0;
    this.recoveredUpTo = this.lastPosition;
    this.deliveredUpTo = Math.min(decodeUse(ready?.mark ?? null), this.lastPosition);
    this.lentUpTo = this.deliveredUpTo;
    if (ready !== null && ready.count > 0) {
      this.pagedFrom = ready.firstSequence;
      this.pagedCount = ready.count;
      this.pagedBytes = ready.bytes;
      this.readyCount = ready.count;
      this.readyBytes = ready.bytes;
    }
    if (delayed !== null && delayed.count > 0) {
      this.log.read(options.queueId, this, this.delayedLog, delayed.firstSequence, this.bounds.page);
    }
    this.readAhead();
  }

  // ---- new messages

  override push(wanted: NewEntry<M>): Entry<M> {
    const entry = this.makeEntry(wanted, 0, null);
    if (!entry.isPersistent) {
      this.addResident(entry);
      return entry;
    }
    this.publish(entry);
    if (wanted.delayedAs !== undefined) this.goneDelayed.add(wanted.delayedAs);
    if (!this.hasToPage(entry)) {
      this.addResident(entry);
      return entry;
    }
    if (this.pagedCount === 0) this.pagedFrom = entry.position;
    this.pagedCount++;
    this.pagedBytes += entry.bytes;
    this.readyCount++;
    this.readyBytes += entry.bytes;
    return entry;
  }

  /** What nobody has to acknowledge is not worth a write. */
  override pass(wanted: NewEntry<M>, holder: number, lentTo: object | null): Entry<M> {
    const entry = super.pass(wanted, holder, lentTo);
    this.lentUpTo = entry.position;
    if (wanted.isPersistent && holder !== 0) this.publish(entry);
    return entry;
  }

  override delay(wanted: NewEntry<M>, dueAtMs: number): void {
    if (!wanted.isPersistent) {
      super.delay(wanted, dueAtMs);
      return;
    }
    const delayedAs = ++this.lastDelayed;
    this.write(this.delayedLog, delayedAs, wanted, {
      isReturned: false,
      returns: 0,
      dueAt: toWall(this.options.clock, dueAtMs),
    });
    super.delay({ ...wanted, delayedAs }, dueAtMs);
  }

  private publish(entry: Entry<M>): void {
    const { position, redelivered, returns } = entry;
    this.write(this.readyLog, position, entry, { isReturned: redelivered, returns, dueAt: NEVER });
  }

  private write(
    row: number,
    sequence: number,
    { message, priority, bytes, expiresAtMs }: NewEntry<M>,
    more: Pick<EntryHead, 'isReturned' | 'returns' | 'dueAt'>,
  ): void {
    const head = encodeHead({ ...more, priority, bytes, expiresAt: toWall(this.options.clock, expiresAtMs) });
    this.log.batch.publish(row, sequence, [head, ...this.options.codec.encode(message)]);
    this.lastBatch = this.log.batchNumber;
  }

  private hasToPage({ bytes }: Entry<M>): boolean {
    if (this.options.isEager) return false;
    if (this.pagedCount > 0) return true;
    const residentBytes = this.readyBytes + bytes;
    if (residentBytes > this.bounds.bytesMax) return true;
    const { budget } = this.log;
    return budget.residentBytes > budget.maxBytes && residentBytes > this.bounds.bytesMin;
  }

  private addResident(entry: Entry<M>): void {
    this.listOf(entry.priority).push(entry);
    this.added(entry);
  }

  // ---- taking

  override get isWaiting(): boolean {
    return this.readyCount > 0 && this.head() === null;
  }

  override head(): Entry<M> | null {
    if (this.isGated && this.isGateShut()) return null;
    if (this.pagedCount === 0) return super.head();
    if (this.readyCount === this.pagedCount || this.options.isEager) return null;
    const head = super.head();
    return head === null || head.position > this.pagedFrom ? null : head;
  }

  override drop(): Entry<M> {
    const entry = super.drop();
    if (entry.isPersistent) this.gone.add(entry.position);
    return entry;
  }

  override settle(holder: number, position: number): Entry<M> | null {
    const entry = super.settle(holder, position);
    if (entry?.isPersistent) this.gone.add(position);
    return entry;
  }

  override requeue(holder: number, position: number): Entry<M> | null {
    const entry = super.requeue(holder, position);
    if (entry?.isPersistent && this.options.keepsReturns) this.markReturn(entry, NEVER);
    return entry;
  }

  override requeueLast(holder: number, position: number): Entry<M> | null {
    const entry = this.takeHeld(holder, position);
    if (entry === null) return null;
    const last = this.makeEntry(entry, 0, null);
    last.returns = entry.returns + 1;
    this.putBack(last);
    if (!entry.isPersistent) return entry;
    if (this.pagedCount > 0) this.aside.add(last.position);
    this.publish(last);
    this.gone.add(position);
    return entry;
  }

  override requeueLater(holder: number, position: number, dueAtMs: number): Entry<M> | null {
    const entry = super.requeueLater(holder, position, dueAtMs);
    if (entry?.isPersistent) this.markReturn(entry, toWall(this.options.clock, dueAtMs));
    return entry;
  }

  private markReturn({ position, returns }: Entry<M>, dueAt: number): void {
    this.log.batch.mark(this.readyLog, position, encodeReturn({ returns, dueAt }));
    this.lastBatch = this.log.batchNumber;
  }

  override requeueAll(): void {
    // Whom the actor before would have told is told when it attaches to this one.
    this.waiting = [];
    super.requeueAll();
  }

  override purge(): number {
    this.forEachReady(({ position, isPersistent }) => {
      if (isPersistent) this.gone.add(position);
    });
    if (this.pagedCount > 0) this.gone.addRange(this.pagedFrom, this.lastPosition);
    this.log.budget.residentBytes -= this.readyBytes - this.pagedBytes;
    this.pagedCount = 0;
    this.pagedBytes = 0;
    this.aside.clear();
    return super.purge();
  }

  /** Before the first message goes out the log has to know that some may have: a second delivery is always told as one. */
  override use(): void {
    if (this.useBatch >= 0) return;
    this.useBatch = this.log.batchNumber;
    this.lastBatch = this.useBatch;
    this.log.batch.mark(this.readyLog, 0, encodeUse(Number.POSITIVE_INFINITY));
    this.isGated = this.readyCount > 0;
    this.log.written(this.options.queueId, this.useBatch);
  }

  private isGateShut(): boolean {
    // Better a second delivery that does not say so than none, which could last for as long as the disk is full.
    const { safeNumber, hasFailed, isFull } = this.log;
    if (safeNumber >= this.useBatch || hasFailed || isFull) this.isGated = false;
    return this.isGated;
  }

  protected override takeHead(): Entry<M> {
    const entry = super.takeHead();
    this.log.budget.residentBytes -= entry.bytes;
    if (entry.position > this.lentUpTo) this.lentUpTo = entry.position;
    this.readAhead();
    return entry;
  }

  protected override added(entry: Entry<M>): void {
    super.added(entry);
    this.log.budget.residentBytes += entry.bytes;
  }

  // ---- what is on the disk only

  private readAhead(): void {
    if (this.pagedCount === 0 || this.askedUpTo >= 0) return;
    if (this.readyCount - this.pagedCount >= this.bounds.readAheadBelow && !this.options.isEager) return;
    this.askedUpTo = this.lastPosition;
    this.log.read(this.options.queueId, this, this.readyLog, this.pagedFrom, this.bounds.page);
  }

  loaded(row: number, page: LoadedPage): void {
    if (row === this.delayedLog) {
      for (const record of page.records) this.takeDelayed(record);
      if (page.next !== null) this.log.read(this.options.queueId, this, row, page.next, this.bounds.page);
      return;
    }
    const { askedUpTo } = this;
    this.askedUpTo = -1;
    // A purge came first.
    if (this.pagedCount === 0) return;
    const { records, next, damaged } = page;
    for (const record of records) this.takeReady(record);
    this.lose(Math.min(damaged, this.pagedCount));
    const lastSeen = records.length === 0 ? 0 : records[records.length - 1].sequence;
    this.pagedFrom = Math.max(this.pagedFrom, next ?? Math.max(lastSeen, askedUpTo) + 1);
    // Nothing of what was asked for is left: what was counted and has not come is not there.
    if (next === null && this.lastPosition === askedUpTo) this.lose(this.pagedCount);
    this.readAhead();
  }

  private lose(count: number): void {
    this.pagedCount -= count;
    this.readyCount -= count;
    if (this.pagedCount > 0) return;
    this.readyBytes -= this.pagedBytes;
    this.pagedBytes = 0;
  }

  private takeReady(record: LoggedRecord): void {
    const { sequence, mark, payload } = record;
    const isRecovered = sequence <= this.recoveredUpTo;
    if (sequence < this.pagedFrom || this.aside.delete(sequence)) return;
    // While everything is loaded what is new stays at hand.
    if (this.options.isEager && !isRecovered) return;
    const { priorityMax, codec, clock } = this.options;
    const entry = decodeReady(record, { priorityMax, deliveredUpTo: this.deliveredUpTo, codec, clock });
    const counted = isRecovered ? payload.length : entry.bytes;
    this.pagedCount--;
    this.pagedBytes -= counted;
    this.readyCount--;
    this.readyBytes -= counted;
    const returned = mark === null ? null : decodeReturn(mark);
    if (returned !== null) {
      entry.returns = returned.returns;
      entry.redelivered = true;
    }
    if (returned === null || returned.dueAt === NEVER) {
      this.listOf(entry.priority).putBack(entry);
      this.added(entry);
      return;
    }
    this.delayed ??= new DelayedList();
    this.delayed.addAgain(entry, fromWall(this.options.clock, returned.dueAt));
  }

  private takeDelayed({ sequence, payload }: LoggedRecord): void {
    const { wanted, dueAtMs } = decodeDelayed(payload, this.options.codec, this.options.clock);
    super.delay({ ...wanted, delayedAs: sequence }, dueAtMs);
  }

  // ---- the log

  override flush(): void {
    if (!this.gone.isEmpty) this.acks(this.readyLog, this.gone);
    if (!this.goneDelayed.isEmpty) this.acks(this.delayedLog, this.goneDelayed);
    const { batchNumber } = this.log;
    if (this.lastBatch === batchNumber) this.log.written(this.options.queueId, 0);
  }

  private acks(row: number, gone: RangeCollector): void {
    this.log.batch.acks(row, gone.take());
    this.lastBatch = this.log.batchNumber;
  }

  override commit(done: (isSafe: boolean) => void): void {
    const batch = this.lastBatch;
    if (this.waiting.length === 0 && batch <= this.log.safeNumber) done(true);
    else if (this.log.hasFailed) done(false);
    else {
      this.waiting.push({ batch, done });
      this.log.written(this.options.queueId, batch);
    }
  }

  override advance(): void {
    const { safeNumber, hasFailed } = this.log;
    let told = 0;
    while (told < this.waiting.length && (hasFailed || this.waiting[told].batch <= safeNumber)) told++;
    for (const { batch, done } of this.waiting.splice(0, told)) done(batch <= safeNumber);
  }

  override close(): void {
    if (this.useBatch < 0) return;
    this.log.batch.mark(this.readyLog, 0, encodeUse(this.lentUpTo));
    this.lastBatch = this.log.batchNumber;
    this.useBatch = -1;
    this.flush();
  }

  override discard(): void {
    this.log.budget.residentBytes -= this.readyBytes - this.pagedBytes;
    this.gone.take();
    this.goneDelayed.take();
    this.log.batch.deleteQueue(this.readyLog);
    this.log.batch.deleteQueue(this.delayedLog);
    this.lastBatch = this.log.batchNumber;
    this.flush();
  }
}
