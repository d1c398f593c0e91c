// A client and its connection in one process without a socket: it drives real channel processes with commands and checks
// what comes back while it comes (B7, B8, B9; the credit of a connection; that nobody else hears of a death, B12).
import { DEFAULT_LIMITS } from '../../../src/broker/index.ts';
import { type Context, type DownMessage, type Effects, pause, receive, TIMEOUT } from '../../../src/process/index.ts';
import {
  type Content,
  type Method,
  type MethodName,
  type MethodOf,
  makeContent,
  NO_PROPERTIES,
} from '../../../src/protocols/amqp091/codec/index.ts';
import type { FromChannel } from '../../../src/protocols/amqp091/envelope.ts';
import { formatReason, type Mfa, type Pid } from '../../../src/term/index.ts';
import { ChannelView } from './channel-view.ts';
import type { ChannelScript, ClientScript, Op } from './script.ts';
import { type Trace, trace } from './trace.ts';

export const CHANNEL: Mfa = {
  module: new URL('../../../src/protocols/amqp091/channel.ts', import.meta.url).href,
  export: 'channel',
};

const VHOST = '/';
const FANOUT = 'both';
const WAIT_MS = 5;

/** The connection is over because one of its channels was killed. */
class ConnectionLost extends Error {}

type Heard = FromChannel | DownMessage | { readonly tag: 'go' };

export class Client {
  readonly context: Context<unknown>;
  readonly script: ClientScript;
  readonly trace: Trace;
  /** By place in the script: the channel open now. */
  readonly views: (ChannelView | null)[];
  private readonly all: ChannelView[] = [];
  private readonly other: ((message: unknown) => void) | null;
  /** Channels that a kill is on its way to. */
  private readonly doomed: ChannelView[] = [];
  private isLost = false;
  private mayGo = 0;
  private consumedBytes = 0;

  /** `other` gets what is not for a client. */
  constructor(context: Context<unknown>, script: ClientScript, other: ((message: unknown) => void) | null = null) {
    this.context = context;
    this.other = other;
    this.script = script;
    this.trace = trace();
    this.views = script.channels.map(() => null);
  }

  // ---- the script

  *run(): Effects<void> {
    for (const op of this.script.ops) {
      const view = yield* this.open(op.ch % this.views.length);
      yield* this.step(view, op);
      if (!op.later) view.flush();
      yield* this.look();
    }
    for (const view of this.openViews()) view.flush();
    // A kill that was sent comes before anybody counts.
    while (this.doomed.some((view) => !view.isOver)) this.heard(yield* receive());
  }

  /** The channel at that place of the script, opened if need be. */
  *open(place: number): Effects<ChannelView> {
    const known = this.views[place];
    if (known !== null) return known;
    const { context, script } = this;
    const number = this.all.length + 1;
    const args = {
      connection: context.self,
      channel: number,
      vhost: VHOST,
      user: 'guest',
      wantsCancelNotify: true,
      consumerTimeoutMs: 1_800_000,
      limits: DEFAULT_LIMITS,
    };
    const placement = script.thread === 0 ? undefined : { placement: { thread: script.thread } };
    const { pid, ref } = context.spawnMonitor<unknown>(CHANNEL, [args], placement);
    const view = new ChannelView(context, `${script.name}.${number}`, pid, ref, script.channels[place]);
    this.views[place] = view;
    this.all.push(view);
    if (this.doomed.length > 0) view.mayEnd();
    yield* this.begin(view, script.channels[place]);
    return view;
  }

  private *begin(view: ChannelView, { confirms, shared }: ChannelScript): Effects<void> {
    if (confirms) yield* this.ask(view, { name: 'confirm.select', nowait: false }, 'confirm.select-ok');
    if (shared > 0) yield* this.qos(view, shared, true);
  }

  private qos(view: ChannelView, prefetchCount: number, global: boolean): Effects<unknown> {
    return this.ask(view, { name: 'basic.qos', prefetchSize: 0, prefetchCount, global }, 'basic.qos-ok');
  }

  private *step(view: ChannelView, op: Op): Effects<void> {
    switch (op.do) {
      case 'publish':
        for (let count = 0; count < op.count; count++) this.publish(view, op.to);
        return;
      case 'consume':
        yield* this.consume(view, op.queue, op.prefetch, op.noAck);
        return;
      case 'cancel': {
        const tag = [...view.consumers.keys()][op.pick];
        if (tag !== undefined) yield* this.cancel(view, tag);
        return;
      }
      case 'get':
        yield* this.get(view, op.queue, op.noAck);
        return;
      case 'settle':
        view.settle(op.pick, op.multiple, op.how);
        return;
      case 'close':
        return yield* this.close(view);
      case 'wait':
        view.flush();
        this.heard(yield* receive(null, { afterMs: WAIT_MS }));
        return;
      case 'kill':
        this.killSoon(view, op.slices);
    }
  }

  /** Declares queues, and an exchange that leads to all of them. */
  *setUp(view: ChannelView, queues: readonly string[]): Effects<void> {
    const flags = { passive: false, durable: false, autoDelete: false, internal: false, nowait: false };
    const exchange = { name: 'exchange.declare', exchange: FANOUT, type: 'fanout', ...flags } as const;
    yield* this.ask(view, { ...exchange, arguments: new Map() }, 'exchange.declare-ok');
    for (const queue of queues) {
      yield* this.declare(view, queue, false);
      const binding = { queue, exchange: FANOUT, routingKey: '', nowait: false, arguments: new Map() };
      yield* this.ask(view, { name: 'queue.bind', ...binding }, 'queue.bind-ok');
    }
  }

  /** The id of what it publishes. */
  publish(view: ChannelView, to: string): string {
    const isFanout = to === FANOUT;
    const id = view.published(isFanout ? ['a', 'b'] : [to]);
    view.command(
      {
        name: 'basic.publish',
        exchange: isFanout ? FANOUT : '',
        routingKey: isFanout ? '' : to,
        mandatory: false,
        immediate: false,
      },
      makeContent(NO_PROPERTIES, new TextEncoder().encode(id)),
    );
    return id;
  }

  *consume(view: ChannelView, queue: string, prefetch: number, noAck: boolean): Effects<string> {
    yield* this.qos(view, prefetch, false);
    const tag = view.newConsumer(queue, prefetch, noAck);
    const wanted = { queue, consumerTag: tag, noLocal: false, noAck, exclusive: false, nowait: false };
    yield* this.ask(view, { name: 'basic.consume', ...wanted, arguments: new Map() }, 'basic.consume-ok');
    return tag;
  }

  *cancel(view: ChannelView, consumerTag: string): Effects<void> {
    yield* this.ask(view, { name: 'basic.cancel', consumerTag, nowait: false }, 'basic.cancel-ok');
    view.cancelled(consumerTag);
  }

  /** False when the queue was empty. */
  *get(view: ChannelView, queue: string, noAck: boolean): Effects<boolean> {
    view.getting(queue, noAck);
    const reply = yield* this.ask(view, { name: 'basic.get', queue, noAck }, 'basic.get-ok', 'basic.get-empty');
    return reply.method.name === 'basic.get-ok';
  }

  /** Ready messages and consumers; asked twice, so that what the queue had sent before has come too. */
  *counts(view: ChannelView, queue: string): Effects<MethodOf<'queue.declare-ok'>> {
    yield* this.declare(view, queue, true);
    return yield* this.declare(view, queue, true);
  }

  *declare(view: ChannelView, queue: string, passive: boolean): Effects<MethodOf<'queue.declare-ok'>> {
    const flags = { passive, durable: false, exclusive: false, autoDelete: false, nowait: false };
    const wanted = { name: 'queue.declare', queue, ...flags, arguments: new Map() } as const;
    return (yield* this.ask(view, wanted, 'queue.declare-ok')).method as MethodOf<'queue.declare-ok'>;
  }

  *close(view: ChannelView): Effects<void> {
    view.command({ name: 'channel.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
    view.closing();
    view.flush();
    while (!view.isOver) this.heard(yield* receive());
  }

  private killSoon(view: ChannelView, slices: number): void {
    this.trace.killedChannels.add(view.key);
    this.trace.lostChannels.add(view.key);
    this.doomed.push(view);
    for (const each of this.openViews()) each.mayEnd();
    this.context.spawn(assassin, [view.pid, slices]);
  }

  // ---- hearing

  /** Sends the method and waits for its answer; other things that come meanwhile are taken as they come. */
  *ask(
    view: ChannelView,
    method: Method,
    ...expected: readonly MethodName[]
  ): Effects<{ readonly method: Method; readonly content: Content | null }> {
    view.command(method);
    view.flush();
    for (;;) {
      const reply = view.replies.shift();
      if (reply !== undefined) {
        if (expected.includes(reply.method.name)) return reply;
        throw new Error(`${view.key} answered ${method.name} with ${JSON.stringify(reply.method)}`);
      }
      this.heard(yield* receive());
    }
  }

  /** Takes what has come. */
  *look(): Effects<void> {
    for (;;) {
      const message = yield* receive(null, { afterMs: 0 });
      if (message === TIMEOUT) return;
      this.heard(message);
    }
  }

  heard(message: unknown): void {
    if (message === TIMEOUT) return;
    const heard = message as Heard;
    if (this.other !== null && !this.isOwn(heard)) {
      this.other(message);
      return;
    }
    switch (heard.tag) {
      case 'go':
        this.mayGo++;
        return;
      case 'DOWN':
        this.down(heard);
        return;
      case 'consumed':
        this.consumedBytes += heard.bytes;
        return;
      case 'hardError':
        throw new Error(`a hard error: ${heard.cause.text}`);
      default:
        this.all[heard.channel - 1].heard(heard);
    }
  }

  private isOwn(heard: Heard): boolean {
    if (heard.tag === 'DOWN') return this.all.some(({ ref }) => ref === heard.ref);
    return 'channel' in heard || heard.tag === 'consumed' || heard.tag === 'hardError';
  }

  private down({ ref, reason }: DownMessage): void {
    const view = this.all.find((each) => each.ref === ref);
    if (view === undefined) throw new Error(`heard of the end of somebody else: ${formatReason(reason)}`);
    view.isOver = true;
    this.views[this.views.indexOf(view)] = null;
    if (reason === 'normal') {
      if (!view.isClosing && !this.isLost) throw new Error(`${view.key} ended by itself`);
      return;
    }
    if (reason !== 'killed' || !this.trace.killedChannels.has(view.key)) {
      throw new Error(`${view.key} ended: ${formatReason(reason)}`);
    }
    // What a connection does with 541: all its channels go.
    if (!this.isLost) {
      this.isLost = true;
      throw new ConnectionLost();
    }
  }

  /** Lets the channels go that a lost connection has left, as the connection does. */
  *lose(): Effects<void> {
    for (const view of this.openViews()) {
      this.trace.lostChannels.add(view.key);
      view.mayEnd();
      this.context.send(view.pid, { tag: 'release' });
    }
    while (this.openViews().length > 0) this.heard(yield* receive());
  }

  // ---- the end, in steps that all clients take together

  openViews(): readonly ChannelView[] {
    return this.views.filter((view) => view !== null && !view.isOver) as ChannelView[];
  }

  *awaitGo(): Effects<void> {
    while (this.mayGo === 0) this.heard(yield* receive());
    this.mayGo--;
  }

  /** Everything that was sent has been done, everything that was published in confirm mode is answered. */
  *calm(): Effects<void> {
    for (const view of this.openViews()) {
      for (const queue of view.queues) yield* this.counts(view, queue);
      while (view.unanswered.size > 0) this.heard(yield* receive());
    }
  }

  *closeAll(): Effects<void> {
    for (const view of this.openViews()) {
      for (const [tag, consumer] of [...view.consumers]) if (consumer.noAck) yield* this.cancel(view, tag);
      yield* this.close(view);
    }
    const sentBytes = this.all.reduce((sum, view) => sum + view.sentBytes, 0);
    if (!this.isLost && this.consumedBytes !== sentBytes) {
      throw new Error(`${this.consumedBytes} bytes of credit came back of ${sentBytes}`);
    }
  }
}

function* assassin(context: Context<unknown>, pid: Pid<unknown>, slices: number): Effects<void> {
  for (let slice = 0; slice < slices; slice++) yield* pause();
  context.exit(pid, 'kill');
}

/** Consumers by queue that a client has when all is calm. */
export interface CalmReport {
  readonly tag: 'calm';
  readonly consumers: readonly { readonly queue: string; readonly isUnlimited: boolean }[];
}

/** The process of a client: runs its script, comes to rest with the others, and closes. */
export function* simClient(context: Context<unknown>, script: ClientScript, boss: Pid<unknown>): Effects<void> {
  const client = new Client(context, script);
  yield* survive(client, client.run());
  context.send(boss, { tag: 'done' });
  yield* survive(client, client.awaitGo());
  yield* survive(client, client.calm());
  const consumers = client.openViews().flatMap((view) => view.consumerReport());
  context.send(boss, { tag: 'calm', consumers } satisfies CalmReport);
  yield* survive(client, client.awaitGo());
  yield* survive(client, client.closeAll());
  context.send(boss, { tag: 'closed' });
}

/** Does `what`; a connection that is lost on the way does nothing any more. */
function* survive(client: Client, what: Effects<void>): Effects<void> {
  try {
    yield* what;
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
    yield* client.lose();
  }
}
