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

/** Times of round trips in ms by turn, quiet and beside abusers, and what those did in all turns. */
export interface BesideAbusers {
  readonly quietMs: readonly number[][];
  readonly abusedMs: readonly number[][];
  readonly connects: number;
  readonly thrownOut: number;
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

/** In each turn, so many round trips quiet, and as many with so many abusive sockets. */
export async function besideAbusers(
  broker: WatchedBroker,
  sockets: number,
  rounds: number,
  turns: number,
): Promise<BesideAbusers> {
  await using client = await RawClient.open(broker.amqpPort);
  client.send(wire.queueDeclare(1, QUEUE), wire.consume(1, QUEUE, 'good'));
  await client.method('60.21');
  await using loader = await RawClient.open(broker.amqpPort);
  loader.send(wire.confirmSelect(1), wire.queueDeclare(1, BACKLOG, 0));
  const messages = BACKLOG_BYTES / BACKLOG_BODY.length;
  for (let sent = 0; sent < messages; sent++) loader.send(wire.publish(1, '', BACKLOG, BACKLOG_BODY));
  loader.send(wire.method(1, 50, 10, wire.u16(0), wire.shortstr(BACKLOG), wire.u8(0), wire.table()));
  await loader.method('50.11', 2);
  const quiet: number[][] = [await roundTrips(client, rounds)].slice(1);
  const abused: number[][] = [];
  const counts: AbuseCounts[] = [];
  const goneMs: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    // What the machine does besides comes and goes, so that only neighbours in time are compared.
    quiet.push(await roundTrips(client, rounds));
    const module = new URL('./abusers-main.ts', import.meta.url);
    const { process } = await Forked.start<object, AbuseCounts, string>(module, [`${broker.amqpPort}`, `${sockets}`]);
    await using abusers = process;
    // The first of them have to be there, and those who never read to have got their part.
    await roundTrips(client, rounds / 2);
    abused.push(await roundTrips(client, rounds));
    counts.push(await abusers.ask({}));
    await abusers[Symbol.asyncDispose]();
    const vanishedMs = performance.now();
    await broker.until(({ connections }) => connections === 2);
    goneMs.push(performance.now() - vanishedMs);
  }
  const result = {
    quietMs: quiet,
    abusedMs: abused,
    connects: sumOf(counts, 'connects'),
    thrownOut: sumOf(counts, 'thrownOut'),
  };
  const told = (name: string, blocks: readonly number[][]): string =>
    `${name} p50 ${figures(blocks, 0.5)} ms, p99 ${figures(blocks, 0.99)} ms`;
  console.log(
    `${sockets} abusive sockets: ${told('quiet', quiet)}; ${told('abused', abused)}; ratio p50 ` +
      `${ratio(result, 0.5).toFixed(2)}, p99 ${ratio(result, 0.99).toFixed(2)} where quiet turns differ by ${unrest(result, 0.99).toFixed(2)}; ${result.connects} connections came, ` +
      `${result.thrownOut} were thrown out, ${sumOf(counts, 'bytesSent')} bytes sent; gone within ${Math.round(Math.max(...goneMs))} ms`,
  );
  return result;
}

const sumOf = (counts: readonly AbuseCounts[], what: keyof AbuseCounts): number =>
  counts.reduce((sum, one) => sum + one[what], 0);

const figures = (blocks: readonly number[][], share: number): string =>
  blocks.map((block) => quantile(block, share).toFixed(2)).join(' ');

/** By how much a quantile differs between quiet turns: what the rest of the machine does to it. */
export function unrest({ quietMs }: BesideAbusers, share: number): number {
  const each = quietMs.map((block) => quantile(block, share));
  return Math.max(...each) / Math.min(...each);
}

/** By how much a quantile is larger beside abusers: the medians of the turns are compared. */
export function ratio({ quietMs, abusedMs }: BesideAbusers, share: number): number {
  const median = (blocks: readonly number[][]) =>
    quantile(
      blocks.map((block) => quantile(block, share)),
      0.5,
    );
  return median(abusedMs) / median(quietMs);
}
