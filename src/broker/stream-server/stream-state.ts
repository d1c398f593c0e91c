// What the process of a stream keeps beside the stream: its channels, its consumers with where they are and how much they
// may hold, and the deliveries of a step. An acknowledgement gives credit and nothing else: nothing leaves a stream by it.
import type { ServerContext } from '../../behaviours/index.ts';
import type { AnyPid, Pid, Ref } from '../../term/index.ts';
import type { FieldTable } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { QueueRecord } from '../metadata/records.ts';
import type { Replica } from '../metadata/thread-replica.ts';
import { publishDepth } from '../metadata/words.ts';
import { Slab } from '../queue/index.ts';
import type { ConsumeRequest, FromQueue, QueueDelivery, QueueMessage } from '../queue-server/protocol.ts';
import {
  type StreamCursor,
  type StreamEntry,
  type StreamSettings,
  type StreamStart,
  streamStart,
} from '../stream/index.ts';
import type { KeptStream } from './stream-kept.ts';

interface Channel {
  readonly pid: Pid<FromQueue>;
  readonly ref: Ref;
  /** Deliveries of the step. */
  parcel: QueueDelivery[];
}

interface Consumer {
  readonly id: number;
  readonly channel: Channel;
  readonly tag: string;
  readonly exclusive: boolean;
  readonly prefetch: number;
  readonly cursor: StreamCursor;
  /** Deliveries that it has not settled. */
  held: number;
  /** Deliveries that it may get before it gives credit; Infinity where its prefetch alone bounds it. */
  credit: number;
}

type Publish = Extract<QueueMessage, { tag: 'publish' }>;

/** One slab for all queues of a thread. */
function slabOf({ kernel }: ServerContext): Slab {
  const found = kernel.locals.get('broker.slab') as Slab | undefined;
  const slab = found ?? new Slab();
  if (found === undefined) kernel.locals.set('broker.slab', slab);
  return slab;
}

export class StreamState {
  readonly record: QueueRecord;
  private epoch = 0;
  private readonly context: ServerContext;
  private readonly kept: KeptStream;
  private readonly slab: Slab;
  private readonly channels = new Map<AnyPid, Channel>();
  private readonly consumers = new Map<number, Consumer>();
  private lastConsumer = 0;
  /** Who has a delivery, by its number. */
  private readonly outstanding = new Map<number, Consumer>();
  private lastDelivery = 0;
  private replica: Replica | null = null;

  constructor(context: ServerContext, record: QueueRecord, kept: KeptStream) {
    this.context = context;
    this.record = record;
    this.kept = kept;
    this.slab = slabOf(context);
    kept.port?.own(record.id, context.self);
    for (const pid of [...kept.batches.keys(), ...kept.begins.keys()]) this.channelFor(pid as Pid<FromQueue>);
    this.settled();
  }

  get count(): number {
    return this.kept.log.count;
  }

  get consumerCount(): number {
    return this.consumers.size;
  }

  /** The metadata knows where this actor is; its deliveries carry that epoch from now on. */
  placed(replica: Replica, epoch: number): void {
    this.replica = replica;
    this.epoch = epoch;
  }

  /** Other settings hold from now on, those of a policy. */
  adopt(settings: StreamSettings): void {
    this.kept.log.adopt(settings);
  }

  // ---- publishing

  publish({ channel, batch, messages }: Publish): void {
    this.channelFor(channel);
    this.add(messages);
    this.kept.batches.set(channel, batch);
    const { id } = this.record;
    this.kept.log.commit((isSafe) => {
      const refused = isSafe ? null : messages.map((_message, place) => place);
      this.context.send(channel, { tag: 'taken', queueId: id, epoch: this.epoch, batch, refused, isBehind: false });
    });
    this.pump();
  }

  takeDeadLetters(messages: readonly Message[]): void {
    this.add(messages);
    this.pump();
  }

  private add(messages: readonly Message[]): void {
    const kept = messages.map((message) => this.slab.keep(message, null).plain);
    this.kept.log.append(kept, this.context.env.clock.wallTime());
  }

  /** The last batch of a channel that the stream has, told when it is safe. */
  takenFrom(channel: Pid<FromQueue>, tell: (batch: number) => void): void {
    this.channelFor(channel);
    const batch = this.kept.batches.get(channel) ?? 0;
    this.kept.log.commit((isSafe) => tell(isSafe ? batch : 0));
    this.settled();
  }

  /** Safety or a page has come. */
  stored(): void {
    this.kept.log.advance();
    this.pump();
  }

  // ---- consuming

  /** Whether a consumer would not be alone where somebody wants to be. */
  isTaken(exclusive: boolean): boolean {
    const consumers = [...this.consumers.values()];
    return consumers.some((consumer) => consumer.exclusive) || (exclusive && consumers.length > 0);
  }

  /** Adds a consumer whose arguments were checked. One that comes again goes on where it was. */
  consume(pid: Pid<FromQueue>, { consumerTag: tag, exclusive, prefetch, window, ...rest }: ConsumeRequest): number {
    const channel = this.channelFor(pid);
    const begins = this.kept.begins.get(pid) ?? new Map<string, StreamCursor>();
    this.kept.begins.set(pid, begins);
    const start = streamStart(rest.arguments, this.context.env.clock.wallTime()) as StreamStart;
    const begun = begins.get(tag) ?? this.kept.log.begin(start);
    begins.set(tag, begun);
    const next = rest.resumeAt ?? begun.next;
    const id = ++this.lastConsumer;
    const cursor = { ...begun, next };
    const credit = window === 0 ? Number.POSITIVE_INFINITY : window;
    this.consumers.set(id, { id, channel, tag, exclusive, prefetch, cursor, held: 0, credit });
    return id;
  }

  cancel(id: number): void {
    const consumer = this.consumers.get(id);
    if (consumer === undefined) return;
    this.remove(consumer);
    this.settled();
  }

  private remove(consumer: Consumer): void {
    this.consumers.delete(consumer.id);
    this.kept.begins.get(consumer.channel.pid)?.delete(consumer.tag);
  }

  credit(id: number, deliveries: number): void {
    const consumer = this.consumers.get(id);
    if (consumer === undefined) return;
    consumer.credit += deliveries;
    this.pump();
  }

  settle(settlements: Pick<Extract<QueueMessage, { tag: 'settle' }>, 'acked' | 'requeued' | 'rejected'>): void {
    for (const numbers of [settlements.acked, settlements.requeued, settlements.rejected]) {
      for (const number of numbers) {
        const consumer = this.outstanding.get(number);
        if (consumer === undefined) continue;
        this.outstanding.delete(number);
        consumer.held--;
      }
    }
    this.pump();
  }

  /** Delivers what consumers may have, in turns. */
  pump(): void {
    const { log } = this.kept;
    let isMoving = this.replica !== null;
    while (isMoving) {
      isMoving = false;
      for (const consumer of this.consumers.values()) {
        if (consumer.credit <= 0 || (consumer.prefetch > 0 && consumer.held >= consumer.prefetch)) continue;
        const entry = log.read(consumer.cursor);
        if (entry === null) continue;
        this.deliver(consumer, entry);
        isMoving = true;
      }
    }
    this.settled();
  }

  private deliver(consumer: Consumer, { offset, message }: StreamEntry<Message>): void {
    const seq = ++this.lastDelivery;
    consumer.held++;
    consumer.credit--;
    this.outstanding.set(seq, consumer);
    consumer.channel.parcel.push({
      consumerId: consumer.id,
      seq,
      redelivered: false,
      message: this.withOffset(message, offset),
      resumeAt: offset + 1,
    });
  }

  private withOffset(message: Message, offset: number): Message {
    const formats = this.replica?.tables.formats;
    const format = formats?.get(message.format);
    if (format === undefined) return message;
    const headers: FieldTable = new Map(format.headers(message));
    return format.rewrite(message, {
      headers: headers.set('x-stream-offset', { type: 'long', value: BigInt(offset) }),
    });
  }

  // ---- channels

  private channelFor(pid: Pid<FromQueue>): Channel {
    const known = this.channels.get(pid);
    if (known !== undefined) return known;
    const channel: Channel = { pid, ref: this.context.monitor(pid), parcel: [] };
    this.channels.set(pid, channel);
    return channel;
  }

  /** A channel is done with the stream. */
  leave(pid: AnyPid): void {
    for (const consumer of [...this.consumers.values()]) if (consumer.channel.pid === pid) this.remove(consumer);
    for (const [number, consumer] of [...this.outstanding]) {
      if (consumer.channel.pid === pid) this.outstanding.delete(number);
    }
    this.kept.begins.delete(pid);
    this.settled();
  }

  channelDown(pid: AnyPid): void {
    this.leave(pid);
    this.channels.delete(pid);
    this.kept.batches.delete(pid);
  }

  /** Tells the consumers that are left that the stream is gone. */
  sayGone(): void {
    for (const { id, channel } of this.consumers.values()) {
      this.context.send(channel.pid, { tag: 'consumerGone', queueId: this.record.id, consumerId: id });
    }
    publishDepth(this.context.env.words, this.record.slot, 0, 0);
  }

  /** Sends what the step has decided. */
  private settled(): void {
    for (const channel of this.channels.values()) {
      if (channel.parcel.length === 0) continue;
      const deliveries = channel.parcel;
      channel.parcel = [];
      this.context.send(channel.pid, { tag: 'deliver', queueId: this.record.id, epoch: this.epoch, deliveries });
    }
    this.kept.log.flush();
    publishDepth(this.context.env.words, this.record.slot, this.count, this.outstanding.size);
  }
}
