// Question: how does the cost of a message grow as work grows? Curves over threads, queues, connections, bindings, what
// waits, and the size of a message. Every point has brokers of its own, because a used one keeps memory.

import { runLoad } from './broker-cases.ts';
import { type CaseResult, type Contender, sampleInTurns } from './harness.ts';
import type { LoadReport } from './load/main.ts';
import type { LoadOptions } from './load/options.ts';
import { startRabbitmq } from './peers/rabbitmq.ts';
import type { TargetStart } from './peers/target.ts';
import { startWarren } from './peers/warren.ts';
import { OURS } from './results.ts';

/** One curve: the same load at growing amounts of one thing. */
export interface Curve {
  readonly name: string;
  readonly question: string;
  /** What grows. */
  readonly axis: string;
  readonly unit: string;
  readonly isLowerBetter: boolean;
  readonly points: readonly number[];
  load(x: number): Partial<LoadOptions>;
  /** Further options of `warren start`; a curve that has them has no peer. */
  warrenOptions?(x: number): readonly string[];
  figure(report: LoadReport): number;
}

const SAMPLES = 3;

const cost = (report: LoadReport) =>
  report.kind === 'throughput' ? (report.brokerUsPerMessage ?? Number.NaN) : Number.NaN;
const rate = (report: LoadReport) => (report.kind === 'throughput' ? report.deliveredPerSecond : Number.NaN);
const COST = { unit: 'us/msg', isLowerBetter: true, figure: cost };
const KIB = { bodyBytes: 1024 };

/** All curves. */
export const curves: readonly Curve[] = [
  {
    name: 'threads',
    question: 'messages per second over ten queues of 1 KiB, by data threads (0: all on one thread)',
    axis: 'data threads',
    unit: 'msgs/s',
    isLowerBetter: false,
    points: [0, 1, 2],
    load: () => ({ ...KIB, producers: 10, consumers: 10, queues: 10 }),
    warrenOptions: (x) => [`--threads=${x}`],
    figure: rate,
  },
  {
    name: 'size',
    question: 'broker CPU per message, by the size of its body',
    axis: 'bytes of a body',
    ...COST,
    points: [16, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576],
    // As many bytes in flight as a machine's caches do not hold, whatever the size.
    load: (x) => ({ bodyBytes: x, window: Math.max(32, Math.min(5_000, Math.floor(2 ** 26 / x))) }),
  },
  {
    name: 'queues',
    question: 'broker CPU per message of 1 KiB in one queue beside so many idle ones',
    axis: 'idle queues',
    ...COST,
    points: [1, 10, 100, 1_000, 10_000],
    load: (x) => ({ ...KIB, idleQueues: x }),
  },
  {
    name: 'connections',
    question: 'broker CPU per message of 1 KiB on two connections beside so many idle ones',
    axis: 'idle connections',
    ...COST,
    points: [1, 10, 100, 1_000, 8_000],
    load: (x) => ({ ...KIB, idleConnections: x, openAtOnce: 32 }),
  },
  {
    name: 'bindings',
    question:
      'broker CPU per message of 16 B through a topic exchange with so many wildcard bindings, one of which matches',
    axis: 'bindings',
    ...COST,
    points: [10, 100, 1_000, 10_000],
    load: (x) => ({ bodyBytes: 16, consumers: 10, queues: 10, wildcardBindings: x, window: 20_000 }),
  },
  {
    name: 'backlog',
    question: 'broker CPU per message of 1 KiB in one queue while so many wait in another',
    axis: 'messages that wait',
    ...COST,
    points: [0, 1_000, 10_000, 100_000, 1_000_000],
    load: (x) => ({ ...KIB, idleMessages: x }),
  },
];

/** What a run of the curves needs to know. */
export interface ScalingRun {
  readonly curves: readonly Curve[];
  readonly hasPeers: boolean;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly say: (line: string) => void;
}

/** Measures the curves, point by point; one case of the group `scaling` for each point. */
export async function runScaling(run: ScalingRun): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const curve of run.curves) {
    run.say(`scaling ${curve.name}: ${curve.question}`);
    for (const x of curve.points) results.push(await measurePoint(curve, x, run));
  }
  return results;
}

async function measurePoint(curve: Curve, x: number, run: ScalingRun): Promise<CaseResult> {
  const load = { seconds: run.seconds, warmupSeconds: run.warmupSeconds, ...curve.load(x) };
  const options = curve.warrenOptions?.(x);
  const starts: [string, () => Promise<TargetStart>][] = [[OURS, () => startWarren(options ?? [])]];
  if (run.hasPeers && options === undefined) starts.push(['rabbitmq', startRabbitmq]);
  const contenders: (Contender & AsyncDisposable)[] = [];
  try {
    for (const [name, start] of starts) {
      const target = await start();
      if ('skipped' in target) run.say(`skipped: ${target.skipped}`);
      else {
        const sample = async () => curve.figure(await runLoad(target, load));
        contenders.push({ name, sample, [Symbol.asyncDispose]: () => target[Symbol.asyncDispose]() });
      }
    }
    const { summaries, failures } = await sampleInTurns(contenders, { warmups: 0, samples: SAMPLES });
    const { name, question, unit, isLowerBetter } = curve;
    const point = { curve: name, x };
    return {
      group: 'scaling',
      name: `${name}-${x}`,
      question,
      unit,
      isLowerBetter,
      summaries,
      failures,
      details: {},
      point,
    };
  } finally {
    for (const contender of contenders) await contender[Symbol.asyncDispose]();
  }
}
