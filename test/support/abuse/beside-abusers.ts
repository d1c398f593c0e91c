// The round trips of one good client at a steady pace, before and while others abuse the broker.
import { RawClient } from '../raw-client.ts';
import * as wire from '../wire.ts';
import { type AbuseCounts, BACKLOG } from './abusers.ts';
import { Forked } from './forked.ts';
import { quantile, type WatchedBroker } from './watched-broker.ts';

const PACE_MS = 5;
/** So many messages wait for those who never read, more than all their sockets and windows take. */
const BACKLOG_BYTES = 64 * 1_048_576;
const BACKLOG_BODY = Buffer.alloc(64 * 1_024);
const QUEUE = 'of the good one';

/** Times of round trips in ms, and what the abusers did meanwhile. */
export interface BesideAbusers {
  readonly quietMs: readonly number[];
  readonly abusedMs: readonly number[];
  readonly counts: AbuseCounts;
}

/** From publish to delivery, one every 5 ms; late ones do not put off the next beyond that. */
export async function roundTrips(client: RawClient, rounds: number): Promise<number[]> {
  const times: number[] = [];
  const message = wire.publish(1, '', QUEUE, Buffer.from('x'));
  for (let round = 0; round < rounds; round++) {
    client.frames.length = 0;
    const startMs = performance.now();
    client.send(message);
    await client.until(() => client.frames.find(({ type }) => type === 3), 'the delivery', 30_000);
    const tookMs = performance.now() - startMs;
    times.push(tookMs);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, PACE_MS - tookMs)));
  }
  return times;
}

/** So many round trips quiet, and as many with so many abusive sockets. */
export async function besideAbusers(broker: WatchedBroker, sockets: number, rounds: number): Promise<BesideAbusers> {
  await using client = await RawClient.open(broker.amqpPort);
  client.send(wire.queueDeclare(1, QUEUE), wire.consume(1, QUEUE, 'good'));
  await client.method('60.21');
  await using loader = await RawClient.open(broker.amqpPort);
  loader.send(wire.confirmSelect(1), wire.queueDeclare(1, BACKLOG, 0));
  const messages = BACKLOG_BYTES / BACKLOG_BODY.length;
  for (let sent = 0; sent < messages; sent++) loader.send(wire.publish(1, '', BACKLOG, BACKLOG_BODY));
  loader.send(wire.method(1, 50, 10, wire.u16(0), wire.shortstr(BACKLOG), wire.u8(0), wire.table()));
  await loader.method('50.11', 2);
  await roundTrips(client, rounds / 4);
  const quietMs = await roundTrips(client, rounds);
  const module = new URL('./abusers-main.ts', import.meta.url);
  const { process } = await Forked.start<object, AbuseCounts, string>(module, [`${broker.amqpPort}`, `${sockets}`]);
  await using abusers = process;
  // The first of them have to be there, and those who never read to have got their part.
  await roundTrips(client, rounds / 4);
  const abusedMs = await roundTrips(client, rounds);
  const counts = await abusers.ask({});
  const told = (name: string, sample: readonly number[]): string =>
    `${name} p50 ${quantile(sample, 0.5).toFixed(2)} ms, p99 ${quantile(sample, 0.99).toFixed(2)} ms`;
  console.log(
    `${sockets} abusive sockets: ${told('quiet', quietMs)}; ${told('abused', abusedMs)}; ratio p50 ` +
      `${ratio(quietMs, abusedMs, 0.5).toFixed(2)}, p99 ${ratio(quietMs, abusedMs, 0.99).toFixed(2)}; ${JSON.stringify(counts)}`,
  );
  return { quietMs, abusedMs, counts };
}

/** By how much a quantile has grown. */
export function ratio(quietMs: readonly number[], abusedMs: readonly number[], share: number): number {
  return quantile(abusedMs, share) / quantile(quietMs, share);
}
