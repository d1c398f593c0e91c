// Thousands of channels on one connection, each with a consumer of its own queue.
import { RawClient } from '../raw-client.ts';
import * as wire from '../wire.ts';
import { type Held, mib, type WatchedBroker } from './watched-broker.ts';

/** What the broker held at the start, with all channels working, after they were closed, and at the end; deliveries. */
export interface ManyChannels {
  readonly before: Held;
  readonly open: Held;
  readonly after: Held;
  /** When the connection was gone as well, and with it the queues, which are its own. */
  readonly gone: Held;
  /** Bodies as they came, in the order of the channels. */
  readonly bodies: readonly string[];
}

/** Opens so many, has each deliver one message, and closes each of them; the connection lives on to the end. */
export async function manyChannels(broker: WatchedBroker, count: number): Promise<ManyChannels> {
  // The first connection loads what all of them need.
  await (await RawClient.open(broker.amqpPort))[Symbol.asyncDispose]();
  const before = await broker.until(({ connections }) => connections === 0);
  await using client = await RawClient.open(broker.amqpPort);
  const channels = Array.from({ length: count }, (_, at) => at + 1);
  for (const channel of channels) {
    // The opening has opened the first one.
    if (channel > 1) client.send(wire.channelOpen(channel));
    const queue = `of ${channel}`;
    client.send(wire.queueDeclare(channel, queue), wire.consume(channel, queue, `c${channel}`));
  }
  await client.method('60.21', count);
  client.frames.length = 0;
  for (const channel of channels) client.send(wire.publish(channel, '', `of ${channel}`, Buffer.from(`${channel}`)));
  await client.until(() => (client.bodies().length === count ? true : undefined), 'every delivery', 20_000);
  const bodies = client.frames.filter(({ type }) => type === 3).map(({ channel, payload }) => `${channel} ${payload}`);
  client.frames.length = 0;
  const open = await broker.held();
  for (const channel of channels) client.send(wire.channelClose(channel));
  await client.method('20.41', count);
  const after = await broker.until(({ channels: left }) => left === 0);
  await client[Symbol.asyncDispose]();
  const gone = await broker.until(({ connections, queues }) => connections === 0 && queues === before.queues);
  const each = (open.heapBytes - before.heapBytes) / count;
  console.log(
    `${count} channels: ${mib(open.heapBytes - before.heapBytes)} of heap, ${Math.round(each)} bytes each with its ` +
      `queue and consumer; resident ${mib(before.rssBytes)} -> ${mib(open.rssBytes)} -> ${mib(after.rssBytes)}; ` +
      `` +
      `left of the heap ${mib(after.heapBytes - before.heapBytes)} with the queues, ${mib(gone.heapBytes - before.heapBytes)} without`,
  );
  return { before, open, after, gone, bodies };
}
