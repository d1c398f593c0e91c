// A broker in a process of its own that tells what it holds: connections, channels, and memory after a collection. It
// runs on one thread if not told otherwise, for the memory of other threads' heaps cannot be collected on demand.
import type { BrokerOptions } from '../../../src/broker.ts';
import { Forked } from './forked.ts';

/** What a broker holds at one moment, its memory after a collection. */
export interface Held {
  readonly connections: number;
  readonly channels: number;
  readonly queues: number;
  /** All its processes, of the thread it was started on. */
  readonly processes: number;
  readonly rssBytes: number;
  /** What the heap and buffers outside of it use. */
  readonly heapBytes: number;
}

export interface WatchedBroker extends AsyncDisposable {
  readonly amqpPort: number;
  readonly url: string;
  readonly pid: number;
  held(): Promise<Held>;
  /** Asks again and again until what it holds is as wanted. Rejects with the last answer after so long. */
  until(isWanted: (held: Held) => boolean, timeoutMs?: number): Promise<Held>;
  /** What it complained of. */
  stderr(): string;
}

/** Starts one on any TCP port of loopback, in memory. */
export async function startWatchedBroker(options: Pick<BrokerOptions, 'threads'> = {}): Promise<WatchedBroker> {
  const module = new URL('./watched-broker-main.ts', import.meta.url);
  const args = [JSON.stringify({ amqpPort: 0, ...options })];
  const { process, ready: amqpPort } = await Forked.start<object, Held, number>(module, args);
  const held = () => process.ask({});
  return {
    amqpPort,
    url: `amqp://guest:guest@127.0.0.1:${amqpPort}`,
    pid: process.pid,
    held,
    async until(isWanted, timeoutMs = 30_000) {
      const untilMs = performance.now() + timeoutMs;
      for (;;) {
        const now = await held();
        if (isWanted(now)) return now;
        if (performance.now() > untilMs) throw new Error(`it still holds ${JSON.stringify(now)}`);
      }
    },
    stderr: () => process.stderr,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

/** Bytes as MiB with a decimal, for figures that are printed. */
export const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

/** The value below which so much of the sample is (0.5, 0.99). */
export function quantile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
