// What a thousand connections leave behind: nothing. Each opens channels, declares queues of its own, consumes, publishes,
// holds deliveries, and ends in one of the ways in which connections end.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { processes } from '../../src/observe.ts';
import { footprint, growth } from '../support/footprint.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

const AT_ONCE = 20;
const SETTLE_MS = 10_000;

type Ending = (client: RawClient) => Promise<void>;

const ENDINGS: Readonly<Record<string, Ending>> = {
  'says goodbye': async (client) => {
    client.send(wire.connectionClose);
    await client.method('10.51');
  },
  'is cut off': async (client) => client.reset(),
  'goes without a word': async (client) => void client.socket.end(),
  'makes a hard mistake': async (client) => {
    client.send(wire.method(0, 10, 41, wire.shortstr('')));
    await client.method('10.50');
    client.send(wire.connectionCloseOk);
  },
  'makes a hard mistake and does not answer': async (client) => {
    client.send(Buffer.from('no frame at all'));
    await client.method('10.50');
    client.reset();
  },
  'makes a soft mistake first': async (client) => {
    client.send(wire.queueDeclare(2, 'no such queue', 1));
    await client.method('20.40');
    client.send(wire.channelCloseOk(2), wire.connectionClose);
    await client.method('10.51');
  },
};

/** One life of a connection: exclusive and auto-delete queues, consumers, unsettled deliveries, confirms. */
async function live(broker: Broker, n: number): Promise<void> {
  await using client = await RawClient.open(broker.amqpPort);
  const [own, passing] = [`own ${n}`, `passing ${n}`];
  client.send(wire.queueDeclare(1, own, 0b00100), wire.queueDeclare(1, passing, 0b01000));
  await client.method('50.11', 2);
  client.send(wire.channelOpen(2), wire.confirmSelect(2), wire.consume(1, passing, 'c', false));
  await client.method('60.21');
  for (const queue of [own, passing, passing]) client.send(wire.publish(2, '', queue, Buffer.from('a body')));
  client.send(wire.get(2, own, false));
  await client.method('60.71');
  await client.method('60.60', 2);
  const endings = Object.values(ENDINGS);
  await endings[n % endings.length](client);
}

async function liveMany(broker: Broker, from: number, count: number): Promise<void> {
  for (let n = 0; n < count; n += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, each) => live(broker, from + n + each)));
  }
}

/** Waits until the look gives nothing that has grown, and returns what still has. */
async function settled<T extends object>(look: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + SETTLE_MS;
  for (;;) {
    const grown = await look();
    if (Object.keys(grown).length === 0 || performance.now() > untilMs) return grown;
    await delay(50);
  }
}

it('on one thread every table is as it was', { timeout: 60_000 }, async () => {
  await using broker = await startBroker({ amqpPort: 0, logger: 'silent' });
  await liveMany(broker, 0, 60);
  // What is made on first use is there now; the last of these has been forgotten when nothing changes any more.
  let before = footprint(broker);
  await settled(async () => {
    const now = footprint(broker);
    const shrunk = growth(now, before);
    before = now;
    return shrunk;
  });
  await liveMany(broker, 60, 1_000);
  expect(await settled(async () => growth(before, footprint(broker)))).toEqual({});
});

it('on two data threads every process is gone', { timeout: 60_000 }, async () => {
  await using broker = await startBroker({ amqpPort: 0, threads: 2, logger: 'silent' });
  const count = async () => (await processes(broker.system, 100_000)).length;
  const before = await count();
  await liveMany(broker, 0, 600);
  const grown = await settled(async () => {
    const more = (await count()) - before;
    return more > 0 ? { more } : {};
  });
  expect(grown).toEqual({});
});
