// What is in the log outlives the actor of its queue and the thread it lived on (B1, B11; DESIGN decision 12): nothing
// confirmed is lost, what was given out comes again and says so, and the order stays.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib, { type ChannelModel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { MESSAGES_LOST } from '../../src/broker/index.ts';
import { type Broker, startBroker } from '../../src/broker.ts';
import type { ThreadsEngine } from '../../src/threads/index.ts';
import { queueProcesses } from '../support/broker-processes.ts';

const QUEUES = ['q0', 'q1', 'q2', 'q3'];
const MESSAGES = 500;
/** A thread that starts again may take its time on a busy machine. */
const THREAD_WAIT = { timeout: 10_000 };

async function onDisk(threads: number, body: (broker: Broker) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-crash-'));
  try {
    await using broker = await startBroker({ amqpPort: 0, threads, dataDir, logger: 'error' });
    await body(broker);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function connect(broker: Broker): Promise<ChannelModel> {
  const connection = await amqplib.connect(broker.url);
  connection.on('error', () => {});
  return connection;
}

async function publish(broker: Broker): Promise<void> {
  const connection = await connect(broker);
  const channel = await connection.createConfirmChannel();
  for (const queue of QUEUES) await channel.assertQueue(queue, { durable: true });
  for (let count = 0; count < MESSAGES; count++) {
    for (const queue of QUEUES) channel.sendToQueue(queue, Buffer.from(`${queue} ${count}`), { persistent: true });
  }
  await channel.waitForConfirms();
  await connection.close();
}

/** Takes everything out of a queue; the bodies in order, and how many said that they were delivered before. */
async function drain(broker: Broker, queue: string): Promise<{ bodies: string[]; redelivered: number }> {
  const connection = await connect(broker);
  const channel = await connection.createChannel();
  const bodies: string[] = [];
  let redelivered = 0;
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (message === false) break;
    bodies.push(message.content.toString());
    if (message.fields.redelivered) redelivered++;
  }
  await connection.close();
  return { bodies, redelivered };
}

const all = (queue: string, from = 0): string[] =>
  Array.from({ length: MESSAGES - from }, (_none, count) => `${queue} ${from + count}`);

describe('a durable queue outlives', () => {
  test.each([0, 2])('B11 its actor, with %i data threads', async (threads) => {
    await onDisk(threads, async (broker) => {
      await publish(broker);
      const connection = await connect(broker);
      const channel = await connection.createChannel();
      for (const queue of QUEUES) {
        for (let count = 0; count < 10; count++) {
          const message = await channel.get(queue);
          if (message !== false && count < 4) channel.ack(message);
        }
      }
      // Acks are on their way before this is answered.
      await channel.checkQueue('q0');
      for (const { pid } of await queueProcesses(broker)) broker.system.exit(pid, 'kill');
      await connection.close();
      for (const queue of QUEUES) {
        const { bodies, redelivered } = await drain(broker, queue);
        expect(bodies).toEqual(all(queue, 4));
        expect(redelivered).toBe(6);
      }
    });
  });

  test('B1 B11 the thread it lived on', async () => {
    await onDisk(2, async (broker) => {
      await publish(broker);
      const engine = broker.system.engine as ThreadsEngine;
      for (const thread of engine.threads) {
        await expect.poll(() => engine.info().every(({ isUp }) => isUp), THREAD_WAIT).toBe(true);
        const homes = new Map((await queueProcesses(broker)).map(({ name, pid }) => [name, pid]));
        engine.kill(thread);
        // Its queues are at home again, on whichever thread.
        await expect
          .poll(async () => {
            const now = await queueProcesses(broker);
            return (
              now.length === QUEUES.length &&
              now.every(({ name, pid }) => homes.get(name) !== pid || pid.origin.thread !== thread)
            );
          }, THREAD_WAIT)
          .toBe(true);
      }
      for (const queue of QUEUES) expect((await drain(broker, queue)).bodies).toEqual(all(queue));
      expect(broker.system.metrics()[MESSAGES_LOST] ?? 0).toBe(0);
    });
  }, 30_000);
});

describe('a restart', () => {
  test('B24 finds what was declared, and only what is durable', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'warren-restart-'));
    try {
      {
        await using broker = await startBroker({ amqpPort: 0, dataDir, logger: 'error' });
        const connection = await connect(broker);
        const channel = await connection.createConfirmChannel();
        await channel.assertExchange('kept', 'topic', { durable: true });
        await channel.assertExchange('lost', 'topic', { durable: false });
        await channel.assertExchange('deleted', 'topic', { durable: true });
        await channel.deleteExchange('deleted');
        await channel.assertQueue('kept', {
          durable: true,
          arguments: { 'x-message-ttl': 60_000, 'x-max-priority': 3 },
        });
        await channel.assertQueue('lost', { durable: false });
        await channel.assertQueue('owned', { durable: true, exclusive: true });
        await channel.assertQueue('deleted', { durable: true });
        await channel.bindQueue('kept', 'kept', 'a.*');
        await channel.bindQueue('kept', 'kept', 'gone');
        await channel.unbindQueue('kept', 'kept', 'gone');
        await channel.bindQueue('kept', 'lost', 'a.*');
        channel.sendToQueue('deleted', Buffer.from('x'), { persistent: true });
        channel.publish('kept', 'a.b', Buffer.from('low'), { persistent: true, priority: 1, headers: { kept: true } });
        channel.publish('kept', 'a.b', Buffer.from('high'), { persistent: true, priority: 3 });
        channel.publish('kept', 'a.b', Buffer.from('transient'));
        await channel.waitForConfirms();
        await channel.deleteQueue('deleted');
        await connection.close();
      }
      await using broker = await startBroker({ amqpPort: 0, dataDir, logger: 'error' });
      const connection = await connect(broker);
      const exists = async (what: 'checkQueue' | 'checkExchange', name: string) => {
        const channel = await connection.createChannel();
        channel.on('error', () => {});
        return channel[what](name).then(
          () => true,
          () => false,
        );
      };
      expect(await exists('checkQueue', 'kept')).toBe(true);
      for (const name of ['lost', 'owned', 'deleted'])
        expect([name, await exists('checkQueue', name)]).toEqual([name, false]);
      expect(await exists('checkExchange', 'kept')).toBe(true);
      for (const name of ['lost', 'deleted'])
        expect([name, await exists('checkExchange', name)]).toEqual([name, false]);
      const channel = await connection.createConfirmChannel();
      // The same arguments are the same queue.
      await channel.assertQueue('kept', { durable: true, arguments: { 'x-message-ttl': 60_000, 'x-max-priority': 3 } });
      channel.publish('kept', 'gone', Buffer.from('unrouted'), { persistent: true });
      channel.publish('kept', 'a.c', Buffer.from('routed'), { persistent: true });
      await channel.waitForConfirms();
      const first = await channel.get('kept');
      const rest = [await channel.get('kept'), await channel.get('kept'), await channel.get('kept')];
      expect(first !== false && [first.content.toString(), first.properties.priority]).toEqual(['high', 3]);
      expect(rest.map((message) => message !== false && message.content.toString())).toEqual(['low', 'routed', false]);
      expect(rest[0] !== false && rest[0].properties.headers).toEqual({ kept: true });
      await connection.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  test('a directory that is in use, or holds what this program does not know, is refused with one clear line', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'warren-locked-'));
    try {
      await using broker = await startBroker({ amqpPort: 0, dataDir, logger: 'silent' });
      await expect(startBroker({ amqpPort: 0, dataDir, logger: 'silent' })).rejects.toThrow(/locked by process/);
      expect(broker.amqpPort).toBeGreaterThan(0);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
