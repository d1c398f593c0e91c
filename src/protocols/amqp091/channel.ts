// One AMQP 0-9-1 channel (digest 4 to 8) as a process of its own: publishes are routed here and go to queues in batches,
// deliveries get their tags here, and every method is answered in order. A crash of it costs its connection and nothing
// else (DESIGN decision 11). The work is in channel-*.ts; this file decides what runs when.
import { type ReplyOf, type ServerPid, tryCall } from '../../behaviours/index.ts';
import {
  awaitReplica,
  type BrokerLimits,
  catchUp,
  type FromQueue,
  isBehind,
  noQueue,
  type PlaceNotice,
  type QueueCall,
  type QueueRecord,
  type Replica,
} from '../../broker/index.ts';
import {
  type Context,
  type DownMessage,
  type Effects,
  type Handler,
  isDown,
  receive,
  TIMEOUT,
  type TimeoutMessage,
} from '../../process/index.ts';
import type { Pid, Ref } from '../../term/index.ts';
import { ChannelAccess } from './channel-access.ts';
import { ChannelConsumers } from './channel-consumers.ts';
import { isWaiting, runMethod, runNow } from './channel-methods.ts';
import { ChannelOutput } from './channel-output.ts';
import { ChannelPublisher } from './channel-publisher.ts';
import { CloseSignal, closeSignalOf } from './close-signal.ts';
import { type Content, type Method, type ReplyCode, replyText } from './codec/index.ts';
import { ConsumerRecheck } from './consumer-recheck.ts';
import type { Command, FromChannel, ToChannel } from './envelope.ts';
import { type QueuePeer, QueuePeers } from './queue-peers.ts';
import type { DirectReply } from './reply-to.ts';

/** What a channel is started with. */
export interface ChannelArgs {
  readonly connection: Pid<FromChannel>;
  readonly channel: number;
  readonly vhost: string;
  readonly user: string;
  /** The client understands basic.cancel from the server. */
  readonly wantsCancelNotify: boolean;
  /** Default of a delivery's acknowledgement timeout; Infinity for none. */
  readonly consumerTimeoutMs: number;
  readonly limits: BrokerLimits;
}

export type ChannelMessage = ToChannel | FromQueue | PlaceNotice | DirectReply | DownMessage | TimeoutMessage;

/** The process body of a channel. */
export const channel: Handler<Channel, ChannelMessage, [ChannelArgs]> = {
  label: 'amqp channel',
  *init(context, args) {
    return new Channel(context, args, yield* awaitReplica(context));
  },
  handle: (state, message) => state.handle(message),
};

export class Channel {
  readonly context: Context<ChannelMessage>;
  readonly args: ChannelArgs;
  readonly replica: Replica;
  readonly access: ChannelAccess;
  readonly output: ChannelOutput;
  readonly peers: QueuePeers;
  readonly publisher: ChannelPublisher;
  readonly consumers: ChannelConsumers;
  readonly recheck: ConsumerRecheck;
  /** The queue that an empty name means; null before the first declaration. */
  lastQueue: string | null = null;
  mode: 'plain' | 'confirm' | 'tx' = 'plain';
  private phase: 'open' | 'closing' | 'ended' = 'open';

  constructor(context: Context<ChannelMessage>, args: ChannelArgs, replica: Replica) {
    this.context = context;
    this.args = args;
    this.replica = replica;
    this.access = new ChannelAccess(this);
    this.output = new ChannelOutput(context, args);
    this.peers = new QueuePeers(this);
    this.publisher = new ChannelPublisher(this);
    this.consumers = new ChannelConsumers(this);
    this.recheck = new ConsumerRecheck(this);
  }

  handle(message: ChannelMessage): this {
    if (this.phase !== 'open' && message.tag !== 'commands' && message.tag !== 'release')
      return this.afterClose(message);
    switch (message.tag) {
      case 'commands':
        return this.onCommands(message.commands, message.bytes);
      case 'deliver':
        this.consumers.deliver(message);
        break;
      case 'taken':
        this.publisher.taken(message);
        break;
      case 'written':
        this.consumers.credit.written(message.deliveries);
        return this;
      case 'consumerGone':
        this.consumers.gone(message);
        break;
      case 'place':
        if (message.place !== null) return this.context.perform(this.reattach(message));
        this.peers.gone(message.queueId);
        this.tellSettled();
        break;
      case 'DOWN':
        this.peers.down(message);
        this.tellSettled();
        break;
      case 'directReply':
        this.consumers.deliverReply(message.message);
        break;
      case 'timeout':
        this.onTimer(message.ref);
        break;
      case 'release':
        return this.context.perform(this.release());
    }
    this.output.flush();
    return this;
  }

  /** A closing channel writes nothing any more, but queues still get everything that was published before. */
  private afterClose(message: ChannelMessage): this {
    if (message.tag === 'DOWN') this.peers.down(message);
    else if (message.tag === 'taken') this.peers.hearTaken(message);
    else if (message.tag === 'place') {
      if (message.place !== null) return this.context.perform(this.reattachToLeave(message));
      this.peers.gone(message.queueId);
    }
    return this.endWhenTaken();
  }

  private *reattachToLeave(notice: PlaceNotice): Effects<this> {
    yield* this.peers.reattach(notice);
    return this.endWhenTaken();
  }

  // ---- commands

  private onCommands(commands: readonly Command[], bytes: number): this {
    this.publisher.owe(bytes);
    // A thread may have declared or bound something before these commands were sent: know it before routing by it.
    if (isBehind(this.context, this.replica)) return this.context.perform(this.runFrom(commands, 0, true));
    const stopped = this.runSome(commands, 0);
    if (stopped < commands.length) return this.context.perform(this.runFrom(commands, stopped, false));
    this.endBatch();
    return this;
  }

  /** Runs what needs no waiting; returns the index of the first command that does. */
  private runSome(commands: readonly Command[], from: number): number {
    let index = from;
    for (; index < commands.length; index++) {
      const command = commands[index];
      if (this.phase !== 'open') this.whileClosing(command);
      else if (command.method !== null && isWaiting(command.method)) break;
      else this.guard(command.method, () => this.runCommand(command));
    }
    return index;
  }

  private runCommand(command: Command): void {
    if (command.method === null) {
      const { code, text, classId, methodId } = command.cause;
      this.closeSoft(code, text, classId, methodId);
    } else if (command.method.name === 'basic.publish') {
      this.publisher.publish(command.method, command.content as Content);
    } else runNow(this, command.method);
  }

  private *runFrom(commands: readonly Command[], from: number, mustCatchUp: boolean): Effects<this> {
    if (mustCatchUp) yield* catchUp(this.context, this.replica);
    for (let index = this.runSome(commands, from); index < commands.length; index = this.runSome(commands, index)) {
      const method = commands[index].method as Method;
      // What was published and settled before is ordered before what the queue is now asked.
      this.peers.sendPending();
      this.consumers.sendSettlements();
      try {
        yield* runMethod(this, method);
        if (isBehind(this.context, this.replica)) yield* catchUp(this.context, this.replica);
      } catch (error) {
        this.onSignal(closeSignalOf(error), method);
      }
      index++;
    }
    this.endBatch();
    return this;
  }

  private endBatch(): void {
    this.peers.sendPending();
    this.consumers.sendSettlements();
    this.publisher.repay();
    this.output.flush();
    this.output.confirms(this.publisher.takeConfirms());
  }

  /** A queue's death or return may have settled publishes while nothing else happens here that would tell of it. */
  private tellSettled(): void {
    this.publisher.repay();
    this.output.confirms(this.publisher.takeConfirms());
  }

  private guard(method: Method | null, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.onSignal(closeSignalOf(error), method);
    }
  }

  // ---- asking queues

  /** Asks a queue, by record. Ends the channel with 404 when the queue is gone. */
  *askQueue<const Q extends QueueCall>(record: QueueRecord, request: Q): Effects<ReplyOf<QueueCall, Q>> {
    return yield* this.ask(this.peers.of(record), request);
  }

  /** Asks a queue; while its actor is down, waits for the next one. */
  *ask<const Q extends QueueCall>(peer: QueuePeer, request: Q): Effects<ReplyOf<QueueCall, Q>> {
    for (;;) {
      if (peer.isUp) {
        const outcome = yield* tryCall(peer.pid as ServerPid<QueueCall>, request as never, Number.POSITIVE_INFINITY);
        if (outcome.ok) return outcome.value as ReplyOf<QueueCall, Q>;
      }
      const { ref } = peer;
      const isNews = (message: unknown): message is PlaceNotice | DownMessage =>
        isDown(message, ref) ||
        ((message as PlaceNotice).tag === 'place' && (message as PlaceNotice).queueId === peer.record.id);
      const news = yield* receive(isNews);
      if (news.tag === 'DOWN') {
        yield* this.hearOut(peer);
        this.peers.down(news);
      } else if (news.place !== null) yield* this.peers.reattach(news);
      else {
        this.peers.gone(peer.record.id);
        throw new CloseSignal(noQueue(peer.record.vhost, peer.record.name));
      }
    }
  }

  /** What an actor said before its death was said before the news of it, which has been picked out of turn. */
  private *hearOut({ record }: QueuePeer): Effects<void> {
    const isLast = (message: unknown): message is FromQueue =>
      (message as FromQueue).queueId === record.id && (message as FromQueue | PlaceNotice).tag !== 'place';
    for (;;) {
      const last = yield* receive(isLast, { afterMs: 0 });
      if (last === TIMEOUT) return;
      if (last.tag === 'deliver') this.consumers.deliver(last);
      else if (last.tag === 'taken') this.publisher.taken(last);
      else this.consumers.gone(last);
    }
  }

  /** Waits until the queues have everything that was published. */
  *settleAll(): Effects<void> {
    this.consumers.sendSettlements();
    for (const peer of this.peers.untaken()) yield* this.ask(peer, { tag: 'counts', isUse: false });
  }

  /** Waits until this thread knows what the metadata has done. */
  caughtUp(): Effects<void> {
    return catchUp(this.context, this.replica);
  }

  private onTimer(ref: Ref): void {
    let isRecheck = false;
    this.guard(null, () => {
      isRecheck = this.recheck.tick(ref);
    });
    if (isRecheck || this.phase !== 'open') return;
    const overdueMs = this.consumers.overdueAt(ref);
    if (overdueMs === null) return;
    const text =
      `delivery acknowledgement on channel ${this.args.channel} timed out. Timeout value used: ${overdueMs} ms. ` +
      'This timeout value can be configured, see consumers doc guide to learn more';
    this.closeSoft(406, text, 0, 0);
  }

  // ---- closing

  private onSignal(signal: CloseSignal, method: Method | null): void {
    const ids = signal.idsFor(method);
    if (signal.scope === 'channel') this.closeSoft(signal.code, signal.text, ids.classId, ids.methodId);
    else {
      this.phase = 'closing';
      this.output.flush();
      this.context.send(this.args.connection, {
        tag: 'hardError',
        cause: { code: signal.code, text: signal.text, ...ids },
      });
    }
  }

  /** Sends channel.close; from now on everything is ignored until close-ok (digest 4). */
  private closeSoft(code: number, text: string, classId: number, methodId: number): void {
    this.phase = 'closing';
    // What was published before the breach counts; what is unacknowledged goes back at once.
    this.peers.sendPending();
    this.consumers.sendSettlements();
    this.peers.leaveAllSoon();
    this.publisher.stop();
    this.output.confirms(this.publisher.takeConfirms());
    const text255 = replyText(code as ReplyCode, text);
    this.output.reply({ name: 'channel.close', replyCode: code, replyText: text255, classId, methodId });
  }

  private whileClosing({ method }: Command): void {
    if (method === null || this.phase === 'ended') return;
    if (method.name === 'channel.close') this.output.reply({ name: 'channel.close-ok' });
    else if (method.name === 'channel.close-ok') this.end();
  }

  /** The client's channel.close: queues have everything that was published, and everything back, before close-ok. */
  *close(): Effects<void> {
    yield* this.handOver();
    this.output.reply({ name: 'channel.close-ok' });
    this.end();
  }

  private end(): void {
    this.phase = 'ended';
    this.publisher.stop();
    this.output.end();
    // The connection may end before a queue's next actor is there; its supervisor gives this channel its time.
    this.context.trapExit(true);
    this.endWhenTaken();
  }

  private endWhenTaken(): this {
    if (this.phase === 'ended' && this.peers.untaken().length === 0) this.context.exit('normal');
    return this;
  }

  /** The connection closes: give everything back, then end. */
  private *release(): Effects<this> {
    yield* this.handOver();
    return this.context.exit('normal');
  }

  private *handOver(): Effects<void> {
    this.peers.sendPending();
    this.consumers.sendSettlements();
    yield* this.peers.leaveAll();
    // A queue whose actor has died gets the rest when it is back; one that is gone wants nothing any more.
    for (const peer of this.peers.untaken()) {
      try {
        yield* this.ask(peer, { tag: 'counts', isUse: false });
      } catch (error) {
        closeSignalOf(error);
      }
    }
  }

  /** A queue's actor is back: what it had not taken is sent again, its consumers are attached again, in order. */
  private *reattach(notice: PlaceNotice): Effects<this> {
    yield* this.peers.reattach(notice);
    this.output.flush();
    this.tellSettled();
    return this;
  }
}
