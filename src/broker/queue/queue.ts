// One queue: what it holds (in its store, which outlives this object) and who gets it next. No processes here: the
// server around it sends what this decides. Digest 6, 7 and 9; invariants B2 to B8, B15, B16.
import type { Entry, QueueStore } from '../../storage/index.ts';
import { bodyLength, type Message } from '../message.ts';
import { type QueueConsumer, QueueConsumers } from './consumers.ts';
import type { QueueSettings } from './queue-settings.ts';

export type DeadLetterReason = 'rejected' | 'expired' | 'maxlen';

/** Who is told what the queue decides, at once and in order. */
export interface QueueSink {
  deliver(consumer: QueueConsumer, entry: Entry<Message>): void;
  /** A message has left for good and may be wanted elsewhere. */
  deadLetter(message: Message, reason: DeadLetterReason): void;
  /** The same Message in memory that may be held for long. */
  keep(message: Message): Message;
}

export class Queue {
  readonly settings: QueueSettings;
  readonly store: QueueStore<Message>;
  readonly consumers: QueueConsumers;
  private readonly sink: QueueSink;
  private readonly hasLimit: boolean;

  constructor(settings: QueueSettings, store: QueueStore<Message>, sink: QueueSink) {
    this.settings = settings;
    this.store = store;
    this.sink = sink;
    this.consumers = new QueueConsumers(settings.singleActiveConsumer);
    this.hasLimit = settings.maxLength !== Infinity || settings.maxLengthBytes !== Infinity;
  }

  /** Takes a batch; returns the places of the messages it refused, or null (B16). */
  publish(messages: readonly Message[], nowMs: number): readonly number[] | null {
    let refused: number[] | null = null;
    for (let place = 0; place < messages.length; place++) {
      const message = messages[place];
      if (this.hasLimit && this.settings.overflow !== 'drop-head') {
        // What a consumer can take at once does not make the queue longer.
        this.pump(nowMs);
        if (this.isFullFor(message)) {
          refused ??= [];
          refused.push(place);
          if (this.settings.overflow === 'reject-publish-dlx') this.sink.deadLetter(message, 'maxlen');
          continue;
        }
      }
      this.add(message, nowMs);
    }
    this.pump(nowMs);
    if (this.hasLimit && this.settings.overflow === 'drop-head') this.dropOverflow();
    this.expire(nowMs);
    return refused;
  }

  private add(message: Message, nowMs: number): void {
    const ttlMs = Math.min(this.settings.messageTtlMs, message.ttlMs < 0 ? Infinity : message.ttlMs);
    // With messages waiting or nobody to take it, this one will wait as well.
    const willWait = this.store.readyCount > 0 || this.consumers.size === 0;
    this.store.push({
      message: willWait ? this.sink.keep(message) : message,
      priority: message.priority,
      bytes: bodyLength(message),
      expiresAtMs: nowMs + ttlMs,
      isPersistent: message.persistent,
    });
  }

  private isFullFor(message: Message): boolean {
    const { readyCount, readyBytes } = this.store;
    return readyCount + 1 > this.settings.maxLength || readyBytes + bodyLength(message) > this.settings.maxLengthBytes;
  }

  private dropOverflow(): void {
    const { maxLength, maxLengthBytes } = this.settings;
    while (this.store.readyCount > maxLength || this.store.readyBytes > maxLengthBytes) {
      this.sink.deadLetter(this.store.drop().message, 'maxlen');
    }
  }

  /** Delivers as long as there is a message and a consumer with room. */
  pump(nowMs: number): void {
    const { store, consumers } = this;
    if (consumers.size === 0) return;
    for (let head = store.head(); head !== null; head = store.head()) {
      // A message whose time is exactly over still goes to a consumer that can take it at once (TTL 0, digest 9).
      if (head.expiresAtMs < nowMs) {
        this.sink.deadLetter(store.drop().message, 'expired');
        continue;
      }
      const consumer = consumers.next();
      if (consumer === null) return;
      this.deliver(consumer);
    }
  }

  private deliver(consumer: QueueConsumer): void {
    const entry = consumer.noAck ? this.store.drop() : this.store.lend(consumer.holder);
    if (!consumer.noAck) {
      consumer.unsettled++;
      this.owners.set(entry.position, consumer);
    }
    consumer.credit--;
    this.sink.deliver(consumer, entry);
  }

  /** Which consumer a lent message counts for. */
  private readonly owners = new Map<number, QueueConsumer>();

  /** basic.get. */
  get(holder: number, noAck: boolean, nowMs: number): Entry<Message> | null {
    this.expire(nowMs);
    if (this.store.head() === null) return null;
    return noAck ? this.store.drop() : this.store.lend(holder);
  }

  /** Drops what has expired at the head; what waits behind a live message waits (B15). */
  expire(nowMs: number): void {
    for (let head = this.store.head(); head !== null && head.expiresAtMs <= nowMs; head = this.store.head()) {
      this.sink.deadLetter(this.store.drop().message, 'expired');
    }
  }

  /** When the head expires; Infinity for never. */
  get nextExpiryMs(): number {
    return this.store.head()?.expiresAtMs ?? Infinity;
  }

  /** Settles what a channel had; unknown positions are those of an earlier actor and count for nothing. */
  settle(
    holder: number,
    settled: { acked: readonly number[]; requeued: readonly number[]; rejected: readonly number[] },
    nowMs: number,
  ): void {
    for (const position of settled.acked) {
      this.store.settle(holder, position);
      this.release(position);
    }
    for (const position of settled.rejected) {
      const entry = this.store.settle(holder, position);
      this.release(position);
      if (entry !== null) this.sink.deadLetter(entry.message, 'rejected');
    }
    if (settled.requeued.length > 0) {
      for (const position of settled.requeued) this.release(position);
      this.store.requeue(holder, settled.requeued);
      if (this.hasLimit && this.settings.overflow === 'drop-head') this.dropOverflow();
    }
    this.pump(nowMs);
    this.expire(nowMs);
  }

  private release(position: number): void {
    const consumer = this.owners.get(position);
    if (consumer === undefined) return;
    this.owners.delete(position);
    consumer.unsettled--;
  }

  /** A channel is gone: its consumers too, and what it held is back in place. Returns how many consumers it had. */
  leave(holder: number, nowMs: number): number {
    let left = 0;
    for (const consumer of [...this.consumers.all()]) {
      if (consumer.holder !== holder) continue;
      this.consumers.remove(consumer.id);
      left++;
    }
    for (const [position, consumer] of this.owners) if (consumer.holder === holder) this.owners.delete(position);
    this.store.requeueAllOf(holder);
    this.pump(nowMs);
    this.expire(nowMs);
    return left;
  }
}
