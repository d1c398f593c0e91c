// Connections that come, publish one message, and go, so many a second.
import { RawClient } from '../raw-client.ts';
import * as wire from '../wire.ts';
import { type Held, mib, type WatchedBroker } from './watched-broker.ts';

const QUEUE = 'of the churn';
const TICK_MS = 20;
/** One that finds the machine busy waits; more than this many at a time would be another test. */
const AT_A_TIME = 500;

/** What the broker held after a third of the time and at the end, when all connections had gone. */
export interface ChurnResult {
  readonly third: Held;
  readonly end: Held;
  /** Connections that came and went. */
  readonly completed: number;
  /** Messages that were delivered of theirs. */
  readonly delivered: number;
  readonly perSecond: number;
}

async function comeAndGo(broker: WatchedBroker): Promise<void> {
  await using client = await RawClient.connect(broker.amqpPort);
  client.send(wire.OPENING);
  await client.method('20.11');
  client.send(wire.publish(1, '', QUEUE, Buffer.from('x')), wire.connectionClose);
  await client.method('10.51');
}

/** Goes on for so long, with up to so many new connections a second: as many as the machine gives. */
export async function churn(broker: WatchedBroker, perSecond: number, seconds: number): Promise<ChurnResult> {
  await using watcher = await RawClient.open(broker.amqpPort);
  let delivered = 0;
  watcher.send(wire.queueDeclare(1, QUEUE), wire.consume(1, QUEUE, 'watcher'));
  await watcher.method('60.21');
  const count = (): void => {
    delivered += watcher.frames.filter(({ type }) => type === 3).length;
    watcher.frames.length = 0;
  };
  let completed = 0;
  let spentMs = 0;
  const run = async (forMs: number): Promise<void> => {
    const startMs = performance.now();
    const running = new Set<Promise<void>>();
    let failed: unknown = null;
    for (let started = 0; performance.now() - startMs < forMs; ) {
      const due = Math.floor(((performance.now() - startMs) * perSecond) / 1_000);
      for (; started < due && running.size < AT_A_TIME; started++) {
        const one = comeAndGo(broker).then(
          () => {
            completed++;
          },
          (error: unknown) => {
            failed = error;
          },
        );
        running.add(one);
        void one.finally(() => running.delete(one));
      }
      if (failed !== null) throw failed;
      count();
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all(running);
    if (failed !== null) throw failed;
    spentMs += performance.now() - startMs;
  };
  await run((seconds * 1_000) / 3);
  const third = await broker.until(({ connections }) => connections === 1);
  await run((seconds * 2_000) / 3);
  const end = await broker.until(({ connections }) => connections === 1);
  count();
  const rate = (completed * 1_000) / spentMs;
  console.log(
    `churn: ${completed} connections, ${Math.round(rate)} a second (asked for ${perSecond}); after a third and at the ` +
      `end: heap ${mib(third.heapBytes)} -> ${mib(end.heapBytes)}, resident ${mib(third.rssBytes)} -> ` +
      `${mib(end.rssBytes)}, processes ${third.processes} -> ${end.processes}`,
  );
  return { third, end, completed, delivered, perSecond: rate };
}
