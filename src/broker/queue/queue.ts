// One queue: what it holds (in its store, which outlives this object) and who gets it next. No processes here: the
// server around it sends what this decides. Digest 6, 7 and 9; invariants B2 to B8, B15, B16.
import { type Entry, NEVER, type NewEntry, type QueueStore } from '../../storage/index.ts';
import { bodyLength, type Message } from '../message.ts';
import { type QueueConsumer, QueueConsumers } from './consumers.ts';
import type { QueueSettings } from './queue-settings.ts';

export type DeadLetterReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** Who is told what the queue decides, at once and in order. */
export interface QueueSink {
  deliver(consumer: QueueConsumer, entry: Entry<Message>): void;
  /** A message has left for good and may be wanted elsewhere. */
  deadLetter(message: Message, reason: DeadLetterReason): void;
  /** The same Message in memory that may be held for long. */
  keep(message: Message): Message;
}

/** Positions of messages that a channel had, by what it did with them. */
export interface Settlement {
  readonly acked: readonly number[];
  readonly requeued: readonly number[];
  readonly rejected: readonly number[];
}

export class Queue {
  settings: QueueSettings;
  readonly store: QueueStore<Message>;
  readonly consumers: QueueConsumers;
  private readonly sink: QueueSink;
  private refuses = false;
  private dropsHead = false;
  /** A quorum queue without a limit lets others go before what a client gives back (RabbitMQ 3.10). */
  private requeuesLast = false;
  /** Whether it matters how often, or why, a message came back. */
  private judgesReturns = false;

  constructor(settings: QueueSettings, store: QueueStore<Message>, sink: QueueSink) {
    this.settings = settings;
    this.store = store;
    this.sink = sink;
    this.consumers = new QueueConsumers(settings.singleActiveConsumer);
    this.adopt(settings);
  }

  /**
   * Other settings of the same type, priorities and consumers hold from now on; limits from the next step on. A time to
   * live is that of what comes from now on, as in RabbitMQ.
   */
  adopt(settings: QueueSettings): void {
    this.settings = settings;
    const hasLimit = settings.maxLength !== Infinity || settings.maxLengthBytes !== Infinity;
    this.refuses = hasLimit && settings.overflow !== 'drop-head';
    this.dropsHead = hasLimit && settings.overflow === 'drop-head';
    this.requeuesLast = settings.type === 'quorum' && settings.deliveryLimit === Infinity;
    this.judgesReturns =
      settings.deliveryLimit !== Infinity || settings.delayedRetry !== null || settings.type === 'quorum';
  }

  /** Takes a batch, one message after the other; returns the places of those it refused, or null (B16). */
  publish(messages: readonly Message[], nowMs: number): readonly number[] | null {
    let refused: number[] | null = null;
    // What waits goes first, and a message that goes makes room for another.
    if (this.store.readyCount > 0) this.pump(nowMs);
    for (let place = 0; place < messages.length; place++) {
      const message = messages[place];
      if (this.refuses && this.isFullFor(message, nowMs)) {
        refused ??= [];
        refused.push(place);
        if (this.settings.overflow === 'reject-publish-dlx') this.sink.deadLetter(message, 'maxlen');
      } else if (message.delayMs > 0) this.delay(message, nowMs + message.delayMs);
      else this.add(message, nowMs);
    }
    if (this.store.readyCount === 0) return refused;
    if (this.dropsHead) this.dropOverflow();
    this.expire(nowMs);
    return refused;
  }

  /** To a consumer that can take it at once, even when its time to live is 0, or else to the end of the queue. */
  private add(message: Message, nowMs: number): void {
    const consumer = this.store.readyCount === 0 ? this.consumers.next() : null;
    if (consumer === null) {
      this.store.push(this.newEntry(this.sink.keep(message), nowMs));
      return;
    }
    const entry = this.store.pass(this.newEntry(message, nowMs), consumer.noAck ? 0 : consumer.holder, consumer);
    consumer.took();
    this.sink.deliver(consumer, entry);
  }

  /** Its time to live begins when it arrives. */
  private delay(message: Message, dueAtMs: number): void {
    this.store.delay(this.newEntry(this.sink.keep(message), dueAtMs), dueAtMs);
  }

  private newEntry(message: Message, nowMs: number): NewEntry<Message> {
    const { priority, persistent: isPersistent, ttlMs: own } = message;
    const ttlMs = own < 0 ? this.settings.messageTtlMs : Math.min(own, this.settings.messageTtlMs);
    const expiresAtMs = ttlMs === Infinity ? NEVER : Math.ceil(nowMs + ttlMs);
    return { message, priority, bytes: bodyLength(message), expiresAtMs, isPersistent };
  }

  private isFullFor(message: Message, nowMs: number): boolean {
    this.expire(nowMs);
    const { readyCount, readyBytes } = this.store;
    return readyCount + 1 > this.settings.maxLength || readyBytes + bodyLength(message) > this.settings.maxLengthBytes;
  }

  private dropOverflow(): void {
    const { maxLength, maxLengthBytes } = this.settings;
    while (this.store.readyCount > maxLength || this.store.readyBytes > maxLengthBytes) {
      if (this.store.head() === null) return;
      this.sink.deadLetter(this.store.drop().message, 'maxlen');
    }
  }

  /** Delivers as long as there is a message and a consumer with room. What expires meanwhile is not delivered (B15). */
  pump(nowMs: number): void {
    const { store, consumers } = this;
    for (this.expire(nowMs); store.head() !== null; this.expire(nowMs)) {
      const consumer = consumers.next();
      if (consumer === null) return;
      const entry = consumer.noAck ? store.drop() : store.lend(consumer.holder, consumer);
      consumer.took();
      this.sink.deliver(consumer, entry);
    }
  }

  /** basic.get. Null also while the store waits for its head. */
  get(holder: number, noAck: boolean, nowMs: number): Entry<Message> | null {
    this.expire(nowMs);
    if (this.store.head() === null) return null;
    const entry = noAck ? this.store.drop() : this.store.lend(holder, null);
    this.expire(nowMs);
    return entry;
  }

  /** Drops what has expired at the head; what waits behind a live message waits (B15). */
  expire(nowMs: number): void {
    const { store } = this;
    for (let head = store.head(); head !== null && isExpired(head, nowMs); head = store.head()) {
      this.sink.deadLetter(store.drop().message, 'expired');
    }
  }

  /** When the head expires or the next delayed message is due; Infinity for never. */
  get nextWakeMs(): number {
    const head = this.store.head();
    const expiryMs = head === null || head.expiresAtMs === NEVER ? Infinity : head.expiresAtMs;
    return Math.min(expiryMs, this.store.nextDueMs);
  }

  /** What is due by now: delayed messages arrive, and what has expired at the head goes. */
  wake(nowMs: number): void {
    while (this.store.mature(nowMs));
    this.pump(nowMs);
    if (!this.dropsHead) return;
    this.dropOverflow();
    this.expire(nowMs);
  }

  /** Settles what a channel had; unknown positions are those of an earlier actor and count for nothing. */
  settle(holder: number, { acked, requeued, rejected }: Settlement, nowMs: number): void {
    const { store } = this;
    for (const position of acked) release(store.settle(holder, position));
    for (const position of rejected) {
      const entry = store.settle(holder, position);
      release(entry);
      if (entry !== null) this.sink.deadLetter(entry.message, 'rejected');
    }
    for (const position of requeued) this.giveBack(holder, position, 'failed', nowMs);
    if (requeued.length > 0 && this.dropsHead) this.dropOverflow();
    if (store.readyCount > 0) this.pump(nowMs);
  }

  /** Puts a message back: at once, later, or not at all when it came back too often. */
  private giveBack(holder: number, position: number, why: 'failed' | 'returned', nowMs: number): void {
    const { store, settings } = this;
    if (!this.judgesReturns) {
      release(store.requeue(holder, position));
      return;
    }
    const entry = store.held(holder, position);
    if (entry === null) return;
    const returns = entry.returns + 1;
    if (returns > settings.deliveryLimit) {
      release(store.settle(holder, position));
      this.sink.deadLetter(entry.message, 'delivery_limit');
      return;
    }
    const retry = settings.delayedRetry;
    if (retry !== null && (retry.type === 'all' || retry.type === why)) {
      release(store.requeueLater(holder, position, nowMs + Math.min(retry.minMs * returns, retry.maxMs)));
    } else if (this.requeuesLast && why === 'failed') release(store.requeueLast(holder, position));
    else release(store.requeue(holder, position));
  }

  /** For the first step of a new actor: what an earlier one had lent is back in place, and limits hold. */
  recover(nowMs: number): void {
    this.store.requeueAll();
    if (this.dropsHead) this.dropOverflow();
    this.expire(nowMs);
  }

  /** A channel is gone: its consumers too, and what it held is back in place. Returns how many consumers it had. */
  leave(holder: number, nowMs: number): number {
    let left = 0;
    for (const consumer of this.consumers.all()) {
      if (consumer.holder !== holder) continue;
      this.consumers.remove(consumer.id);
      left++;
    }
    if (this.judgesReturns) {
      for (const { position } of this.store.heldBy(holder)) this.giveBack(holder, position, 'returned', nowMs);
    } else this.store.requeueAllOf(holder);
    if (this.dropsHead) this.dropOverflow();
    this.pump(nowMs);
    return left;
  }
}

function isExpired({ expiresAtMs }: Entry<Message>, nowMs: number): boolean {
  return expiresAtMs !== NEVER && expiresAtMs <= nowMs;
}

/** A consumer has one delivery less to settle. What basic.get took belongs to none. */
function release(entry: Entry<Message> | null): void {
  const consumer = entry?.lentTo as QueueConsumer | null | undefined;
  consumer?.settled();
}
