// Two queues on two channels of one connection: one is flooded and its consumer is slow, the other is used as well. Both
// publish with windows of the same number and size of messages, so that an equal split would give each half of what it
// has alone. A connection is one stream: a message of the other queue comes no sooner than what was written before it,
// which is the window of the flood; a client without confirms has its host's buffers, some MiB, for a window.
import { RawClient } from '../raw-client.ts';
import * as wire from '../wire.ts';
import { quantile, type WatchedBroker } from './watched-broker.ts';

const [FLOODED, OTHER] = ['flooded', 'the other'];
const [FLOOD_CHANNEL, SLOW_CHANNEL, OTHER_CHANNEL] = [1, 2, 3];
const BODY = Buffer.alloc(1_024);
/** Messages on the way at a time: unconfirmed ones of the flood, undelivered ones of the other queue. */
export const WINDOW = 500;
/** When the slow consumer acknowledges its only delivery. */
const SLOW_MS = 10;

/** Of the other queue: round trips in ms and messages a second, alone and beside the flood; and what the flood got in. */
export interface Fairness {
  readonly aloneMs: readonly number[];
  readonly floodedMs: readonly number[];
  readonly alonePerSecond: number;
  readonly floodedPerSecond: number;
  /** Of the flood, beside the other queue at full rate. */
  readonly floodPerSecond: number;
  /** The time that the window of the flood takes alone: the least that a message behind it waits. */
  readonly floodWindowMs: number;
}

/** Runs so many round trips, and so many ms at full rate, alone and beside the flood. */
export async function fairness(broker: WatchedBroker, rounds: number, rateMs: number): Promise<Fairness> {
  await using client = await RawClient.open(broker.amqpPort);
  const pair = new Pair(client);
  await pair.declare();
  await pair.perSecond(rateMs / 4);
  const aloneMs = await pair.roundTrips(rounds);
  const alonePerSecond = await pair.perSecond(rateMs);
  pair.startFlood();
  const confirmed = pair.confirmed;
  const startMs = performance.now();
  const floodedMs = await pair.roundTrips(rounds);
  const floodWindowMs = (WINDOW * (performance.now() - startMs)) / (pair.confirmed - confirmed);
  const before = { confirmed: pair.confirmed, ms: performance.now() };
  const floodedPerSecond = await pair.perSecond(rateMs);
  const floodPerSecond = ((pair.confirmed - before.confirmed) * 1_000) / (performance.now() - before.ms);
  pair.endFlood();
  const told = (sample: readonly number[]) =>
    `p50 ${quantile(sample, 0.5).toFixed(2)} ms, p99 ${quantile(sample, 0.99).toFixed(2)} ms`;
  console.log(
    `the other queue of a flooded connection: ${told(aloneMs)} alone, ${told(floodedMs)} behind windows of the flood ` +
      `of ${floodWindowMs.toFixed(2)} ms each; ${Math.round(alonePerSecond)} -> ${Math.round(floodedPerSecond)} ` +
      `messages a second, ${(floodedPerSecond / alonePerSecond).toFixed(2)} of what it has alone (an equal split: ` +
      `0.50), beside ${Math.round(floodPerSecond)} a second of the flood`,
  );
  return { aloneMs, floodedMs, alonePerSecond, floodedPerSecond, floodPerSecond, floodWindowMs };
}

const publishOther = wire.publish(OTHER_CHANNEL, '', OTHER, BODY);
const publishFlood = wire.publish(FLOOD_CHANNEL, '', FLOODED, BODY);
const times = (count: number, bytes: Buffer): Buffer[] => Array.from({ length: count }, () => bytes);

/** The client's side: what it has heard of both queues. */
class Pair {
  /** Publishes of the flood that were confirmed. */
  confirmed = 0;
  private readonly client: RawClient;
  private delivered = 0;
  private slowTag = 0;
  private flooded: number | null = null;
  private hear: () => void = () => {};

  constructor(client: RawClient) {
    this.client = client;
  }

  async declare(): Promise<void> {
    const { client } = this;
    client.send(wire.confirmSelect(FLOOD_CHANNEL), wire.channelOpen(SLOW_CHANNEL), wire.channelOpen(OTHER_CHANNEL));
    client.send(wire.queueDeclare(FLOOD_CHANNEL, FLOODED), wire.queueDeclare(OTHER_CHANNEL, OTHER));
    await client.method('50.11', 2);
    client.send(wire.qos(SLOW_CHANNEL, 1), wire.consume(SLOW_CHANNEL, FLOODED, 'slow', false));
    client.send(wire.consume(OTHER_CHANNEL, OTHER, 'quick'));
    await client.method('60.21', 2);
    client.socket.on('data', () => this.read());
  }

  startFlood(): void {
    this.flooded = 0;
    this.flood();
  }

  endFlood(): void {
    this.flooded = null;
  }

  /** One message of the other queue at a time. */
  async roundTrips(rounds: number): Promise<number[]> {
    const tookMs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now();
      this.client.send(publishOther);
      await this.until(this.delivered + 1);
      tookMs.push(performance.now() - startMs);
    }
    return tookMs;
  }

  /** The rate of the other queue with a whole window always on the way. */
  async perSecond(forMs: number): Promise<number> {
    const [startMs, from] = [performance.now(), this.delivered];
    let sent = 0;
    while (performance.now() - startMs < forMs) {
      const room = WINDOW - (sent - (this.delivered - from));
      this.client.send(...times(room, publishOther));
      sent += room;
      await this.until(this.delivered + 1);
    }
    const rate = ((this.delivered - from) * 1_000) / (performance.now() - startMs);
    await this.until(from + sent);
    return rate;
  }

  private read(): void {
    for (const { type, channel, name, payload } of this.client.frames.splice(0)) {
      if (type === 3 && channel === OTHER_CHANNEL) this.delivered++;
      else if (type === 3 && channel === SLOW_CHANNEL) setTimeout(() => this.acknowledge(), SLOW_MS);
      else if (name === '60.80') this.confirmed = Math.max(this.confirmed, Number(payload.readBigUInt64BE(4)));
    }
    this.hear();
    this.flood();
  }

  private flood(): void {
    if (this.flooded === null) return;
    const room = WINDOW - (this.flooded - this.confirmed);
    if (room <= 0) return;
    this.flooded += room;
    this.client.send(...times(room, publishFlood));
  }

  private acknowledge(): void {
    if (!this.client.socket.destroyed) this.client.send(wire.ack(SLOW_CHANNEL, ++this.slowTag));
  }

  private async until(delivered: number): Promise<void> {
    if (this.delivered >= delivered) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.delivered} of ${delivered} have come`)), 30_000);
      this.hear = () => {
        if (this.delivered < delivered) return;
        clearTimeout(late);
        resolve();
      };
    });
  }
}
