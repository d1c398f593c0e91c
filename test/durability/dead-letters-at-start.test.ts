// What has expired while there was no broker is dead-lettered at its start, whichever queue is read first.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import amqplib from 'amqplib';
import { expect, test, vi } from 'vitest';
import { startBroker } from '../../src/broker.ts';

const COUNT = 30;
const TTL_MS = 2_000;
const PAIRS = [
  ['expiring 1', 'dead 1'],
  ['expiring 2', 'dead 2'],
] as const;

async function channelTo(url: string) {
  const connection = await amqplib.connect(url);
  return { connection, channel: await connection.createConfirmChannel() };
}

async function deadAfterRestart(threads: number): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'warren-dead-letters-'));
  const options = { amqpPort: 0, threads, dataDir, logger: 'silent' as const };
  try {
    {
      await using broker = await startBroker(options);
      const { connection, channel } = await channelTo(broker.url);
      for (const [index, [expiring, dead]] of PAIRS.entries()) {
        const declareDead = () => channel.assertQueue(dead);
        if (index === 0) await declareDead();
        const to = { deadLetterExchange: '', deadLetterRoutingKey: dead };
        await channel.assertQueue(expiring, { messageTtl: TTL_MS, ...to });
        await declareDead();
        for (let count = 0; count < COUNT; count++) {
          channel.sendToQueue(expiring, Buffer.from(`${count}`), { persistent: true });
        }
      }
      await channel.waitForConfirms();
      await connection.close();
    }
    await wait(TTL_MS + 100);
    await using broker = await startBroker(options);
    const { connection, channel } = await channelTo(broker.url);
    for (const [expiring, dead] of PAIRS) {
      await vi.waitFor(async () => expect((await channel.checkQueue(dead)).messageCount).toBe(COUNT), 5_000);
      expect((await channel.checkQueue(expiring)).messageCount).toBe(0);
      for (let count = 0; count < COUNT; count++) {
        const got = await channel.get(dead, { noAck: true });
        expect(got && [got.content.toString(), got.properties.headers?.['x-first-death-reason']]).toEqual([
          `${count}`,
          'expired',
        ]);
      }
    }
    await connection.close();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

test('what expired while the broker was away is dead-lettered at its start, whichever queue is read first', async () => {
  await Promise.all([0, 1, 2].map(deadAfterRestart));
}, 30_000);
