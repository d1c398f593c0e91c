// The consuming side of a channel (digest 7): consumers by tag, delivery tags, settlements in batches per queue, the
// shared prefetch of the channel, and the credit of consumers that no prefetch bounds (DESIGN decision 16).
import { tryCall } from '../../behaviours/index.ts';
import { type FromQueue, type Message, type QueueDelivery, type QueueRecord, Unacked } from '../../broker/index.ts';
import { type Effects, receive, TIMEOUT, unregister } from '../../process/index.ts';
import type { Ref } from '../../term/index.ts';
import { AckTimeouts } from './ack-timeouts.ts';
import type { Channel } from './channel.ts';
import { CloseSignal, closeChannel } from './close-signal.ts';
import type { FieldTable } from './codec/index.ts';
import { DeliveryCredit } from './delivery-credit.ts';
import type { OutgoingDelivery } from './envelope.ts';
import { DELIVERY_WINDOW } from './limits.ts';
import type { QueuePeer } from './queue-peers.ts';
import { checkConsumer, refuseStream } from './stream-rules.ts';

/** One consumer of this channel. */
export interface Consumer {
  readonly tag: string;
  readonly queueId: number;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
  readonly prefetch: number;
  /** 0 when its prefetch alone bounds it. */
  readonly window: number;
  /** The queue's number for it; changes when the queue's actor comes back. */
  id: number;
  /** Of a stream: the offset behind the last delivery. */
  resumeAt?: number | undefined;
}

/** What an unacknowledged delivery needs to be settled. */
interface Held {
  readonly peer: QueuePeer;
  /** The queue's number for the message; -1 once the queue has it back by itself. */
  seq: number;
  /** It counts for the shared prefetch: deliveries to consumers do, basic.get does not. */
  isCounted: boolean;
  /** Ms of the clock at which it was delivered. */
  readonly sinceMs: number;
}

type Settlement = 'acked' | 'requeued' | 'rejected';

export class ChannelConsumers {
  /** Limit for consumers that start later (qos with global=false); 0 for none. */
  prefetch = 0;
  /** The address of the direct reply consumer, or null. */
  replyAddress: string | null = null;
  private replyTag: string | null = null;
  private readonly channel: Channel;
  private readonly byTag = new Map<string, Consumer>();
  private readonly unacked = new Unacked<Held>();
  /** Shared limit (qos with global=true); 0 for none. */
  private sharedPrefetch = 0;
  private counted = 0;
  /** Deliveries that wait for room under the shared limit. */
  private parked: { readonly consumer: Consumer; readonly delivery: QueueDelivery }[] = [];
  /** Of consumers without a prefetch. */
  readonly credit: DeliveryCredit;
  private readonly dirty = new Set<QueuePeer>();
  private readonly timeouts: AckTimeouts;
  /** Time of the batch of deliveries being handed out. */
  private nowMs = 0;
  private transaction: { readonly held: Held; readonly tag: number; readonly how: Settlement }[] = [];

  constructor(channel: Channel) {
    this.channel = channel;
    this.credit = new DeliveryCredit(channel);
    this.timeouts = new AckTimeouts(channel.context as never);
  }

  has(tag: string): boolean {
    return this.byTag.has(tag) || this.replyTag === tag;
  }

  /** Consumers on this channel, that of direct replies included. */
  get count(): number {
    return this.byTag.size + (this.replyTag === null ? 0 : 1);
  }

  /** The queues that are consumed, one for each consumer. */
  *queueIds(): Generator<number> {
    for (const { queueId } of this.byTag.values()) yield queueId;
  }

  // ---- consuming

  *consume(record: QueueRecord, wanted: Omit<Consumer, 'queueId' | 'id' | 'prefetch' | 'window'>): Effects<void> {
    const { prefetch: limit, sharedPrefetch } = this;
    checkConsumer(record, { prefetch: limit, sharedPrefetch, noAck: wanted.noAck });
    const prefetch = wanted.noAck ? 0 : this.prefetch;
    const bound = this.sharedPrefetch > 0 && !wanted.noAck ? this.sharedPrefetch : DELIVERY_WINDOW;
    const window = prefetch > 0 && prefetch <= bound ? 0 : bound;
    const consumer: Consumer = { ...wanted, queueId: record.id, prefetch, window, id: 0 };
    yield* this.attach(this.channel.peers.of(record), consumer);
    this.byTag.set(consumer.tag, consumer);
  }

  private *attach(peer: QueuePeer, consumer: Consumer): Effects<void> {
    const outcome = yield* this.channel.ask(peer, this.consumeRequest(peer, consumer));
    if (!outcome.ok) throw new CloseSignal(outcome.error);
    consumer.id = outcome.value;
    peer.consumers.set(consumer.id, consumer);
  }

  private consumeRequest(peer: QueuePeer, consumer: Consumer) {
    const { tag, noAck, exclusive, prefetch, window } = consumer;
    peer.isAttached = true;
    return {
      tag: 'consume',
      channel: this.channel.context.self as never,
      request: {
        consumerTag: tag,
        noAck,
        exclusive,
        arguments: consumer.arguments,
        prefetch,
        window,
        ...(consumer.resumeAt === undefined ? {} : { resumeAt: consumer.resumeAt }),
      },
    } as const;
  }

  /**
   * The queue's actor is back: its consumers are attached in the order in which they came. When this one dies as well,
   * the next one gets them all, so nothing is asked twice.
   */
  *consumeAgain(peer: QueuePeer): Effects<void> {
    for (const consumer of [...this.byTag.values()]) {
      if (consumer.queueId !== peer.record.id) continue;
      const outcome = yield* tryCall(peer.pid, this.consumeRequest(peer, consumer), Number.POSITIVE_INFINITY);
      if (!outcome.ok) return;
      if (!outcome.value.ok) {
        // Somebody else has come first and wants it alone.
        this.notifyGone(consumer);
        continue;
      }
      consumer.id = outcome.value.value;
      peer.consumers.set(consumer.id, consumer);
    }
  }

  *cancel(tag: string): Effects<void> {
    if (this.replyTag === tag) yield* this.endReplies();
    const consumer = this.byTag.get(tag);
    if (consumer === undefined) return;
    this.byTag.delete(tag);
    const peer = this.channel.peers.known(consumer.queueId);
    if (peer !== undefined) {
      // A dead actor has nothing to cancel, and the next one does not get this consumer.
      if (peer.isUp) yield* tryCall(peer.pid, { tag: 'cancel', consumerId: consumer.id }, Number.POSITIVE_INFINITY);
      yield* this.deliverLast(consumer);
      peer.consumers.delete(consumer.id);
    }
    // What waits for room goes back unseen.
    this.giveBackParked((parked) => parked.consumer === consumer);
  }

  /** What the queue sent before it knew of the cancel is delivered before cancel-ok (digest 7). */
  private *deliverLast({ queueId }: Consumer): Effects<void> {
    type Deliver = Extract<FromQueue, { tag: 'deliver' }>;
    const isLast = (message: unknown): message is Deliver => {
      const { tag, queueId: from } = message as Partial<Deliver>;
      return tag === 'deliver' && from === queueId;
    };
    for (;;) {
      const last = yield* receive(isLast, { afterMs: 0 });
      if (last === TIMEOUT) return;
      this.deliver(last);
    }
  }

  gone({ queueId, consumerId }: Extract<FromQueue, { tag: 'consumerGone' }>): void {
    for (const consumer of this.byTag.values()) {
      if (consumer.queueId === queueId && consumer.id === consumerId) this.notifyGone(consumer);
    }
  }

  private notifyGone(consumer: Consumer): void {
    this.byTag.delete(consumer.tag);
    if (!this.channel.args.wantsCancelNotify) return;
    this.channel.output.reply({ name: 'basic.cancel', consumerTag: consumer.tag, nowait: true });
  }

  // ---- direct replies

  /** The channel consumes direct replies under that tag. */
  takeReplies(tag: string, address: string): void {
    this.replyAddress = address;
    this.replyTag = tag;
  }

  /** A process has one name at a time, and replies that are late are for nobody. */
  private *endReplies(): Effects<void> {
    yield* unregister(this.replyAddress as string);
    this.replyAddress = null;
    this.replyTag = null;
  }

  /** A direct reply has come: it is delivered like any other Message, without acknowledgement. */
  deliverReply(message: Message): void {
    const consumerTag = this.replyTag;
    if (consumerTag === null) return;
    const deliveryTag = this.unacked.skip();
    this.channel.output.deliveries([{ consumerTag, deliveryTag, redelivered: false, message }]);
  }

  // ---- deliveries

  deliver({ queueId, epoch, deliveries }: Extract<FromQueue, { tag: 'deliver' }>): void {
    const peer = this.channel.peers.known(queueId);
    if (peer === undefined || peer.epoch !== epoch) return;
    const out: OutgoingDelivery[] = [];
    this.nowMs = this.channel.context.now();
    for (const delivery of deliveries) {
      const consumer = peer.consumers.get(delivery.consumerId);
      if (consumer === undefined) continue;
      consumer.resumeAt = delivery.resumeAt;
      if (!consumer.noAck && this.isFull()) this.parked.push({ consumer, delivery });
      else out.push(this.tagged(peer, consumer, delivery));
    }
    this.hand(out);
  }

  /** No room under the shared limit, or others wait for room already. */
  private isFull(): boolean {
    return this.sharedPrefetch > 0 && (this.parked.length > 0 || this.counted >= this.sharedPrefetch);
  }

  private tagged(peer: QueuePeer, consumer: Consumer, { seq, redelivered, message }: QueueDelivery): OutgoingDelivery {
    let deliveryTag: number;
    if (consumer.noAck) deliveryTag = this.unacked.skip();
    else {
      deliveryTag = this.unacked.add({ peer, seq, isCounted: true, sinceMs: this.nowMs });
      this.timeouts.watch(this.channel.peers.ackTimeoutMs(peer));
      this.counted++;
    }
    if (consumer.window > 0) this.credit.await(consumer, peer.epoch);
    return { consumerTag: consumer.tag, deliveryTag, redelivered, message };
  }

  private hand(deliveries: readonly OutgoingDelivery[]): void {
    if (deliveries.length > 0) this.channel.output.deliveries(deliveries);
  }

  /** Delivers what waited for room under the shared limit. */
  private unpark(): void {
    if (this.parked.length === 0) return;
    const out: OutgoingDelivery[] = [];
    this.nowMs = this.channel.context.now();
    while (this.parked.length > 0 && (this.sharedPrefetch === 0 || this.counted < this.sharedPrefetch)) {
      const { consumer, delivery } = this.parked.shift() as (typeof this.parked)[number];
      const peer = this.channel.peers.known(consumer.queueId);
      if (peer !== undefined) out.push(this.tagged(peer, consumer, delivery));
    }
    this.hand(out);
  }

  private giveBackParked(which: (parked: (typeof this.parked)[number]) => boolean): void {
    for (const { consumer, delivery } of this.parked.filter(which)) {
      const peer = this.channel.peers.known(consumer.queueId);
      if (peer === undefined) continue;
      peer.requeued.push(delivery.seq);
      this.dirty.add(peer);
    }
    this.parked = this.parked.filter((parked) => !which(parked));
  }

  /** basic.get: a delivery that no consumer asked for. Returns its tag. */
  fetched(peer: QueuePeer, seq: number, noAck: boolean): number {
    if (noAck) return this.unacked.skip();
    this.timeouts.watch(this.channel.peers.ackTimeoutMs(peer));
    return this.unacked.add({ peer, seq, isCounted: false, sinceMs: this.channel.context.now() });
  }

  // ---- settling

  /** ack, nack or reject (digest 7). Ends the channel with 406 for a tag that is not outstanding. */
  settle(tag: number, multiple: boolean, how: Settlement): void {
    if (!(multiple && tag === 0) && !this.unacked.has(tag)) closeChannel(406, `unknown delivery tag ${tag}`);
    if (how !== 'acked') this.refuseStreams(tag, multiple);
    if (this.channel.mode === 'tx') {
      this.keepForCommit(tag, multiple, how);
      return;
    }
    if (!multiple) this.settleOne(this.unacked.take(tag) as Held, how);
    else for (const held of tag === 0 ? this.unacked.takeAll() : this.unacked.takeUpTo(tag)) this.settleOne(held, how);
    this.unpark();
  }

  private refuseStreams(tag: number, multiple: boolean): void {
    for (const each of multiple ? this.unacked.tagsUpTo(tag) : [tag]) {
      refuseStream((this.unacked.get(each) as Held).peer.record, 'basic.nack and basic.reject');
    }
  }

  private settleOne(held: Held, how: Settlement): void {
    if (held.isCounted) this.counted--;
    if (held.seq < 0) return;
    held.peer[how].push(held.seq);
    this.dirty.add(held.peer);
  }

  /** Requeues everything that is outstanding (basic.recover). */
  recover(): void {
    this.refuseStreams(0, true);
    for (const held of this.unacked.takeAll()) this.settleOne(held, 'requeued');
    this.unpark();
  }

  sendSettlements(): void {
    if (this.dirty.size === 0) return;
    for (const peer of this.dirty) this.channel.peers.sendSettlements(peer);
    this.dirty.clear();
  }

  setSharedPrefetch(limit: number): void {
    this.sharedPrefetch = limit;
    this.unpark();
  }

  // ---- transactions

  private keepForCommit(tag: number, multiple: boolean, how: Settlement): void {
    const tags = multiple ? this.unacked.tagsUpTo(tag) : [tag];
    for (const each of tags) this.transaction.push({ held: this.unacked.take(each) as Held, tag: each, how });
  }

  commit(): void {
    const { transaction } = this;
    this.transaction = [];
    for (const { held, how } of transaction) this.settleOne(held, how);
    this.unpark();
  }

  /** The settlements are undone: the deliveries are outstanding again, under their tags. */
  rollback(): void {
    const { transaction } = this;
    this.transaction = [];
    for (const { held, tag } of transaction) this.unacked.putBack(tag, held);
  }

  /** What is overdue when a timer fires, in ms of its timeout; null for nothing. What a dead actor has back is not. */
  overdueAt(timer: Ref): number | null {
    if (!this.timeouts.isLook(timer)) return null;
    const nowMs = this.channel.context.now();
    for (const { peer, seq, sinceMs } of this.unacked.held()) {
      if (seq < 0) continue;
      const timeoutMs = this.channel.peers.ackTimeoutMs(peer);
      if (nowMs - sinceMs >= timeoutMs) return timeoutMs;
      this.timeouts.watch(timeoutMs);
    }
    return null;
  }

  // ---- queues that end

  /** The actor is dead: it has its messages back, so later settlements are ignored and count for no limit. */
  queueDown(peer: QueuePeer): void {
    for (const held of this.unacked.held()) {
      if (held.peer !== peer || held.seq < 0) continue;
      held.seq = -1;
    }
    for (const { held } of this.transaction) if (held.peer === peer) held.seq = -1;
    this.parked = this.parked.filter(({ consumer }) => consumer.queueId !== peer.record.id);
    peer.consumers.clear();
    this.dirty.delete(peer);
    peer.acked = [];
    peer.requeued = [];
    peer.rejected = [];
    this.recount();
  }

  queueGone(peer: QueuePeer): void {
    this.queueDown(peer);
    for (const consumer of [...this.byTag.values()]) if (consumer.queueId === peer.record.id) this.notifyGone(consumer);
  }

  /** The channel is closing: nothing is delivered any more. */
  clear(): void {
    this.byTag.clear();
    this.parked = [];
    this.credit.clear();
    this.unacked.takeAll();
    this.counted = 0;
  }

  private recount(): void {
    let counted = 0;
    for (const held of this.unacked.held()) if (held.isCounted && held.seq >= 0) counted++;
    // Entries that went stale keep their tags but no longer take room under the shared limit.
    for (const held of this.unacked.held()) if (held.seq < 0) held.isCounted = false;
    this.counted = counted;
    this.unpark();
  }
}
