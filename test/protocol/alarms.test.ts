// Alarms as clients see them (B19): who publishes waits and is told, who consumes goes on, and afterwards everything does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Alarm, setAlarm } from '../../src/broker/alarms/index.ts';
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker.ts';
import { overview } from '../../src/management.ts';
import type { AsyncContext } from '../../src/process/index.ts';
import { ALARM_LOOK_MS } from '../../src/protocols/amqp091/limits.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

async function open(broker: Broker): Promise<ChannelModel> {
  const connection = await connect(broker.url);
  connection.on('error', () => {});
  return connection;
}

const heard = (connection: ChannelModel, what: 'blocked' | 'unblocked'): Promise<string | undefined> =>
  new Promise((resolve) => connection.once(what, resolve));

describe.each([0, 1])('alarms with %i data threads', (threads) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker({ amqpPort: 0, threads, logger: 'silent' });
  });
  afterAll(() => broker.stop());

  // Nobody else sets or clears this one in a broker without a directory.
  const alarm = (isOn: boolean, which: Alarm = 'diskFull') =>
    broker.system.run(async (context: AsyncContext<unknown>) => setAlarm(context.env.words, which, isOn));

  it('a publisher is told why it waits, consumers and acks go on, and nothing is lost', async () => {
    const [publishing, consuming] = [await open(broker), await open(broker)];
    const writer = await publishing.createConfirmChannel();
    const reader = await consuming.createChannel();
    await writer.assertQueue('q');
    for (let count = 0; count < 10; count++) writer.sendToQueue('q', Buffer.from(String(count)));
    await writer.waitForConfirms();
    await alarm(true);
    const blocked = heard(publishing, 'blocked');
    let blockedCount = 0;
    publishing.on('blocked', () => {
      blockedCount++;
    });
    let isUnblocked = false;
    const unblocked = heard(publishing, 'unblocked').then(() => {
      isUnblocked = true;
    });
    for (let count = 10; count < 2_000; count++) writer.sendToQueue('q', Buffer.from(String(count)));
    expect(await blocked).toBe('low on disk');
    expect((await overview(broker)).alarms).toEqual(['diskFull']);
    const got: string[] = [];
    await reader.prefetch(3);
    const take = (message: ConsumeMessage | null): void => {
      if (message === null) return;
      got.push(message.content.toString());
      reader.ack(message);
    };
    await reader.consume('q', take);
    while (got.length < 10) await reader.checkQueue('q');
    expect(isUnblocked).toBe(false);
    await alarm(false);
    await unblocked;
    await writer.waitForConfirms();
    expect(blockedCount).toBe(1);
    while (got.length < 2_000) await reader.checkQueue('q');
    expect(got).toEqual(Array.from({ length: 2_000 }, (_, count) => String(count)));
    await publishing.close();
    await consuming.close();
  });

  it('both reasons are told together, and a connection that does not publish is not told', async () => {
    const [publishing, quiet] = [await open(broker), await open(broker)];
    await alarm(true);
    await alarm(true, 'memory');
    let isTold = false;
    void heard(quiet, 'blocked').then(() => {
      isTold = true;
    });
    const channel = await quiet.createChannel();
    await channel.assertQueue('other');
    const blocked = heard(publishing, 'blocked');
    (await publishing.createChannel()).publish('', 'other', Buffer.from('x'));
    expect(await blocked).toMatch(/^low on (memory & )?disk$/);
    await channel.checkQueue('other');
    expect(isTold).toBe(false);
    const unblocked = heard(publishing, 'unblocked');
    await alarm(false);
    await alarm(false, 'memory');
    await unblocked;
    await publishing.close();
    await quiet.close();
  });

  it('a client that has not asked for it hears nothing, and waits all the same', async () => {
    await using client = await RawClient.connect(broker.amqpPort);
    const plain = [wire.shortstr('PLAIN'), wire.longstr('\0guest\0guest'), wire.shortstr('en_US')];
    client.send(wire.PROTOCOL_HEADER, wire.method(0, 10, 11, wire.table(), ...plain), wire.tuneOk(), wire.open);
    client.send(wire.channelOpen(1), wire.queueDeclare(1, 'raw', 0));
    await client.method('50.11');
    // A connection that has been heard reads ahead: what comes while it is blocked has to wait all the same.
    client.send(wire.queueDeclare(1, 'raw', 0));
    await client.method('50.11', 2);
    await alarm(true);
    client.send(wire.publish(1, '', 'raw', Buffer.from('x')));
    const { queueDeclare } = wire;
    // Another connection's round trips show that time has passed.
    const other = await open(broker);
    const channel = await other.createChannel();
    while ((await channel.checkQueue('raw')).messageCount === 0);
    client.send(queueDeclare(1, 'raw2', 0));
    for (let count = 0; count < 20; count++) await channel.checkQueue('raw');
    expect(client.frames.filter(({ name }) => name === '10.60' || name === '50.11')).toHaveLength(2);
    await alarm(false);
    await client.method('50.11', 3);
    expect(client.frames.some(({ name }) => name === '10.60' || name === '10.61')).toBe(false);
    await other.close();
  });

  it('a client that publishes and closes in one breath is told nothing after close-ok, and its end is heard', async () => {
    await using client = await RawClient.connect(broker.amqpPort);
    const capable = wire.field('capabilities', 'F', wire.table(wire.field('connection.blocked', 't', wire.u8(1))));
    const plain = [wire.shortstr('PLAIN'), wire.longstr('\0guest\0guest'), wire.shortstr('en_US')];
    client.send(wire.PROTOCOL_HEADER, wire.method(0, 10, 11, wire.table(capable), ...plain), wire.tuneOk(), wire.open);
    client.send(wire.channelOpen(1));
    await client.method('20.11');
    await alarm(true);
    client.send(wire.publish(1, '', 'nowhere', Buffer.from('x')), wire.connectionClose);
    await client.method('10.60');
    await client.method('10.51');
    await alarm(false);
    // Three looks at the alarm.
    await new Promise((resolve) => setTimeout(resolve, 3 * ALARM_LOOK_MS));
    expect(client.frames.at(-1)?.name).toBe('10.51');
    client.socket.end();
    expect(await client.end(2_000)).toBe(null);
  });

  it('a broker stops although publishers are blocked', async () => {
    const own = await startBroker({ amqpPort: 0, threads, logger: 'silent', memoryWatermark: 1_000_000 });
    const connection = await open(own);
    const channel = await connection.createChannel();
    const blocked = heard(connection, 'blocked');
    channel.publish('', 'nowhere', Buffer.from('x'));
    expect(await blocked).toBe('low on memory');
    await own.stop();
  });
});

describe('what begins an alarm', () => {
  const blockedBy = async (options: BrokerOptions): Promise<string | undefined> => {
    const dataDir = mkdtempSync(join(tmpdir(), 'warren-alarms-'));
    try {
      await using broker = await startBroker({ amqpPort: 0, logger: 'silent', dataDir, ...options });
      const connection = await open(broker);
      const channel = await connection.createChannel();
      const blocked = heard(connection, 'blocked');
      const again = setInterval(() => channel.publish('', 'nowhere', Buffer.from('x')), 20);
      const reason = await blocked;
      clearInterval(again);
      return reason;
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  };

  it('a process above the watermark, in bytes or as a share', async () => {
    expect(await blockedBy({ memoryWatermark: 1_000_000 })).toBe('low on memory');
    expect(await blockedBy({ memoryWatermark: 0.000_1 })).toBe('low on memory');
  });

  it('a disk with less than the limit left', async () => {
    expect(await blockedBy({ diskFreeLimit: Number.MAX_SAFE_INTEGER })).toBe('low on disk');
  });

  it('bounds that are none are refused', async () => {
    await expect(startBroker({ memoryWatermark: 0 })).rejects.toThrow('memoryWatermark must be above 0, got 0');
    await expect(startBroker({ diskFreeLimit: -1 })).rejects.toThrow('diskFreeLimit must be at least 0, got -1');
  });
});
