// What one client may rely on (B9, B14, B21, B22, B27), each with a queue of its own, over a simulated socket; and that
// nothing is left of a broker that was stopped (B29).
import fc from 'fast-check';
import { type Context, type Effects, isExit, receive, sleep } from '../../src/process/index.ts';
import type { Property } from '../properties/check.ts';
import { WireClient } from '../properties/wire/wire-client.ts';
import { AMQP, startBroker, type WirePlant, wireOptions } from '../properties/wire/world.ts';
import * as wire from '../support/wire.ts';

const DURABLE = 0b00010;
const PASSIVE = 0b00001;
const EXCLUSIVE = 0b00100;
const AUTO_DELETE = 0b01000;
const MANDATORY = 0b00001;
/** Longer than a slow machine may be late. */
const REST_MS = 200;

type Manner =
  /** B22: declared with some flags, and again with others. */
  | { readonly do: 'redeclare'; readonly first: number; readonly second: number }
  /** B14: so many consumers come, so many of them go. */
  | { readonly do: 'visit'; readonly come: number; readonly go: number }
  /** B21: publishes before an error of the channel count, those behind it do not. */
  | { readonly do: 'err'; readonly before: number; readonly behind: number }
  /** B27: what is published in a transaction is there after its commit, and only then. */
  | { readonly do: 'transact'; readonly count: number; readonly isCommitted: boolean }
  /** B9: what leads nowhere comes back before its ack; what leads somewhere does not. */
  | { readonly do: 'confirm'; readonly isRoutable: boolean }
  /** B14: an exclusive queue is nobody else's. */
  | { readonly do: 'lock'; readonly isExclusive: boolean };

const manner: fc.Arbitrary<Manner> = fc.oneof(
  fc.record({
    do: fc.constant('redeclare' as const),
    first: fc.constantFrom(0, DURABLE, AUTO_DELETE),
    second: fc.constantFrom(0, DURABLE, AUTO_DELETE),
  }),
  fc.record({ do: fc.constant('visit' as const), come: fc.nat(2), go: fc.nat(2) }),
  fc.record({ do: fc.constant('err' as const), before: fc.nat(2), behind: fc.nat(2) }),
  fc.record({
    do: fc.constant('transact' as const),
    count: fc.integer({ min: 1, max: 3 }),
    isCommitted: fc.boolean(),
  }),
  fc.record({ do: fc.constant('confirm' as const), isRoutable: fc.boolean() }),
  fc.record({ do: fc.constant('lock' as const), isExclusive: fc.boolean() }),
);

/** Channel 2 is for what may go wrong: it is opened for each step and closed, or has been closed, behind it. */
const RISKY = 2;

class Guest {
  private readonly client: WireClient;
  private readonly other: WireClient;

  constructor(client: WireClient, other: WireClient) {
    this.client = client;
    this.other = other;
  }

  *step(queue: string, each: Manner): Effects<void> {
    if (each.do === 'lock') return yield* this.lock(queue, each.isExclusive);
    yield* this.client.ask(wire.channelOpen(RISKY), '20.11');
    if (each.do === 'redeclare') yield* this.redeclare(queue, each.first, each.second);
    else if (each.do === 'visit') yield* this.visit(queue, each.come, Math.min(each.come, each.go));
    else if (each.do === 'err') yield* this.err(queue, each.before, each.behind);
    else if (each.do === 'confirm') yield* this.confirm(queue, each.isRoutable);
    else yield* this.transact(queue, each.count, each.isCommitted);
  }

  /** The code of the error with which the channel was closed; null when it is answered. */
  private *code(bytes: Buffer, answer: string, client = this.client): Effects<number | null> {
    client.frames.length = 0;
    client.send(bytes);
    const { name } = yield* client.until(
      () => client.frames.find((frame) => frame.name === answer || frame.name === '20.40'),
      answer,
    );
    const code = name === answer ? null : (client.closes()[0]?.code ?? null);
    if (name === answer) yield* client.ask(wire.channelClose(RISKY), '20.41');
    else client.send(wire.channelCloseOk(RISKY));
    client.frames.length = 0;
    return code;
  }

  private *redeclare(queue: string, first: number, second: number): Effects<void> {
    yield* this.client.ask(wire.queueDeclare(1, queue, first), '50.11');
    const code = yield* this.code(wire.queueDeclare(RISKY, queue, second), '50.11');
    const expected = first === second ? null : 406;
    if (code !== expected) throw new Error(`B22 declared ${first}, then ${second}: ${code}, not ${expected}`);
  }

  private *visit(queue: string, come: number, go: number): Effects<void> {
    const { client } = this;
    yield* client.ask(wire.queueDeclare(1, queue, AUTO_DELETE), '50.11');
    for (let n = 0; n < come; n++) yield* client.ask(wire.consume(1, queue, `${queue} ${n}`), '60.21');
    for (let n = 0; n < go; n++) yield* client.ask(wire.cancel(1, `${queue} ${n}`), '60.31');
    yield* sleep(REST_MS);
    const code = yield* this.code(wire.queueDeclare(RISKY, queue, PASSIVE), '50.11');
    const expected = come > 0 && go === come ? 404 : null;
    if (code !== expected) throw new Error(`B14 after ${come} consumers came and ${go} went: ${code}`);
  }

  private *err(queue: string, before: number, behind: number): Effects<void> {
    const { client } = this;
    yield* client.ask(wire.queueDeclare(1, queue, 0), '50.11');
    const body = Buffer.from('x');
    const published = (count: number) => Array.from({ length: count }, () => wire.publish(RISKY, '', queue, body));
    const error = wire.publish(RISKY, 'no such exchange', queue, body);
    client.send(...published(before), error, ...published(behind));
    yield* client.method('20.40');
    client.send(wire.channelCloseOk(RISKY));
    yield* this.counts('B21', queue, before);
  }

  private *transact(queue: string, count: number, isCommitted: boolean): Effects<void> {
    const { client } = this;
    yield* client.ask(wire.queueDeclare(1, queue, 0), '50.11');
    yield* client.ask(wire.method(RISKY, 90, 10), '90.11');
    for (let n = 0; n < count; n++) client.publish(RISKY, queue, Buffer.from('x'));
    yield* this.counts('B27', queue, 0);
    if (isCommitted) yield* client.ask(wire.method(RISKY, 90, 20), '90.21');
    else yield* client.ask(wire.method(RISKY, 90, 30), '90.31');
    yield* client.ask(wire.channelClose(RISKY), '20.41');
    yield* this.counts('B27', queue, isCommitted ? count : 0);
  }

  private *confirm(queue: string, isRoutable: boolean): Effects<void> {
    const { client } = this;
    yield* client.ask(wire.confirmSelect(RISKY), '85.11');
    if (isRoutable) yield* client.ask(wire.queueDeclare(1, queue, 0), '50.11');
    client.frames.length = 0;
    const publish = wire.publishMethod(RISKY, '', queue, MANDATORY);
    client.send(publish, wire.contentHeader(RISKY, 1), wire.contentBody(RISKY, Buffer.from('x')));
    yield* client.method('60.80');
    yield* sleep(REST_MS);
    yield* client.ask(wire.channelClose(RISKY), '20.41');
    const heard = client.frames.filter(({ type }) => type === 1).map(({ name }) => name);
    const expected = isRoutable ? ['60.80'] : ['60.50', '60.80'];
    if (heard.join() !== expected.join()) throw new Error(`B9 a mandatory publish: ${heard}, not ${expected}`);
    client.frames.length = 0;
  }

  private *lock(queue: string, isExclusive: boolean): Effects<void> {
    const { client, other } = this;
    yield* client.ask(wire.queueDeclare(1, queue, isExclusive ? EXCLUSIVE : 0), '50.11');
    yield* other.ask(wire.channelOpen(RISKY), '20.11');
    const code = yield* this.code(wire.queueDeclare(RISKY, queue, PASSIVE), '50.11', other);
    if (code !== (isExclusive ? 405 : null)) throw new Error(`B14 somebody else's queue answers ${code}`);
  }

  private *counts(rule: string, queue: string, expected: number): Effects<void> {
    yield* sleep(REST_MS);
    const { payload } = yield* this.client.ask(wire.queueDeclare(1, queue, PASSIVE), '50.11');
    const ready = payload.readUInt32BE(5 + queue.length);
    if (ready !== expected) throw new Error(`${rule} ${queue} has ${ready}, not ${expected}`);
    this.client.frames.length = 0;
  }
}

/** Every step goes as a client may expect, on a channel and a queue of its own. */
export function manners(plant: WirePlant = {}): Property<readonly Manner[]> {
  return {
    programs: fc.array(manner, { minLength: 1, maxLength: 4 }),
    options: wireOptions(0, 0, plant),
    body: (steps) =>
      function* root(context) {
        yield* startBroker(context, 0);
        const guest = new Guest(yield* WireClient.open(context, AMQP), yield* WireClient.open(context, AMQP));
        for (const [n, each] of steps.entries()) yield* guest.step(`q${n}`, each);
      },
  };
}

/** B29: a broker that is stopped while clients are there leaves nothing. */
export const stops: Property<number> = {
  programs: fc.nat(2),
  options: { ...wireOptions(0, 0), failOnLeaks: true },
  body: (clients) =>
    function* root(context: Context<unknown>): Effects<void> {
      const tree = yield* startBroker(context, 0);
      for (let n = 0; n < clients; n++) {
        const client = yield* WireClient.open(context, AMQP);
        yield* client.ask(wire.queueDeclare(1, `q${n}`, 0), '50.11');
      }
      context.exit(tree, 'shutdown');
      yield* receive(isExit);
      yield* sleep(REST_MS);
    },
};
