// B19: a broker whose heap is small, with consumers that stall and publishers that never stop, holds publishers back and
// never runs out of memory; consumers are served meanwhile, and when they go on so does everything.
import { type ConsumeMessage, connect } from 'amqplib';
import { expect, it } from 'vitest';
import { readProcesses } from '../../benchmarks/process-stats.ts';
import { startBrokerProcess } from '../support/command.ts';

const BLOCKS = 3;
/** The heap, what the sockets and the slabs of the backlog hold beside it, and Node itself. */
const RSS_BYTES_MAX = 1_200_000_000;

it.each([0, 1])('B19 a heap of 256 MB is never exceeded, with %i data threads', async (threads) => {
  const env = { NODE_OPTIONS: '--max-old-space-size=256' };
  await using broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', String(threads)], {
    env,
  });
  const [publishing, consuming] = [await connect(broker.url), await connect(broker.url)];
  const writer = await publishing.createChannel();
  const reader = await consuming.createChannel();
  for (const name of ['stalled', 'served']) await writer.assertQueue(name);
  await reader.prefetch(100);
  await reader.consume('stalled', () => {});
  let served = 0;
  const take = (message: ConsumeMessage | null): void => {
    if (message === null) return;
    served++;
    reader.ack(message);
  };
  await reader.consume('served', take);
  let blocks = 0;
  let isBlocked = false;
  publishing.on('blocked', () => {
    blocks++;
    isBlocked = true;
  });
  publishing.on('unblocked', () => {
    isBlocked = false;
  });
  let sent = 0;
  let peakBytes = 0;
  let wantsMore = true;
  const flood = (): void => {
    let hasRoom = true;
    for (let count = 0; hasRoom && wantsMore && count < 500; count++) {
      hasRoom = writer.sendToQueue('stalled', Buffer.alloc(64));
      sent++;
      if (sent % 100 === 0) writer.sendToQueue('served', Buffer.alloc(64));
    }
    if (wantsMore && hasRoom) setImmediate(flood);
    else if (wantsMore) writer.once('drain', flood);
  };
  flood();
  // Each time publishers wait the backlog is taken away, and they go on.
  const cleaner = await connect(broker.url);
  const purging = await cleaner.createChannel();
  for (let round = 0; round < BLOCKS; round++) {
    while (!isBlocked) await new Promise((resolve) => setTimeout(resolve, 20));
    const before = served;
    peakBytes = Math.max(peakBytes, readProcesses([broker.command.pid])?.rssBytes ?? 0);
    expect((await purging.checkQueue('stalled')).messageCount).toBeGreaterThan(1_000);
    await purging.purgeQueue('stalled');
    while (isBlocked) await new Promise((resolve) => setTimeout(resolve, 20));
    while (served === before) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  wantsMore = false;
  expect([peakBytes > 0, peakBytes < RSS_BYTES_MAX]).toEqual([true, true]);
  expect(blocks).toBeGreaterThanOrEqual(BLOCKS);
  for (const connection of [cleaner, consuming, publishing]) await connection.close().catch(() => {});
});
