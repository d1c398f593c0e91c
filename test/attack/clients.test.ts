// What a hostile client, or an unlucky one, does to a broker: names that mean something to JavaScript, floods, claims that
// are never kept, and a stop in the middle of everything. The next client is served, and nothing is logged as an error.
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import type { Logger } from '../../src/env/index.ts';
import { type Close, RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

const FLOOD = 50_000;

describe('one client', () => {
  let broker: Broker;
  const errors: string[] = [];
  const logger: Logger = { log: (level, event) => void (level === 'error' && errors.push(event)) };
  beforeAll(async () => {
    broker = await startBroker({ amqpPort: 0, threads: 1, logger });
  });
  afterAll(() => broker.stop());

  async function withClient<T>(run: (client: RawClient) => Promise<T>): Promise<T> {
    const result = await (async () => {
      await using client = await RawClient.open(broker.amqpPort);
      return await run(client);
    })();
    await using next = await RawClient.open(broker.amqpPort);
    next.send(wire.connectionClose);
    await next.method('10.51');
    expect(errors).toEqual([]);
    return result;
  }

  const headersOf = (...fields: readonly Buffer[]): Buffer => Buffer.concat([wire.u16(0x2000), wire.table(...fields)]);
  const publishWith = (exchange: string, properties: Buffer): Buffer =>
    Buffer.concat([
      wire.publishMethod(1, exchange, 'k'),
      wire.contentHeader(1, 1, properties),
      wire.contentBody(1, Buffer.from('b')),
    ]);

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a queue, an exchange, a header, an argument and a consumer may be called %s',
    (name) =>
      withClient(async (client) => {
        const truth = wire.field(name, 't', wire.u8(1));
        client.send(wire.queueDeclare(1, name, 0, wire.table(truth)));
        const declare = [wire.u16(0), wire.shortstr(name), wire.shortstr('headers'), wire.u8(0), wire.table(truth)];
        client.send(wire.method(1, 40, 10, ...declare));
        const bind = [wire.u16(0), wire.shortstr(name), wire.shortstr(name), wire.shortstr(name), wire.u8(0)];
        client.send(wire.method(1, 50, 20, ...bind, wire.table(truth)));
        await client.method('50.21');
        client.send(publishWith(name, headersOf(truth)), publishWith(name, headersOf()));
        client.send(wire.consume(1, name, name));
        await client.method('60.60');
        client.send(wire.queueDeclare(1, name, 1));
        await client.method('50.11', 2);
        expect(client.bodies()).toEqual(['b']);
        expect(Object.getOwnPropertyNames({})).toEqual([]);
      }),
  );

  it('a table nested 5,000 deep in an argument or in headers is a syntax error', async () => {
    let nested = wire.field('a', 't', wire.u8(1));
    for (let depth = 0; depth < 5_000; depth++) nested = wire.field('a', 'F', wire.longstr(nested));
    const deep = 'SYNTAX_ERROR - table nested deeper than 100';
    const closed = (send: Buffer) =>
      withClient(async (client): Promise<Close | null> => {
        client.send(send);
        return await client.closed();
      });
    expect(await closed(wire.queueDeclare(1, 'n', 0, wire.longstr(nested)))).toMatchObject({ code: 502, text: deep });
    const properties = Buffer.concat([wire.u16(0x2000), wire.longstr(nested)]);
    expect(await closed(publishWith('amq.headers', properties))).toMatchObject({ code: 502, text: deep });
  });

  it.each([
    ['heartbeats', wire.HEARTBEAT],
    ['body frames of no bytes', wire.contentBody(1, Buffer.alloc(0))],
  ])('a flood of %s changes nothing', (what, frame) =>
    withClient(async (client) => {
      const isBody = what !== 'heartbeats';
      if (isBody) client.send(wire.publishMethod(1, '', 'nowhere'), wire.contentHeader(1, 1));
      client.send(Buffer.concat(Array.from({ length: FLOOD }, () => frame)));
      if (isBody) client.send(wire.contentBody(1, Buffer.from('b')));
      client.send(wire.queueDeclare(1, 'after', 0));
      await client.method('50.11');
    }),
  );

  it('a flood of gets is answered, one by one', () =>
    withClient(async (client) => {
      client.send(wire.queueDeclare(1, 'empty', 0));
      await client.method('50.11');
      client.send(Buffer.concat(Array.from({ length: 5_000 }, () => wire.get(1, 'empty', true))));
      await client.method('60.72', 5_000);
    }));

  it('a body that is announced and never comes keeps nobody else', () =>
    withClient(async (client) => {
      client.send(wire.publishMethod(1, '', 'q'), wire.contentHeader(1, 134_217_728), wire.channelOpen(2));
      client.send(wire.queueDeclare(2, 'other', 0));
      await client.method('50.11');
    }));
});

describe('a stop in the middle', () => {
  it.each([0, 2])('of traffic and of handshakes, two brokers in one process, %i data threads', async (threads) => {
    const brokers = await Promise.all([0, 1].map(() => startBroker({ amqpPort: 0, threads, logger: 'silent' })));
    const ends: Promise<unknown>[] = [];
    for (const broker of brokers) {
      const connection = await connect(broker.url);
      ends.push(new Promise((resolve) => connection.on('close', resolve)));
      connection.on('error', () => {});
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => {});
      await channel.assertQueue('busy', { autoDelete: true });
      let isOver = false;
      connection.on('close', () => {
        isOver = true;
      });
      await channel.consume('busy', (message) => {
        if (message === null || isOver) return;
        try {
          channel.ack(message);
          channel.sendToQueue('busy', Buffer.alloc(100), {}, () => {});
        } catch {
          // The channel has been closed in between: that is what this is about.
        }
      });
      for (let n = 0; n < 200; n++) channel.sendToQueue('busy', Buffer.alloc(100), {}, () => {});
      // Half of a handshake, and a connection that never says anything.
      for (const bytes of [
        wire.PROTOCOL_HEADER,
        Buffer.concat([wire.PROTOCOL_HEADER, wire.startOk]),
        Buffer.alloc(0),
      ]) {
        const client = await RawClient.connect(broker.amqpPort);
        client.send(bytes);
        ends.push(client.end(20_000));
      }
    }
    const [first, second] = brokers;
    const startedMs = performance.now();
    await first.stop();
    // The other one is served meanwhile.
    const still = await connect(second.url);
    await still.close();
    await second.stop();
    await Promise.all(ends);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });
});
