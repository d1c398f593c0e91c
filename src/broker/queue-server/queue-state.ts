// What the process of a queue keeps beside the queue: its channels as numbered holders, the batches on their way to
// consumers, its timers, the depth it publishes, and where its dead letters go.
import type { ServerContext } from '../../behaviours/index.ts';
import type { DownMessage } from '../../process/index.ts';
import type { Entry, QueueStore } from '../../storage/index.ts';
import type { AnyPid, Pid, Ref } from '../../term/index.ts';
import type { FieldValue } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { QueueRecord } from '../metadata/records.ts';
import { routeMessage } from '../metadata/tables.ts';
import type { Replica } from '../metadata/thread-replica.ts';
import { publishDepth } from '../metadata/words.ts';
import {
  type DeadLetterReason,
  deadLetter,
  mayEnter,
  plainMessage,
  Queue,
  type QueueConsumer,
  type QueueSettings,
  Slab,
  type Traits,
} from '../queue/index.ts';
import type { Kept } from './kept.ts';
import type { ConsumeRequest, Fetched, FromQueue, QueueDelivery, QueueMessage } from './protocol.ts';

interface Holder {
  readonly number: number;
  readonly pid: Pid<FromQueue>;
  readonly ref: Ref;
}

/** Deliveries of one step for one channel. */
interface Parcel {
  readonly holder: number;
  readonly deliveries: QueueDelivery[];
}

/** Somebody waits for the answer to basic.get. */
interface Fetch {
  readonly channel: Pid<FromQueue>;
  readonly noAck: boolean;
  readonly answer: (fetched: Fetched | null) => void;
}

/** How long the consumers of a dead actor may take to come back before the next one counts them. */
const REATTACH_MS = 5_000;

type Publish = Extract<QueueMessage, { tag: 'publish' }>;

/** One slab for all queues of a thread. */
function slabOf({ kernel }: ServerContext): Slab {
  const found = kernel.locals.get('broker.slab') as Slab | undefined;
  const slab = found ?? new Slab();
  if (found === undefined) kernel.locals.set('broker.slab', slab);
  return slab;
}

export class QueueState {
  readonly record: QueueRecord;
  readonly queue: Queue;
  epoch = 0;
  private readonly context: ServerContext;
  private settings: QueueSettings;
  private readonly store: QueueStore<Message>;
  private readonly batches: Map<AnyPid, number>;
  private readonly kept: Kept;
  private readonly holders = new Map<AnyPid, Holder>();
  private readonly byNumber = new Map<number, Holder>();
  private lastHolder = 0;
  private parcels: Parcel[] = [];
  private fetches: Fetch[] = [];
  /** Of the last message that had to wait. */
  private traits: Traits | null = null;
  private replica: Replica | null = null;
  private expiryTimer: { readonly ref: Ref; readonly atMs: number } | null = null;
  private idleTimer: Ref | null = null;
  private reattachTimer: Ref | null = null;

  constructor(context: ServerContext, record: QueueRecord, settings: QueueSettings, kept: Kept) {
    const { store, batches } = kept;
    this.context = context;
    this.record = record;
    this.settings = settings;
    this.store = store;
    this.batches = batches;
    this.kept = kept;
    kept.port?.own(record.id, context.self);
    const slab = slabOf(context);
    this.queue = new Queue(settings, store, {
      deliver: (consumer, entry) => this.pack(consumer, entry),
      deadLetter: (message, reason) => this.deadLetter(message, reason),
      keep: (message) => {
        const kept = slab.keep(message, this.traits);
        this.traits = kept.traits;
        return kept;
      },
    });
    // What is kept of channels that ended while there was no actor goes with the news of their end.
    for (const channel of batches.keys()) this.holderFor(channel as Pid<FromQueue>);
    this.used();
    this.settled();
  }

  /** The metadata knows where this actor is; its deliveries carry that epoch from now on. */
  placed(replica: Replica, epoch: number): void {
    this.replica = replica;
    this.epoch = epoch;
  }

  /** What an earlier actor had given out is back in its place; limits and times to live hold again. */
  recover(): void {
    this.queue.recover(this.context.now());
    this.settled();
    if (!this.record.autoDelete || !this.kept.hadConsumer) return;
    this.reattachTimer = this.context.startTimer(REATTACH_MS, this.context.self, 'reattach');
  }

  /** Other settings hold from now on, those of a policy (digest 1.5). */
  adopt(settings: QueueSettings): void {
    const before = this.settings;
    this.settings = settings;
    this.queue.adopt(settings);
    if (settings.expiresMs === before.expiresMs) return;
    if (this.idleTimer !== null) this.context.cancelTimer(this.idleTimer);
    this.idleTimer = null;
    this.used();
  }

  /** What is due happens, and limits hold. */
  wake(): void {
    this.queue.wake(this.context.now());
    this.settled();
  }

  // ---- publishing

  publish({ channel, batch, messages }: Publish): void {
    this.holderFor(channel);
    const refused = this.queue.publish(messages, this.context.now());
    this.batches.set(channel, batch);
    this.settled();
    const { id } = this.record;
    this.store.commit((isSafe) => {
      const all = isSafe ? refused : messages.map((_message, place) => place);
      const isBehind = this.queue.store.readyCount > 0;
      this.context.send(channel, { tag: 'taken', queueId: id, epoch: this.epoch, batch, refused: all, isBehind });
    });
  }

  takeDeadLetters(messages: readonly Message[]): void {
    this.queue.publish(messages, this.context.now());
    this.settled();
  }

  /** The last batch of a channel that the queue has, told when it is safe. */
  takenFrom(channel: Pid<FromQueue>, tell: (batch: number) => void): void {
    this.holderFor(channel);
    const batch = this.batches.get(channel) ?? 0;
    this.store.commit((isSafe) => tell(isSafe ? batch : 0));
  }

  /** Safety, a page or the leave to deliver has come. */
  stored(): void {
    this.store.advance();
    this.answerFetches();
    this.pump();
  }

  /** The actor ends in order. */
  close(): void {
    this.store.close();
  }

  private deadLetter(message: Message, reason: DeadLetterReason): void {
    const { replica, record, settings } = this;
    if (replica === null || settings.deadLetterExchange === null) return;
    const { tables } = replica;
    const { formats } = tables;
    const nowMs = this.context.env.clock.wallTime();
    const letter = deadLetter({ message: plainMessage(message), reason, queue: record.name, settings, nowMs, formats });
    if (letter === null || tables.exchange(record.vhost, letter.exchange) === undefined) return;
    for (const id of routeMessage(tables, record.vhost, letter)) {
      const target = tables.queueById(id);
      const place = tables.placeOf(id);
      if (target === undefined || place === undefined) continue;
      if (reason !== 'rejected' && !mayEnter(letter, target.name, formats)) continue;
      this.context.send(place.pid, { tag: 'deadLettered', messages: [letter] });
    }
  }

  // ---- consuming

  consume(channel: Pid<FromQueue>, request: ConsumeRequest, priority: number): number {
    const { consumerTag: tag, noAck, exclusive, prefetch, window } = request;
    const holder = this.holderFor(channel).number;
    const credit = window === 0 ? Infinity : window;
    this.store.use();
    const consumer = this.queue.consumers.add({ holder, tag, noAck, exclusive, priority, prefetch, credit });
    this.kept.hadConsumer = true;
    this.used();
    return consumer.id;
  }

  /** Delivers to a consumer that has just come; after its answer, so that consume-ok goes first. */
  pump(): void {
    this.queue.pump(this.context.now());
    this.settled();
  }

  /** True when the queue has to end with its last consumer. */
  cancel(consumerId: number): boolean {
    this.queue.consumers.remove(consumerId);
    this.pump();
    return this.isOver();
  }

  credit(consumerId: number, deliveries: number): void {
    const consumer = this.queue.consumers.get(consumerId);
    if (consumer === undefined) return;
    consumer.credit += deliveries;
    this.pump();
  }

  /** basic.get; the answer comes when the head is at hand. */
  fetch(channel: Pid<FromQueue>, noAck: boolean, answer: Fetch['answer']): void {
    this.used();
    this.store.use();
    this.fetches.push({ channel, noAck, answer });
    this.answerFetches();
  }

  private answerFetches(): void {
    while (this.fetches.length > 0) {
      const { channel, noAck, answer } = this.fetches[0];
      const entry = this.queue.get(this.holderFor(channel).number, noAck, this.context.now());
      if (entry === null && this.store.isWaiting) break;
      this.fetches.shift();
      answer(entry === null ? null : this.fetched(entry));
    }
    this.settled();
  }

  private fetched(entry: Entry<Message>): Fetched {
    const { position: seq, redelivered } = entry;
    return { seq, redelivered, message: this.outgoing(entry, true), readyLeft: this.store.readyCount };
  }

  settle(channel: AnyPid, settled: Parameters<Queue['settle']>[1]): void {
    const holder = this.holders.get(channel);
    if (holder === undefined) return;
    this.queue.settle(holder.number, settled, this.context.now());
    this.settled();
  }

  /** Drops what is ready; what is unacknowledged survives (digest 6). */
  purge(): number {
    const count = this.store.purge();
    this.settled();
    return count;
  }

  /** The Message as it goes out: one of a quorum queue says how often it came back, to a consumer only when it did. */
  outgoing({ message: held, returns }: Entry<Message>, isFetched: boolean): Message {
    const message = plainMessage(held);
    const formats = this.replica?.tables.formats;
    const format = formats?.get(message.format);
    if (this.settings.type !== 'quorum' || format === undefined || (returns === 0 && !isFetched)) return message;
    const count: FieldValue = { type: 'long', value: BigInt(returns) };
    return format.rewrite(message, { headers: new Map(format.headers(message)).set('x-delivery-count', count) });
  }

  private pack(consumer: QueueConsumer, entry: Entry<Message>): void {
    const { position, redelivered } = entry;
    const message = this.outgoing(entry, false);
    const delivery: QueueDelivery = { consumerId: consumer.id, seq: position, redelivered, message };
    const { holder } = consumer;
    const last = this.parcels.find((parcel) => parcel.holder === holder);
    if (last !== undefined) last.deliveries.push(delivery);
    else this.parcels.push({ holder, deliveries: [delivery] });
  }

  // ---- channels

  private holderFor(pid: Pid<FromQueue>): Holder {
    const known = this.holders.get(pid);
    if (known !== undefined) return known;
    const holder: Holder = { number: ++this.lastHolder, pid, ref: this.context.monitor(pid) };
    this.holders.set(pid, holder);
    this.byNumber.set(holder.number, holder);
    return holder;
  }

  /** A channel is done with the queue; true when the queue has to end. */
  leave(channel: AnyPid): boolean {
    const holder = this.holders.get(channel);
    if (holder === undefined) return false;
    this.queue.leave(holder.number, this.context.now());
    this.settled();
    return this.isOver();
  }

  channelDown({ object }: DownMessage): boolean {
    const isOver = this.leave(object as AnyPid);
    const holder = this.holders.get(object as AnyPid);
    if (holder !== undefined) this.byNumber.delete(holder.number);
    this.holders.delete(object as AnyPid);
    this.batches.delete(object as AnyPid);
    return isOver;
  }

  private isOver(): boolean {
    if (this.queue.consumers.size > 0) return false;
    this.used();
    return this.record.autoDelete && this.kept.hadConsumer;
  }

  /** Tells the consumers that are left that the queue is gone. */
  sayGone(): void {
    for (const { id, holder } of this.queue.consumers.all()) {
      const pid = this.byNumber.get(holder)?.pid;
      if (pid !== undefined) this.context.send(pid, { tag: 'consumerGone', queueId: this.record.id, consumerId: id });
    }
    publishDepth(this.context.env.words, this.record.slot, 0, 0);
  }

  // ---- after each step

  /** Sends what the step has decided, and looks at depth and timers again. */
  private settled(): void {
    for (const { holder, deliveries } of this.parcels) {
      const pid = this.byNumber.get(holder)?.pid;
      if (pid === undefined) throw new Error('a consumer has a channel');
      const { epoch, record } = this;
      this.context.send(pid, { tag: 'deliver', queueId: record.id, epoch, deliveries });
    }
    if (this.parcels.length > 0) this.parcels = [];
    this.store.flush();
    publishDepth(this.context.env.words, this.record.slot, this.store.readyCount, this.store.heldCount);
    this.watchExpiry();
  }

  private watchExpiry(): void {
    const atMs = this.queue.nextWakeMs;
    if (this.expiryTimer?.atMs === atMs) return;
    if (this.expiryTimer !== null) this.context.cancelTimer(this.expiryTimer.ref);
    this.expiryTimer = null;
    if (atMs === Infinity) return;
    const waitMs = Math.min(Math.max(0, atMs - this.context.now()), 4_294_967_295);
    this.expiryTimer = { ref: this.context.startTimer(waitMs, this.context.self, 'expiry'), atMs };
  }

  /** The queue was declared, got from or consumed: x-expires counts from now (digest 6). */
  used(): void {
    if (this.settings.expiresMs === Infinity) return;
    if (this.idleTimer !== null) this.context.cancelTimer(this.idleTimer);
    this.idleTimer = this.context.startTimer(this.settings.expiresMs, this.context.self, 'idle');
  }

  /** True when the queue has to end because nobody used it, or its last consumer left while there was no actor. */
  onTimer(ref: Ref): boolean {
    if (ref === this.reattachTimer) return this.isOver();
    if (ref === this.idleTimer) {
      this.idleTimer = null;
      if (this.queue.consumers.size === 0) return true;
      this.used();
    } else if (ref === this.expiryTimer?.ref) {
      this.expiryTimer = null;
      this.wake();
    }
    return false;
  }
}
