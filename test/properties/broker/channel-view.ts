// One channel as its client sees it: what was published and is not confirmed, what was delivered and is not settled, and
// the rules that hold at every moment (B7 tags count up, B8 prefetch is kept, B9 each publish is answered once).
import type { Context } from '../../../src/process/index.ts';
import { bodyOf, type Content, type Method, type MethodOf } from '../../../src/protocols/amqp091/codec/index.ts';
import type {
  Command,
  ConfirmRange,
  FromChannel,
  OutgoingDelivery,
  Reply,
} from '../../../src/protocols/amqp091/envelope.ts';
import type { Pid, Ref } from '../../../src/term/index.ts';
import type { ChannelScript } from './script.ts';
import { type Settled, trace } from './trace.ts';

interface ConsumerView {
  readonly queue: string;
  readonly prefetch: number;
  readonly noAck: boolean;
  /** Deliveries not settled. */
  held: number;
}

interface HeldView {
  readonly queue: string;
  readonly id: string;
  readonly consumer: ConsumerView | null;
}

const text = new TextDecoder();

export class ChannelView {
  readonly pid: Pid<unknown>;
  readonly ref: Ref;
  /** Unique in the run; ids of its messages begin with it. */
  readonly key: string;
  readonly replies: Reply[] = [];
  readonly consumers = new Map<string, ConsumerView>();
  /** Publishes in confirm mode without an answer: sequence number to the queues it goes to. */
  readonly unanswered = new Map<number, { readonly id: string; readonly queues: readonly string[] }>();
  /** Queues that it has had to do with. */
  readonly queues = new Set<string>();
  /** What its commands count for in the connection's credit. */
  sentBytes = 0;
  isClosing = false;
  isOver = false;
  private isDoomed = false;
  private readonly context: Context<unknown>;
  private readonly script: ChannelScript;
  private readonly held = new Map<number, HeldView>();
  private readonly returns = new Set<string>();
  private readonly gets: { readonly queue: string; readonly noAck: boolean }[] = [];
  private commands: Command[] = [];
  private publishes = 0;
  private lastTag = 0;
  private lastConsumer = 0;

  constructor(context: Context<unknown>, key: string, pid: Pid<unknown>, ref: Ref, script: ChannelScript) {
    this.context = context;
    this.key = key;
    this.pid = pid;
    this.ref = ref;
    this.script = script;
  }

  // ---- saying

  command(method: Method, content: Content | null = null): void {
    this.commands.push({ method, content });
  }

  flush(): void {
    if (this.commands.length === 0) return;
    const { commands } = this;
    this.commands = [];
    if (this.isOver) return;
    this.sentBytes += commands.length;
    this.context.send(this.pid, { tag: 'commands', commands, bytes: commands.length });
  }

  /** The id of a new Message for these queues. */
  published(queues: readonly string[]): string {
    const seq = ++this.publishes;
    const id = `${this.key}-${seq}`;
    for (const queue of queues) {
      this.queues.add(queue);
      trace().publish(this.key, queue, id);
    }
    if (this.script.confirms) this.unanswered.set(seq, { id, queues });
    return id;
  }

  newConsumer(queue: string, prefetch: number, noAck: boolean): string {
    const tag = `${this.key}-c${++this.lastConsumer}`;
    this.consumers.set(tag, { queue, prefetch, noAck, held: 0 });
    this.used(queue, noAck);
    return tag;
  }

  /** The channel takes from the queue: when it ends, something may come back, or be lost on the way. */
  used(queue: string, noAck: boolean): void {
    this.queues.add(queue);
    this.returns.add(queue);
    if (!this.isDoomed) return;
    trace().returning.add(queue);
    if (noAck) trace().lossy.add(`${this.key} ${queue}`);
  }

  /** A basic.get is asked for; its answer counts when it comes, whoever still waits for it. */
  getting(queue: string, noAck: boolean): void {
    this.used(queue, noAck);
    this.gets.push({ queue, noAck });
  }

  cancelled(tag: string): void {
    const consumer = this.consumers.get(tag);
    this.consumers.delete(tag);
    // What waited for room under the shared limit goes back unseen.
    if (consumer !== undefined && this.script.shared > 0) trace().returning.add(consumer.queue);
  }

  closing(): void {
    this.isClosing = true;
    this.mayEnd();
  }

  /** From now on its end may come at any moment. */
  mayEnd(): void {
    this.isDoomed = true;
    const { returning, lossy } = trace();
    for (const queue of this.returns) returning.add(queue);
    for (const { queue, noAck } of this.consumers.values()) if (noAck) lossy.add(`${this.key} ${queue}`);
  }

  /** Deliveries that are not settled, by tag, the oldest first. */
  get heldTags(): readonly number[] {
    return [...this.held.keys()];
  }

  settle(pick: number, multiple: boolean, how: Settled['how']): void {
    const tags = [...this.held.keys()];
    if (tags.length === 0) return;
    const tag = tags[pick % tags.length];
    if (how === 'acked') this.command({ name: 'basic.ack', deliveryTag: tag, multiple });
    else this.command({ name: 'basic.nack', deliveryTag: tag, multiple, requeue: how === 'requeued' });
    for (const each of multiple ? tags.filter((other) => other <= tag) : [tag]) this.release(each, how);
  }

  private release(tag: number, how: Settled['how']): void {
    const { queue, id, consumer } = this.held.get(tag) as HeldView;
    this.held.delete(tag);
    if (consumer !== null) consumer.held--;
    trace().settled.push({ queue, id, channel: this.key, how });
  }

  // ---- hearing

  heard(message: Exclude<FromChannel, { tag: 'consumed' | 'hardError' }>): void {
    switch (message.tag) {
      case 'replies':
        this.replied(message.replies);
        return;
      case 'deliveries':
        for (const delivery of message.deliveries) this.delivered(delivery);
        this.context.send(this.pid, { tag: 'written', deliveries: message.deliveries.length });
        return;
      case 'confirms':
        for (const range of message.confirms) this.answered(range);
        return;
      case 'ended':
        if (!this.isClosing) throw new Error(`${this.key} was closed by itself`);
    }
  }

  private replied(replies: readonly Reply[]): void {
    for (const reply of replies) {
      if (reply.method.name === 'channel.close') throw new Error(`${this.key} was closed: ${reply.method.replyText}`);
      if (reply.method.name === 'basic.cancel')
        throw new Error(`${this.key} lost consumer ${reply.method.consumerTag}`);
      if (reply.method.name === 'basic.get-ok') this.got(reply.method, reply.content as Content);
      else if (reply.method.name === 'basic.get-empty') this.gets.shift();
      this.replies.push(reply);
    }
  }

  private delivered({ consumerTag, deliveryTag, redelivered, message }: OutgoingDelivery): void {
    const consumer = this.consumers.get(consumerTag);
    if (consumer === undefined) throw new Error(`a delivery for the unknown consumer ${consumerTag}`);
    const { queue, noAck } = consumer;
    this.take(deliveryTag, { queue, id: text.decode(bodyOf(message)), consumer }, redelivered, noAck, consumerTag);
    if (!noAck) this.checkPrefetch(consumerTag, consumer);
  }

  private got(method: MethodOf<'basic.get-ok'>, content: Content): void {
    const { queue, noAck } = this.gets.shift() as (typeof this.gets)[number];
    const held = { queue, id: text.decode(bodyOf(content)), consumer: null };
    this.take(method.deliveryTag, held, method.redelivered, noAck, null);
  }

  private take(tag: number, held: HeldView, redelivered: boolean, noAck: boolean, consumer: string | null): void {
    if (tag !== this.lastTag + 1) throw new Error(`B7 ${this.key} delivered tag ${tag} after ${this.lastTag}`);
    this.lastTag = tag;
    trace().given.push({ queue: held.queue, id: held.id, redelivered, noAck, channel: this.key, consumer });
    if (noAck) return;
    this.held.set(tag, held);
    if (held.consumer !== null) held.consumer.held++;
  }

  /** What a dead actor has delivered no longer counts, but the client cannot tell it from the rest. */
  private checkPrefetch(tag: string, { queue, prefetch, held }: ConsumerView): void {
    const most = prefetch * (1 + trace().kills(queue));
    if (prefetch > 0 && held > most) throw new Error(`B8 ${tag} holds ${held}, not ${most}`);
    const { shared } = this.script;
    const shareMost = shared * (1 + trace().kills());
    const all = [...this.held.values()].filter(({ consumer }) => consumer !== null).length;
    if (shared > 0 && all > shareMost) throw new Error(`B8 ${this.key} holds ${all}, not ${shareMost}`);
  }

  private answered({ deliveryTag, multiple, isAck }: ConfirmRange): void {
    if (!isAck) throw new Error(`B9 ${this.key} refused ${deliveryTag}`);
    const tags = multiple ? [...this.unanswered.keys()].filter((tag) => tag <= deliveryTag) : [deliveryTag];
    if (tags.length === 0) throw new Error(`B9 ${this.key} answered up to ${deliveryTag} again`);
    for (const tag of tags) {
      const publish = this.unanswered.get(tag);
      if (publish === undefined) throw new Error(`B9 ${this.key} answered ${tag}, which waits for no answer`);
      this.unanswered.delete(tag);
      for (const queue of publish.queues) {
        if (!trace().hasArrived(queue, publish.id))
          throw new Error(`B9 ${publish.id} is confirmed before ${queue} has it`);
      }
    }
  }

  consumerReport(): readonly { readonly queue: string; readonly isUnlimited: boolean }[] {
    return [...this.consumers.values()].map(({ queue, prefetch, noAck }) => ({
      queue,
      isUnlimited: this.script.shared === 0 && (prefetch === 0 || noAck),
    }));
  }
}
