// One thing that a client does while the actor of its queue dies, at every moment of it (B2, B11): what was published
// before a mistake counts (digest 4), and each method is answered as if nobody had died.
import fc from 'fast-check';
import { it } from 'vitest';
import type { Context, Effects } from '../../src/process/index.ts';
import { receive, sleep } from '../../src/process/index.ts';
import * as wire from '../support/wire.ts';
import { newTrace } from './broker/trace.ts';
import { killer } from './broker/world.ts';
import { holds, type Property } from './check.ts';
import { WireClient } from './wire/wire-client.ts';
import { AMQP, startBroker, wireOptions } from './wire/world.ts';

interface Program {
  readonly published: number;
  readonly kills: readonly number[];
}

const QUEUE = 'kept';
const AUTO_DELETE = 0b01000;
/** Two deaths, and the time that consumers have to come back after each. */
const REATTACHED_MS = 11_000;

function* run(context: Context<unknown>, { published, kills }: Program, threads: 0 | 2): Effects<void> {
  newTrace();
  yield* startBroker(context, threads);
  const client = yield* WireClient.open(context, AMQP);
  yield* client.ask(wire.queueDeclare(1, QUEUE, 0), '50.11');
  const deaths = kills.map((slices) => context.spawnMonitor(killer, [QUEUE, slices]));
  for (let n = 0; n < published; n++) client.publish(1, QUEUE, Buffer.from([n]));
  yield* client.ask(wire.queueDeclare(1, 'no such queue', 1), '20.40');
  client.send(wire.channelCloseOk(1), wire.channelOpen(1));
  for (const { ref } of deaths) yield* receive((message) => (message as { readonly ref?: unknown }).ref === ref);
  yield* client.method('20.11');
  for (let n = 0; n < published; n++) {
    const body = yield* next(client);
    if (body !== n) throw new Error(`B2 instead of ${n} comes ${body}`);
  }
}

/** The next Message, for which the client waits until the queue's next actor has it. */
function* next(client: WireClient): Effects<number | undefined> {
  for (let tries = 0; tries < 50; tries++) {
    client.frames.length = 0;
    client.send(wire.get(1, QUEUE, true));
    const found = () => client.frames.find(({ type, name }) => name === '60.72' || type === 3);
    const { type, payload } = yield* client.until(found, 'get');
    if (type === 3) return payload[0];
  }
  return undefined;
}

function softProperty(threads: 0 | 2): Property<Program> {
  const kills = fc.array(fc.nat(30), { maxLength: 2 });
  return {
    programs: fc.record({ published: fc.integer({ min: 1, max: 4 }), kills }),
    options: wireOptions(threads, 0),
    body: (program) => (context) => run(context, program, threads),
  };
}

/** A queue is deleted, once, whoever dies: a client that is told 404 would think that it never was. */
function deleteProperty(threads: 0 | 2): Property<readonly number[]> {
  return {
    programs: fc.array(fc.nat(40), { minLength: 1, maxLength: 2 }),
    options: wireOptions(threads, 0),
    body: (kills) =>
      function* root(context) {
        newTrace();
        yield* startBroker(context, threads);
        const client = yield* WireClient.open(context, AMQP);
        yield* client.ask(wire.queueDeclare(1, QUEUE, 0), '50.11');
        client.publish(1, QUEUE, Buffer.from([7]));
        for (const slices of kills) context.spawn(killer, [QUEUE, slices]);
        client.send(wire.queueDelete(1, QUEUE));
        const answer = yield* client.until(() => client.frames[0], 'delete-ok');
        if (answer.name !== '50.41') throw new Error(`a queue that is deleted answers ${answer.name}`);
        yield* client.ask(wire.queueDeclare(1, QUEUE, 1), '20.40');
      },
  };
}

it.each([0, 2] as const)('B11 a queue that dies while it is deleted is deleted, on %i data threads', (threads) =>
  holds(deleteProperty(threads), 150),
);

/** An auto-delete queue goes with its last consumer, though there is no actor when that leaves; never without any. */
function autoDeleteProperty(threads: 0 | 2): Property<{ kills: readonly number[]; hasConsumer: boolean }> {
  return {
    programs: fc.record({ kills: fc.array(fc.nat(30), { minLength: 1, maxLength: 2 }), hasConsumer: fc.boolean() }),
    options: wireOptions(threads, 0),
    body: ({ kills, hasConsumer }) =>
      function* root(context) {
        newTrace();
        yield* startBroker(context, threads);
        const client = yield* WireClient.open(context, AMQP);
        yield* client.ask(wire.queueDeclare(1, QUEUE, AUTO_DELETE), '50.11');
        if (hasConsumer) yield* client.ask(wire.consume(1, QUEUE, 'c'), '60.21');
        for (const slices of kills) context.spawn(killer, [QUEUE, slices]);
        if (hasConsumer) yield* client.ask(wire.cancel(1, 'c'), '60.31');
        yield* sleep(REATTACHED_MS);
        yield* client.ask(wire.queueDeclare(1, QUEUE, 1), hasConsumer ? '20.40' : '50.11');
      },
  };
}

it.each([0, 2] as const)(
  'B11 B14 an auto-delete queue that dies goes with its last consumer, on %i data threads',
  (threads) => holds(autoDeleteProperty(threads), 100),
);

it.each([0, 2] as const)('B2 B11 what was published before a mistake is kept, on %i data threads', (threads) =>
  holds(softProperty(threads), 150),
);
