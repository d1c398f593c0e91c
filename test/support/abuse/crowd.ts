// Thousands of connections that do nothing, then all the same thing, then are all gone.
import { RawClient } from '../raw-client.ts';
import * as wire from '../wire.ts';
import { type Held, mib, type WatchedBroker } from './watched-broker.ts';

/** How many connect at a time; the listener's backlog is limited. */
const AT_A_TIME = 200;
const QUEUE = 'of the crowd';

/** What the broker held without them, with all of them idle, and after the last had gone. Times in ms. */
export interface CrowdResult {
  readonly before: Held;
  readonly idle: Held;
  readonly after: Held;
  /** Different messages that came of those that each published one. */
  readonly delivered: number;
  readonly openMs: number;
  readonly publishMs: number;
  /** Until the broker had no process of them any more. */
  readonly goneMs: number;
}

/** Opens so many connections with a channel, lets each publish one message, and drops all at once: half of them by RST. */
export async function crowd(broker: WatchedBroker, count: number): Promise<CrowdResult> {
  await using watcher = await RawClient.open(broker.amqpPort);
  watcher.send(wire.queueDeclare(1, QUEUE), wire.consume(1, QUEUE, 'watcher'));
  await watcher.method('60.21');
  const before = await broker.until(({ connections }) => connections === 1);
  const clients: RawClient[] = [];
  const startMs = performance.now();
  while (clients.length < count) {
    const opening = Array.from({ length: Math.min(AT_A_TIME, count - clients.length) }, () => broker.amqpPort);
    clients.push(...(await Promise.all(opening.map(RawClient.open))));
  }
  const openMs = performance.now() - startMs;
  const idle = await broker.held();
  const publishedMs = performance.now();
  for (const [at, client] of clients.entries()) client.send(wire.publish(1, '', QUEUE, Buffer.from(`${at}`)));
  const all = () => (watcher.bodies().length >= count ? true : undefined);
  await watcher.until(all, 'every message', 60_000);
  const publishMs = performance.now() - publishedMs;
  const vanishedMs = performance.now();
  for (const [at, { socket }] of clients.entries()) at % 2 === 0 ? socket.resetAndDestroy() : socket.destroy();
  await broker.until(({ connections }) => connections === 1);
  const goneMs = performance.now() - vanishedMs;
  // Once more when everything about them has been collected.
  const after = await broker.held();
  const each = (what: 'heapBytes' | 'rssBytes'): number => Math.round((idle[what] - before[what]) / count);
  console.log(
    `${count} connections: open in ${Math.round(openMs)} ms, one message of each in ${Math.round(publishMs)} ms, gone ` +
      `in ${Math.round(goneMs)} ms; each ${each('heapBytes')} bytes of heap, ${each('rssBytes')} resident; heap ` +
      `${mib(before.heapBytes)} -> ${mib(idle.heapBytes)} -> ${mib(after.heapBytes)}, resident ` +
      `${mib(before.rssBytes)} -> ${mib(idle.rssBytes)} -> ${mib(after.rssBytes)}`,
  );
  return { before, idle, after, delivered: new Set(watcher.bodies()).size, openMs, publishMs, goneMs };
}
