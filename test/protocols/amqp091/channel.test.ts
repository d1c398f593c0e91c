// A channel as a process between a connection that the test plays and real queues, on virtual time: what holds when a
// queue's actor dies at a bad moment, and what must not pile up or be kept back. DESIGN decisions 12 and 16, digest 7, 9.
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/broker/index.ts';
import { type Context, type Effects, receive, sleep, TIMEOUT } from '../../../src/process/index.ts';
import { channel } from '../../../src/protocols/amqp091/channel.ts';
import type { Content, Method, MethodName, MethodOf } from '../../../src/protocols/amqp091/codec/index.ts';
import { makeContent } from '../../../src/protocols/amqp091/codec/index.ts';
import type { Command, FromChannel, ToChannel } from '../../../src/protocols/amqp091/envelope.ts';
import { UNTAKEN_BYTES_MAX } from '../../../src/protocols/amqp091/limits.ts';
import type { AnyPid, Pid } from '../../../src/term/index.ts';
import { table } from '../../broker/messages.ts';
import { type BrokerTools, playBroker, queue, value } from '../../broker/metadata/broker-engine.ts';

const PLAIN = new Uint8Array(2);

function open({ context }: BrokerTools, wantsCancelNotify = true): Pid<ToChannel> {
  const args = {
    connection: context.self as never,
    channel: 1,
    vhost: '/',
    user: 'guest',
    wantsCancelNotify,
    consumerTimeoutMs: 5_000,
    limits: DEFAULT_LIMITS,
  };
  return context.spawn(channel as never, [args] as never) as AnyPid as Pid<ToChannel>;
}

function command<N extends MethodName>(
  name: N,
  rest: Omit<MethodOf<N>, 'name'>,
  content: Content | null = null,
): Command {
  return { method: { name, ...rest } as unknown as Method, content };
}

const consume = (name: string, tag: string) =>
  command('basic.consume', {
    queue: name,
    consumerTag: tag,
    noLocal: false,
    noAck: true,
    exclusive: false,
    nowait: false,
    arguments: new Map(),
  });
const cancel = (tag: string) => command('basic.cancel', { consumerTag: tag, nowait: false });
const purge = (name: string) => command('queue.purge', { queue: name, nowait: false });
const confirms = command('confirm.select', { nowait: false });
function publish(routingKey: string, body: string | Uint8Array): Command {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const method = { exchange: '', routingKey, mandatory: false, immediate: false };
  return command('basic.publish', method, makeContent(PLAIN, bytes));
}

const isOurs = (message: unknown): message is FromChannel =>
  ['replies', 'deliveries', 'confirms', 'consumed', 'ended', 'hardError'].includes((message as FromChannel).tag);

/** What the channel has told its connection once everything is at rest. */
function* heard(): Effects<FromChannel[]> {
  yield* sleep(10);
  const all: FromChannel[] = [];
  for (;;) {
    const next = yield* receive(isOurs, { afterMs: 0 });
    if (next === TIMEOUT) return all;
    all.push(next);
  }
}

const repliesIn = (all: readonly FromChannel[]) =>
  all.flatMap((each) => (each.tag === 'replies' ? each.replies.map(({ method }) => method.name) : []));
const bodiesIn = (all: readonly FromChannel[]) =>
  all.flatMap((each) =>
    each.tag === 'deliveries'
      ? each.deliveries.map(({ message }) => new TextDecoder().decode(message.bytes.subarray(message.bodyAt)))
      : [],
  );
const consumedIn = (all: readonly FromChannel[]) =>
  all.flatMap((each) => (each.tag === 'consumed' ? [each.bytes] : []));

function placeOf({ replica }: BrokerTools, id: number): Pid<unknown> {
  return replica.tables.placeOf(id)?.pid as AnyPid as Pid<unknown>;
}

/** Sends from a process of its own, so that whoever was sent something before has its slice first. */
function sendNext(context: Context<unknown>, to: AnyPid, message: unknown): void {
  context.spawn(function* relay(self: Context<unknown>) {
    self.send(to as Pid<unknown>, message);
    yield* sleep(0);
  });
}

/** A message that no queue's actor survives. */
const POISON = { tag: 'publish', channel: null, batch: 0, messages: null };

describe('a queue whose actor dies while the channel waits for it', () => {
  it('has delivered what it had sent before: auto-ack deliveries are not dropped with its epoch', () => {
    playBroker(function* (tools) {
      const { context } = tools;
      const { id } = value(yield* queue(tools, {}));
      const one = open(tools);
      const other = open(tools);
      context.send(one, { tag: 'commands', commands: [consume('jobs', 'a')], bytes: 0 });
      yield* heard();
      // The queue gets the publish, then its death; the consuming channel asks it when it has handled both.
      context.send(other, { tag: 'commands', commands: [publish('jobs', 'kept')], bytes: 0 });
      sendNext(context, placeOf(tools, id), POISON);
      sendNext(context, one, {
        tag: 'commands',
        commands: [purge('jobs'), publish('jobs', 'later')],
        bytes: 0,
      });
      const all = yield* heard();
      expect(repliesIn(all)).toEqual(['queue.purge-ok']);
      expect(bodiesIn(all)).toEqual(['kept', 'later']);
    });
  });

  it('refuses what it had refused: the answer that came before its death decides, not the next actor', () => {
    playBroker(function* (tools) {
      const { context } = tools;
      const args = table({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
      const { id } = value(yield* queue(tools, { arguments: args }));
      const one = open(tools);
      context.send(one, { tag: 'commands', commands: [confirms], bytes: 0 });
      yield* heard();
      const commands = [publish('jobs', 'first'), publish('jobs', 'refused')];
      context.send(one, { tag: 'commands', commands, bytes: 0 });
      sendNext(context, placeOf(tools, id), POISON);
      sendNext(context, one, { tag: 'commands', commands: [purge('jobs')], bytes: 0 });
      const answers = (yield* heard()).flatMap((each) => (each.tag === 'confirms' ? each.confirms : []));
      expect(answers).toEqual([
        { deliveryTag: 1, multiple: false, isAck: true },
        { deliveryTag: 2, multiple: false, isAck: false },
      ]);
    });
  });
});

describe('a delivery that nobody acknowledges', () => {
  const unsettled = (name: string, tag: string): Command => {
    const { method } = consume(name, tag);
    return { method: { ...method, noAck: false } as Method, content: null };
  };
  const closes = (all: readonly FromChannel[]) =>
    all.flatMap((each) => (each.tag === 'replies' ? each.replies : [])).map(({ method }) => method);
  const late = (ms: number) =>
    `PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: ${ms} ms. ` +
    'This timeout value can be configured, see consumers doc guide to learn more';

  it.each([
    ['the default', {}, 5_000],
    ['the queue’s own', { 'x-consumer-timeout': 1_000 }, 1_000],
  ])('closes its channel after %s time, and the message is back', (_name, args, timeoutMs) => {
    playBroker(function* (tools) {
      const { context } = tools;
      value(yield* queue(tools, { arguments: table(args) }));
      const one = open(tools);
      context.send(one, { tag: 'commands', commands: [publish('jobs', 'a'), unsettled('jobs', 'c')], bytes: 0 });
      expect(bodiesIn(yield* heard())).toEqual(['a']);
      yield* sleep(timeoutMs - 100);
      expect(closes(yield* heard())).toEqual([]);
      yield* sleep(timeoutMs);
      expect(closes(yield* heard())).toEqual([
        { name: 'channel.close', replyCode: 406, replyText: late(timeoutMs), classId: 0, methodId: 0 },
      ]);
      const other = open(tools);
      context.send(other, { tag: 'commands', commands: [consume('jobs', 'd')], bytes: 0 });
      expect(bodiesIn(yield* heard())).toEqual(['a']);
    });
  });

  it('counts from its own delivery: settled ones are forgotten', () => {
    playBroker(function* (tools) {
      const { context } = tools;
      value(yield* queue(tools, {}));
      const one = open(tools);
      context.send(one, { tag: 'commands', commands: [unsettled('jobs', 'c')], bytes: 0 });
      for (let deliveryTag = 1; deliveryTag < 6; deliveryTag++) {
        context.send(one, { tag: 'commands', commands: [publish('jobs', 'a')], bytes: 0 });
        yield* sleep(3_000);
        const ack = command('basic.ack', { deliveryTag, multiple: false });
        context.send(one, { tag: 'commands', commands: [ack], bytes: 0 });
        expect(closes(yield* heard())).toEqual(
          deliveryTag === 1 ? [{ name: 'basic.consume-ok', consumerTag: 'c' }] : [],
        );
      }
    });
  });
});

describe('confirm.select', () => {
  it('between publishes of one chunk numbers those behind it only', () => {
    playBroker(function* (tools) {
      const args = table({ 'x-max-length': 2, 'x-overflow': 'reject-publish' });
      yield* queue(tools, { arguments: args });
      const one = open(tools);
      const bodies = ['plain', 'taken', 'refused'].map((body) => publish('jobs', body));
      const commands = [bodies[0], confirms, bodies[1], bodies[2]];
      tools.context.send(one, { tag: 'commands', commands, bytes: 0 });
      const answers = (yield* heard()).flatMap((each) => (each.tag === 'confirms' ? each.confirms : []));
      expect(answers).toEqual([
        { deliveryTag: 1, multiple: false, isAck: true },
        { deliveryTag: 2, multiple: false, isAck: false },
      ]);
    });
  });
});

describe('credit of the connection', () => {
  it('waits while too many bytes wait for a queue that is away, and comes back when the channel closes', () => {
    playBroker(function* (tools) {
      const { context } = tools;
      const { id } = value(yield* queue(tools, {}));
      const one = open(tools);
      const big = new Uint8Array(UNTAKEN_BYTES_MAX / 2);
      context.exit(placeOf(tools, id), 'kill');
      const ack = command('basic.ack', { deliveryTag: 9, multiple: false });
      const many = [publish('jobs', big), publish('jobs', big), publish('jobs', big)];
      context.send(one, { tag: 'commands', commands: many.slice(0, 2), bytes: 7 });
      context.send(one, { tag: 'commands', commands: many.slice(2), bytes: 70 });
      context.send(one, { tag: 'commands', commands: [ack], bytes: 700 });
      context.send(one, { tag: 'commands', commands: [publish('jobs', 'ignored')], bytes: 7000 });
      const all = yield* heard();
      expect(repliesIn(all)).toEqual(['channel.close']);
      expect(consumedIn(all)).toEqual([7, 770, 7000]);
    });
  });
});

describe('direct replies', () => {
  it('can be consumed again after a cancel, under an address of their own', () => {
    playBroker(function* (tools) {
      const { context } = tools;
      const one = open(tools);
      const replyTo = 'amq.rabbitmq.reply-to';
      const commands = [consume(replyTo, 'a'), cancel('a'), consume(replyTo, 'b')];
      context.send(one, { tag: 'commands', commands, bytes: 0 });
      expect(repliesIn(yield* heard())).toEqual(['basic.consume-ok', 'basic.cancel-ok', 'basic.consume-ok']);
    });
  });
});
