// The publishing side of a channel (digest 7 "publish", 8): checks in RabbitMQ's order, routing by the thread's replica,
// one batch per queue, confirms, and the bytes owed to the connection (DESIGN decision 16).
import {
  bodyLength,
  Confirms,
  delayed,
  type FromQueue,
  type Message,
  noExchange,
  routeMessage,
} from '../../broker/index.ts';
import type { Channel } from './channel.ts';
import { CloseSignal, closeChannel, closeConnection } from './close-signal.ts';
import { type Content, type MethodOf, peekProperties } from './codec/index.ts';
import type { ConfirmRange } from './envelope.ts';
import { UNTAKEN_BYTES_MAX, UNTAKEN_MESSAGES_MAX } from './limits.ts';
import { checkHeaders, messageOf, withReplyAddress } from './publish-checks.ts';
import type { Batch } from './queue-peers.ts';
import { isReplyAddress, replyDirectly } from './reply-to.ts';

export class ChannelPublisher {
  private readonly channel: Channel;
  private readonly confirms = new Confirms();
  /** Bytes of commands whose credit the connection has not got back. */
  private owedBytes = 0;
  /** Messages sent to queues that have not said that they are safe, and the bytes of their bodies. */
  private untaken = 0;
  /** In the queue that has taken something last messages wait. */
  private isBehind = false;
  private untakenBytes = 0;
  private isOver = false;
  private transaction: { readonly message: Message; readonly mandatory: boolean }[] = [];

  constructor(channel: Channel) {
    this.channel = channel;
  }

  publish(method: MethodOf<'basic.publish'>, content: Content): void {
    const { channel } = this;
    const { vhost } = channel.args;
    if (method.immediate) closeConnection(540, 'immediate=true');
    channel.access.checkPublish(method.exchange);
    const exchange = channel.replica.tables.exchange(vhost, method.exchange);
    if (exchange === undefined) throw new CloseSignal(noExchange(vhost, method.exchange));
    if (exchange.internal) {
      closeChannel(403, `cannot publish to internal exchange '${exchange.name}' in vhost '${vhost}'`);
    }
    if (exchange.type === 'topic') channel.access.checkTopic(exchange.name, method.routingKey);
    const summary = peekProperties(content.bytes, 0, content.propertiesEnd);
    checkHeaders(content, summary, channel.args.limits.headers);
    const addressed = withReplyAddress(channel, content, summary);
    if (summary.userId !== undefined) channel.access.checkUserId(summary.userId);
    const published = messageOf(method, addressed, summary);
    const message =
      exchange.type === 'x-delayed-message' ? delayed(published, channel.replica.tables.formats) : published;
    if (channel.mode === 'tx') this.transaction.push({ message, mandatory: method.mandatory });
    else this.route(message, method.mandatory);
  }

  private route(message: Message, mandatory: boolean): void {
    const { channel } = this;
    if (message.exchange === '' && isReplyAddress(message.routingKey)) {
      this.routeReply(message, mandatory);
      return;
    }
    const queues = routeMessage(channel.replica.tables, channel.args.vhost, message);
    if (queues.length === 0 && mandatory) this.giveBack(message);
    const seq = channel.mode === 'confirm' ? this.confirms.expect(queues.length) : 0;
    for (const queueId of queues) {
      if (!this.hand(queueId, message, seq) && seq !== 0) this.confirms.settle(seq, true);
    }
  }

  private hand(queueId: number, message: Message, seq: number): boolean {
    if (!this.channel.peers.add(queueId, message, seq)) return false;
    this.untaken++;
    this.untakenBytes += bodyLength(message);
    return true;
  }

  /** Publishes what a history has kept, where `queuesFor` says; nobody waits for confirms of it. */
  replay(messages: readonly Message[], queuesFor: (message: Message) => readonly number[]): void {
    const { peers } = this.channel;
    // A batch has a confirm number for each of its Messages or for none.
    peers.sendPending();
    for (const message of messages) for (const queueId of queuesFor(message)) this.hand(queueId, message, 0);
    peers.sendPending();
  }

  private routeReply(message: Message, mandatory: boolean): void {
    if (!replyDirectly(this.channel, message) && mandatory) this.giveBack(message);
    if (this.channel.mode === 'confirm') this.confirms.expect(0);
  }

  private giveBack(message: Message): void {
    const { exchange, routingKey } = message;
    this.channel.output.reply(
      { name: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey },
      message,
    );
  }

  // ---- transactions

  commit(): void {
    const { transaction } = this;
    this.transaction = [];
    for (const { message, mandatory } of transaction) this.route(message, mandatory);
  }

  rollback(): void {
    this.transaction = [];
  }

  // ---- confirms

  taken(message: Extract<FromQueue, { tag: 'taken' }>): void {
    this.channel.peers.hearTaken(message);
    this.isBehind = message.isBehind;
    this.repay();
    this.channel.output.confirms(this.takeConfirms());
  }

  /** A batch is over: all taken (`null`), all refused, or refused at some places. */
  settled({ messages, seqs }: Batch, refused: readonly number[] | 'all' | null): void {
    this.untaken -= messages.length;
    for (const message of messages) this.untakenBytes -= bodyLength(message);
    if (seqs === null) return;
    if (refused === null) for (const seq of seqs) this.confirms.settle(seq, true);
    else if (refused === 'all') for (const seq of seqs) this.confirms.settle(seq, false);
    else for (let place = 0; place < seqs.length; place++) this.confirms.settle(seqs[place], !refused.includes(place));
  }

  takeConfirms(): readonly ConfirmRange[] {
    return this.confirms.take();
  }

  // ---- credit

  /** So many bytes of commands have been received. */
  owe(bytes: number): void {
    this.owedBytes += bytes;
  }

  /** Gives the connection its credit back unless too much waits in queues. */
  repay(): void {
    const isWithinBounds = this.untaken <= UNTAKEN_MESSAGES_MAX && this.untakenBytes <= UNTAKEN_BYTES_MAX;
    if (isWithinBounds || this.isOver) this.repayAll();
  }

  /** Nothing is published any more, so that nothing is worth waiting for. */
  stop(): void {
    this.isOver = true;
    this.repayAll();
  }

  repayAll(): void {
    if (this.owedBytes === 0) return;
    this.channel.output.consumed(this.owedBytes, this.isBehind);
    this.owedBytes = 0;
  }
}
