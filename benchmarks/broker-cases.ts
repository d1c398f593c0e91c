// Question: which loads describe a broker? The table of broker cases, and how one sample of a case is taken: the load
// generator runs as a process of its own and its report must show nothing lost, repeated, out of order or refused.

import { execFile } from 'node:child_process';
import hostProcess from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadReport } from './load/main.ts';
import type { LoadOptions } from './load/options.ts';
import type { Target } from './peers/target.ts';

/** One load and the figure that it is about. */
export interface BrokerCase {
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  readonly isLowerBetter: boolean;
  readonly load: Partial<LoadOptions>;
  /** Each sample gets brokers that were just started, because a used one keeps memory. */
  readonly needsFreshTarget: boolean;
  /** Who is not asked: the floor knows no exchanges and keeps nothing; a peer may take too long. */
  readonly without: readonly ('floor' | 'rabbitmq')[];
  figure(report: LoadReport): number;
}

const LOAD = fileURLToPath(new URL('./load/main.ts', import.meta.url));
const LOAD_TIMEOUT_MS = 180_000;

const deliveredPerSecond = of('throughput', (report) => report.deliveredPerSecond);

/** The case's figure where the report is of its kind. */
function of<K extends LoadReport['kind']>(
  kind: K,
  pick: (report: Extract<LoadReport, { kind: K }>) => number | undefined,
) {
  return (report: LoadReport): number =>
    report.kind === kind ? (pick(report as Extract<LoadReport, { kind: K }>) ?? Number.NaN) : Number.NaN;
}

const MANUAL = { isAutoAck: false, prefetch: 100 };
const TEN = { producers: 10, consumers: 10, queues: 10 };

/** Consumers acknowledge, or nothing would have to be written for what they take at once. */
function durable(confirmsOutstanding: number): Partial<LoadOptions> {
  return { bodyBytes: 1024, isPersistent: true, isAutoAck: false, prefetch: 1_000, confirmsOutstanding };
}

function throughput(name: string, question: string, load: Partial<LoadOptions>): BrokerCase {
  return {
    name,
    question,
    unit: 'msgs/s',
    isLowerBetter: false,
    load,
    needsFreshTarget: false,
    without: load.isFanout === true || load.wildcardBindings !== undefined ? ['floor'] : [],
    figure: deliveredPerSecond,
  };
}

const CONNECTIONS = 1000;
/** So many that what the heap keeps in reserve does not count. */
const IDLE_CONNECTIONS = 5000;
/** So many that what the heap keeps in reserve does not count. */
const BACKLOG = 400_000;
/** In flight, so that a latency is no backlog. */
const PACED = { bodyBytes: 1024, window: 2_000 };

function latency(name: string, question: string, load: Partial<LoadOptions>): BrokerCase {
  const figure = of('throughput', ({ latencyUs }) => latencyUs.p50 / 1000);
  return {
    name,
    question,
    unit: 'ms',
    isLowerBetter: true,
    load: { ...PACED, ...load },
    needsFreshTarget: false,
    without: [],
    figure,
  };
}

function declares(name: string, question: string, load: Partial<LoadOptions>): BrokerCase {
  const figure = of('declares', ({ declaresPerSecond }) => declaresPerSecond);
  const whole = { declares: 1_000, ...load };
  // RabbitMQ takes minutes to declare so many.
  const without = load.declaresBefore === 100_000 ? (['floor', 'rabbitmq'] as const) : (['floor'] as const);
  return {
    name,
    question,
    unit: 'queues/s',
    isLowerBetter: false,
    load: whole,
    needsFreshTarget: false,
    without,
    figure,
  };
}

function backlog(name: string, question: string, isPersistent: boolean): BrokerCase {
  const figure = of('backlog', ({ brokerBytesPerMessage }) => brokerBytesPerMessage);
  const load = { backlog: BACKLOG, bodyBytes: 1024, isPersistent };
  return { name, question, unit: 'B', isLowerBetter: true, load, needsFreshTarget: true, without: ['floor'], figure };
}

/** All broker cases, in the order of the printed table. */
export const brokerCases: readonly BrokerCase[] = [
  throughput('auto-ack-16b', '16 B bodies, one producer, queue and consumer', { bodyBytes: 16 }),
  throughput('auto-ack-1kib', 'the same with 1 KiB', { bodyBytes: 1024 }),
  throughput('manual-ack-16b', '16 B bodies, each acked, prefetch 100', { bodyBytes: 16, ...MANUAL }),
  throughput('manual-ack-1kib', 'the same with 1 KiB', { bodyBytes: 1024, ...MANUAL }),
  throughput('auto-ack-16b-10-queues', '16 B bodies, ten producers, queues and consumers', { bodyBytes: 16, ...TEN }),
  throughput('auto-ack-1kib-10-queues', 'the same with 1 KiB', { bodyBytes: 1024, ...TEN }),
  throughput('manual-ack-16b-10-queues', 'ten of each, 16 B, each acked', { bodyBytes: 16, ...TEN, ...MANUAL }),
  throughput('manual-ack-1kib-10-queues', 'ten of each, 1 KiB, each acked', { bodyBytes: 1024, ...TEN, ...MANUAL }),
  throughput('fanout-16b', '16 B bodies, one producer, ten queues each with a consumer', {
    bodyBytes: 16,
    consumers: 10,
    queues: 10,
    isFanout: true,
  }),
  throughput('fanout-1kib', 'the same with 1 KiB', { bodyBytes: 1024, consumers: 10, queues: 10, isFanout: true }),
  throughput('auto-ack-16kib', '16 KiB bodies, one producer, queue and consumer', { bodyBytes: 16_384 }),
  throughput('auto-ack-128kib', 'the same with 128 KiB', { bodyBytes: 131_072, window: 500 }),
  throughput('topic-10k-bindings', '16 B bodies, ten queues, 10,000 bindings with wildcards, one matches', {
    bodyBytes: 16,
    consumers: 10,
    queues: 10,
    wildcardBindings: 10_000,
    window: 20_000,
  }),
  throughput('persistent-confirm-1', '1 KiB, durable, each acked, one publish unconfirmed', durable(1)),
  throughput('persistent-confirm-100', 'the same with 100 unconfirmed', durable(100)),
  throughput('persistent-confirm-1000', 'the same with 1,000 unconfirmed', durable(1_000)),
  throughput('persistent-64-publishers', '1 KiB, durable, 64 producers, each with one publish unconfirmed', {
    ...durable(1),
    producers: 64,
  }),
  latency('latency-1k', 'median latency at 1,000/s, 1 KiB, auto-ack', { ratePerSecond: 1_000 }),
  latency('latency-10k', 'the same at 10,000/s', { ratePerSecond: 10_000 }),
  latency('latency-10k-persistent', 'the same at 10,000/s, durable, confirmed and acked', {
    ...durable(1_000),
    ratePerSecond: 10_000,
  }),
  declares('queue-declare', 'transient queues declared one by one, ten before', { declaresBefore: 10 }),
  declares('queue-declare-durable', 'durable queues declared one by one, ten before', {
    declaresBefore: 10,
    isPersistent: true,
  }),
  declares('queue-declare-100k', 'transient queues declared one by one, 100,000 before', { declaresBefore: 100_000 }),
  {
    name: 'churn',
    question: 'cycles of connect, open a channel, publish, close; eight at once',
    unit: 'cycles/s',
    isLowerBetter: false,
    load: { cycles: 2_000 },
    needsFreshTarget: false,
    without: [],
    figure: of('cycles', ({ cyclesPerSecond }) => cyclesPerSecond),
  },
  backlog('backlog-memory', 'what a waiting transient message of 1 KiB costs', false),
  backlog('backlog-memory-persistent', 'the same, durable: the broker may keep it on the disk only', true),
  {
    name: 'connections-open',
    question: 'how fast connections open, each with channel and exclusive queue',
    unit: 'opens/s',
    isLowerBetter: false,
    load: { connections: CONNECTIONS },
    needsFreshTarget: false,
    without: [],
    figure: of('connections', ({ opensPerSecond }) => opensPerSecond),
  },
  {
    name: 'connection-memory',
    question: 'what an idle connection with channel and exclusive queue costs',
    unit: 'B',
    isLowerBetter: true,
    load: { connections: IDLE_CONNECTIONS },
    needsFreshTarget: true,
    without: [],
    figure: of('connections', ({ brokerBytesPerConnection }) => brokerBytesPerConnection),
  },
];

const FLAGS: Partial<Record<keyof LoadOptions, string>> = {
  producers: 'producers',
  consumers: 'consumers',
  queues: 'queues',
  bodyBytes: 'body-bytes',
  prefetch: 'prefetch',
  ackEvery: 'ack-every',
  window: 'window',
  confirmsOutstanding: 'confirms-outstanding',
  ratePerSecond: 'rate-per-second',
  seconds: 'seconds',
  warmupSeconds: 'warmup-seconds',
  messages: 'messages',
  drainTimeoutMs: 'drain-timeout-ms',
  connections: 'connections',
  declares: 'declares',
  declaresBefore: 'declares-before',
  cycles: 'cycles',
  backlog: 'backlog',
  idleConnections: 'idle-connections',
  idleQueues: 'idle-queues',
  idleMessages: 'idle-messages',
  wildcardBindings: 'wildcard-bindings',
  openAtOnce: 'open-at-once',
};

/** The generator's command line for a load. */
export function loadArguments(load: Partial<LoadOptions>): string[] {
  const args: string[] = [];
  for (const [name, flag] of Object.entries(FLAGS)) {
    const value = load[name as keyof LoadOptions];
    if (value !== undefined) args.push(`--${flag}`, String(value));
  }
  if (load.isAutoAck === false) args.push('--manual-ack');
  if (load.isPersistent === true) args.push('--persistent');
  if (load.isFanout === true) args.push('--fanout');
  return args;
}

/** Puts one load on a target. Rejects when anything was lost, repeated, out of order or refused. */
export async function runLoad(target: Target, load: Partial<LoadOptions>): Promise<LoadReport> {
  const where = ['--amqp-port', String(target.amqpPort), '--broker-pids', String(target.pid)];
  const args = [LOAD, ...where, ...loadArguments(load)];
  // A report with mistakes comes with exit code 1 and still says which.
  const { stdout } = await promisify(execFile)(hostProcess.execPath, args, { timeout: LOAD_TIMEOUT_MS }).catch(
    (error: { stdout?: string; stderr?: string; message: string }) => {
      if (error.stdout === undefined || error.stdout === '') throw new Error(error.stderr?.trim() || error.message);
      return { stdout: error.stdout };
    },
  );
  const report: LoadReport = JSON.parse(stdout);
  const mistakes = mistakesOf(report);
  if (mistakes !== '') throw new Error(mistakes);
  return report;
}

function mistakesOf(report: LoadReport): string {
  const counts: Record<string, number> = { errors: report.errorCount };
  if (report.kind === 'throughput') {
    const { lost, duplicated, outOfOrder, foreign } = report;
    Object.assign(counts, { lost, duplicated, 'out of order': outOfOrder, foreign });
  }
  const wrong = Object.entries(counts).filter(([, count]) => count > 0);
  return [...wrong.map(([what, count]) => `${count} ${what}`), ...report.errors].join(', ');
}
