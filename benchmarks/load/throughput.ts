// Question: how many messages per second, and after how long? Runs one load: connect, warm up, measure, stop, drain,
// count. What is published after the window still has to arrive: lost is counted after the drain, so it is exact.

import hostProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { machineBusySeconds, readProcesses } from '../process-stats.ts';
import { Consumer } from './consumer.ts';
import { TIMED_BODY_BYTES_MIN } from './frames.ts';
import { type Percentiles, percentiles } from './histogram.ts';
import { Ledger } from './ledger.ts';
import { Meter } from './meter.ts';
import type { LoadOptions } from './options.ts';
import { Producer } from './producer.ts';
import { standBy } from './standing.ts';
import { declareTopology, planTopology, type Topology } from './topology.ts';

/** What one run found. Rates and CPU are those of the measuring window, counts those of the whole run. */
export interface ThroughputResult {
  readonly kind: 'throughput';
  readonly seconds: number;
  readonly deliveredPerSecond: number;
  readonly publishedPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly published: number;
  readonly delivered: number;
  readonly confirmed: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly redelivered: number;
  readonly foreign: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  readonly latencyUs: Percentiles;
  readonly confirmLatencyUs: Percentiles;
  /** Cores this program used; near 1 means that it, not the broker, was measured. */
  readonly generatorCores: number;
  readonly brokerCores?: number;
  /** Cores that neither side used: above 0.2 the sample was disturbed. */
  readonly otherCores?: number;
  readonly brokerUsPerMessage?: number;
  readonly brokerRssBytes?: number;
}

interface Run {
  readonly options: LoadOptions;
  readonly topology: Topology;
  readonly meter: Meter;
  readonly ledger: Ledger;
  readonly producers: readonly Producer[];
}

const PACE_MS = 1;
const DRAIN_POLL_MS = 10;

/** Runs one load to its end. Rejects only when it cannot start. */
export async function measureThroughput(options: LoadOptions): Promise<ThroughputResult> {
  const meter = new Meter();
  const topology = planTopology(options);
  const ledger = new Ledger(topology.streamsOfQueue, topology.streamCount);
  const limits = {
    window: options.window > 0 ? Math.max(1, Math.floor(options.window / options.producers)) : 0,
    confirmsOutstanding: options.confirmsOutstanding,
    copies: options.isFanout ? options.queues : 1,
  };
  const producers = topology.streams.map((shapes) => new Producer(shapes, limits, meter));
  const run: Run = { options, topology, meter, ledger, producers };
  const leave = await standBy(options, meter);
  const removeAll = await declareTopology(options, topology, options, (error) => meter.fail(error));
  const consumers = createConsumers(run);
  for (const consumer of consumers) await consumer.open(options);
  for (const producer of producers) await producer.open(options);
  const window = await (options.messages > 0 ? measureMessages(run) : measureTime(run));
  await drain(run);
  const result = summarize(run, window);
  for (const each of [...producers, ...consumers]) await each.close();
  await removeAll().catch((error: Error) => meter.fail(error));
  await leave();
  return { ...result, errorCount: meter.errorCount };
}

function createConsumers({ options, topology, meter, ledger, producers }: Run): Consumer[] {
  const producerOf = topology.streams.flatMap((shapes, index) => shapes.map(() => producers[index]));
  return Array.from({ length: options.consumers }, (_, index) => {
    const queue = index % options.queues;
    const plan = {
      ...options,
      queueName: topology.queueNames[queue],
      isTimed: options.bodyBytes >= TIMED_BODY_BYTES_MIN,
      view: ledger.view(queue),
      producerOf,
    };
    return new Consumer(plan, ledger, meter);
  });
}

/** Counters at one moment; two of them make a window. */
interface Mark {
  readonly us: number;
  readonly delivered: number;
  readonly published: number;
  readonly ownCpuUs: number;
  readonly machineBusySeconds: number;
  readonly brokerCpuSeconds?: number;
  readonly brokerRssBytes?: number;
}

function mark(run: Run): Mark {
  const own = hostProcess.cpuUsage();
  const broker = readProcesses(run.options.brokerPids);
  return {
    us: run.meter.nowUs(),
    delivered: run.ledger.delivered,
    published: run.producers.reduce((sum, producer) => sum + producer.sent, 0),
    ownCpuUs: own.user + own.system,
    machineBusySeconds: machineBusySeconds(),
    brokerCpuSeconds: broker?.cpuSeconds,
    brokerRssBytes: broker?.rssBytes,
  };
}

type Window = readonly [Mark, Mark];

async function measureTime(run: Run): Promise<Window> {
  const { options, meter } = run;
  const stopPublishing = startPublishing(run);
  await Promise.race([sleep(options.warmupSeconds * 1000), meter.broken]);
  const from = mark(run);
  meter.isRecording = true;
  await Promise.race([sleep(options.seconds * 1000), meter.broken]);
  meter.isRecording = false;
  const to = mark(run);
  stopPublishing();
  return [from, to];
}

async function measureMessages(run: Run): Promise<Window> {
  run.meter.isRecording = true;
  const from = mark(run);
  const share = Math.ceil(run.options.messages / run.producers.length);
  for (const producer of run.producers) {
    producer.limit = share;
    producer.pump();
  }
  await drain(run);
  run.meter.isRecording = false;
  return [from, mark(run)];
}

/** Lets the producers go, all at once or paced; returns the function that stops them. */
function startPublishing({ options, producers, meter }: Run): () => void {
  const perProducer = options.ratePerSecond / producers.length / 1_000_000;
  const startUs = meter.nowUs();
  const pace = () => {
    for (const producer of producers) {
      producer.limit = perProducer > 0 ? Math.floor((meter.nowUs() - startUs) * perProducer) : Infinity;
      producer.pump();
    }
  };
  pace();
  const timer = perProducer > 0 ? setInterval(pace, PACE_MS) : undefined;
  return () => {
    clearInterval(timer);
    for (const producer of producers) producer.limit = producer.sent;
  };
}

/** Waits until everything published has arrived and is confirmed, or nothing moves any more. */
async function drain({ options, producers, ledger, meter }: Run): Promise<void> {
  const copies = options.isFanout ? options.queues : 1;
  const isDone = () =>
    producers.every(({ sent, arrived, confirmed, limit }) => {
      const isConfirmed = options.confirmsOutstanding === 0 || confirmed >= sent;
      return arrived >= sent * copies && isConfirmed && (limit === Infinity || sent >= limit);
    });
  let seen = -1;
  let movedUs = meter.nowUs();
  while (!isDone() && meter.errorCount === 0) {
    if (ledger.delivered !== seen) movedUs = meter.nowUs();
    seen = ledger.delivered;
    if (meter.nowUs() - movedUs > options.drainTimeoutMs * 1000) return;
    await sleep(DRAIN_POLL_MS);
  }
}

function summarize({ options, topology, meter, ledger, producers }: Run, [from, to]: Window): ThroughputResult {
  const seconds = (to.us - from.us) / 1_000_000;
  const delivered = to.delivered - from.delivered;
  const publishedByStream: number[] = new Array(topology.streamCount).fill(0);
  for (const producer of producers) producer.published(publishedByStream);
  const brokerCpu =
    to.brokerCpuSeconds === undefined || from.brokerCpuSeconds === undefined
      ? undefined
      : to.brokerCpuSeconds - from.brokerCpuSeconds;
  const brokerCores = brokerCpu === undefined ? undefined : brokerCpu / seconds;
  const ownCores = (to.ownCpuUs - from.ownCpuUs) / 1_000_000 / seconds;
  const busyCores = (to.machineBusySeconds - from.machineBusySeconds) / seconds;
  return {
    kind: 'throughput',
    seconds,
    deliveredPerSecond: delivered / seconds,
    publishedPerSecond: (to.published - from.published) / seconds,
    megabytesPerSecond: (delivered * options.bodyBytes) / seconds / 1_000_000,
    published: producers.reduce((sum, producer) => sum + producer.sent, 0),
    delivered: ledger.delivered,
    confirmed: producers.reduce((sum, producer) => sum + producer.confirmed, 0),
    lost: ledger.lost(publishedByStream),
    duplicated: ledger.duplicated,
    outOfOrder: ledger.outOfOrder,
    redelivered: ledger.redelivered,
    foreign: ledger.foreign,
    errorCount: meter.errorCount,
    errors: meter.errors,
    latencyUs: percentiles(meter.latency),
    confirmLatencyUs: percentiles(meter.confirmLatency),
    generatorCores: ownCores,
    brokerCores,
    otherCores: brokerCores === undefined ? undefined : Math.max(0, busyCores - ownCores - brokerCores),
    brokerUsPerMessage: brokerCpu === undefined || delivered === 0 ? undefined : (brokerCpu * 1_000_000) / delivered,
    brokerRssBytes: to.brokerRssBytes,
  };
}
