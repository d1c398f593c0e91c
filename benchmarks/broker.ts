// Question: how does the broker compare with RabbitMQ, and with the most that one Node thread can do? Runs the broker
// cases on each target in turns and says which side was the bottleneck. All targets stay up for the whole run and idle
// while another one is measured; each sample is a load generator process of its own.

import { availableParallelism } from 'node:os';
import hostProcess from 'node:process';
import { type BrokerCase, runLoad } from './broker-cases.ts';
import { type CaseResult, median, type Repeats, sampleInTurns } from './harness.ts';
import type { LifeCase } from './lives.ts';
import type { LoadReport } from './load/main.ts';
import { startFloor } from './peers/floor.ts';
import { startRabbitmq } from './peers/rabbitmq.ts';
import type { Target, TargetStart } from './peers/target.ts';
import { startWarren } from './peers/warren.ts';
import { OURS } from './results.ts';
import { formatNumber } from './table.ts';

/** What a run of the broker cases needs to know. */
export interface BrokerRun {
  readonly cases: readonly (BrokerCase | LifeCase)[];
  readonly repeats: Repeats;
  readonly hasPeers: boolean;
  /** Path of the floor program. */
  readonly floor: string | undefined;
  /** Further options of `warren start`. */
  readonly warrenOptions: readonly string[];
  /** Measuring window of one sample, and the load before it. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly say: (line: string) => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Exit code of an interrupted run. */
const INTERRUPTED = 130;
/** Cores used by neither side from which on a sample counts as disturbed. */
const DISTURBED = 0.2;
/** A side that uses this share of the cores it can use is the limit. */
const BUSY = 0.85;

/** How to start a target, once for the run or afresh for a sample. */
interface Source {
  readonly name: string;
  start(): Promise<TargetStart>;
}

function sourcesOf(run: BrokerRun): Source[] {
  const ours = { name: OURS, start: () => startWarren(run.warrenOptions) };
  const peers = [
    { name: 'rabbitmq', start: startRabbitmq },
    { name: 'floor', start: () => startFloor(run.floor) },
  ];
  return run.hasPeers ? [ours, ...peers] : [ours];
}

/** The targets of a run: those that stay up, and all that must be ended with it. */
interface Stage {
  readonly standing: Map<Source, Target>;
  readonly running: Set<Target>;
}

/** Starts the targets, runs the cases in order, ends the targets. Throws when no target starts. */
export async function runBrokerCases(run: BrokerRun): Promise<CaseResult[]> {
  const stage: Stage = { standing: new Map(), running: new Set() };
  const endAll = async () => {
    for (const target of stage.running) await target[Symbol.asyncDispose]();
  };
  // A broker is a program of its own: without this it would outlive an interrupted run.
  const interrupted = () => void endAll().finally(() => hostProcess.exit(INTERRUPTED));
  for (const signal of SIGNALS) hostProcess.once(signal, interrupted);
  try {
    for (const source of sourcesOf(run)) {
      const start = await source.start();
      run.say('skipped' in start ? `skipped: ${start.skipped}` : `target ${start.name}: ${start.description}`);
      if ('skipped' in start) continue;
      stage.standing.set(source, start);
      stage.running.add(start);
    }
    if (stage.running.size === 0) throw new Error('no broker to measure');
    const results: CaseResult[] = [];
    for (const each of run.cases) {
      results.push(await ('live' in each ? runLife(each, run) : runCase(each, stage, run)));
    }
    return results;
  } finally {
    await endAll();
    for (const signal of SIGNALS) hostProcess.off(signal, interrupted);
  }
}

async function withFreshTarget(
  source: Source,
  stage: Stage,
  use: (target: Target) => Promise<LoadReport>,
): Promise<LoadReport> {
  const start = await source.start();
  if ('skipped' in start) throw new Error(start.skipped);
  stage.running.add(start);
  try {
    return await use(start);
  } finally {
    await start[Symbol.asyncDispose]();
    stage.running.delete(start);
  }
}

async function runCase(each: BrokerCase, stage: Stage, run: BrokerRun): Promise<CaseResult> {
  run.say(`broker ${each.name}: ${each.question}`);
  const load = { seconds: run.seconds, warmupSeconds: run.warmupSeconds, ...each.load };
  const reports = new Map<string, LoadReport[]>();
  const taking = [...stage.standing].filter(([{ name }]) => !each.without.some((absent) => absent === name));
  const contenders = taking.map(([source, target]) => ({
    name: source.name,
    async sample() {
      const use = (where: Target) => runLoad(where, load);
      const report = await (each.needsFreshTarget ? withFreshTarget(source, stage, use) : use(target));
      reports.set(source.name, [...(reports.get(source.name) ?? []), report]);
      return each.figure(report);
    },
  }));
  const { summaries, failures } = await sampleInTurns(contenders, run.repeats);
  const details: Record<string, Record<string, string>> = {};
  for (const { contender } of summaries) {
    details[contender] = describe((reports.get(contender) ?? []).slice(run.repeats.warmups));
  }
  const { name, question, unit, isLowerBetter } = each;
  const whole = { group: 'broker', name, question, unit, isLowerBetter, summaries, failures, details };
  return unit === 'ms' ? { ...whole, latencyMs: latenciesOf(reports) } : whole;
}

/** Medians over the samples, by contender. */
function latenciesOf(reports: ReadonlyMap<string, readonly LoadReport[]>): Record<string, Record<string, number>> {
  const of = (found: readonly LoadReport[], key: 'p50' | 'p90' | 'p99' | 'p999') =>
    median(found.flatMap((report) => (report.kind === 'throughput' ? [report.latencyUs[key] / 1000] : [])));
  return Object.fromEntries(
    [...reports].map(([name, found]) => [
      name,
      { p50: of(found, 'p50'), p90: of(found, 'p90'), p99: of(found, 'p99'), p999: of(found, 'p999') },
    ]),
  );
}

async function runLife(each: LifeCase, run: BrokerRun): Promise<CaseResult> {
  run.say(`broker ${each.name}: ${each.question}`);
  const contenders = sourcesOf(run)
    .filter(({ name }) => name !== 'floor')
    .map(({ name, start }) => ({ name, sample: () => each.live(start) }));
  const { summaries, failures } = await sampleInTurns(contenders, { warmups: 0, samples: each.samples });
  const { name, question, unit, isLowerBetter } = each;
  return { group: 'broker', name, question, unit, isLowerBetter, summaries, failures, details: {} };
}

/** The columns beside the figure: medians over the samples. */
function describe(reports: readonly LoadReport[]): Record<string, string> {
  const middle = (pick: (report: LoadReport) => number | undefined) => {
    const values = reports.map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  const text = (value: number | undefined) => (value === undefined ? '-' : formatNumber(value));
  const latencyMs = (key: 'p50' | 'p99') =>
    text(middle((report) => ('latencyUs' in report ? report.latencyUs[key] / 1000 : undefined)));
  const brokerCores = middle((report) => report.brokerCores);
  const generatorCores = middle((report) => report.generatorCores) ?? 0;
  const otherCores = middle((report) => (report.kind === 'throughput' ? report.otherCores : undefined));
  const disturbed = otherCores !== undefined && otherCores > DISTURBED ? ' (disturbed)' : '';
  return {
    'p50 ms': latencyMs('p50'),
    'p99 ms': latencyMs('p99'),
    'broker us/msg': text(middle((report) => (report.kind === 'throughput' ? report.brokerUsPerMessage : undefined))),
    'broker cores': text(brokerCores),
    'load cores': text(generatorCores),
    'other cores': text(otherCores),
    bottleneck: bottleneckOf(brokerCores, generatorCores, availableParallelism()) + disturbed,
  };
}

/** Which side limited a run, from the cores each side used. */
export function bottleneckOf(brokerCores: number | undefined, generatorCores: number, cores: number): string {
  if (generatorCores >= BUSY) return brokerCores !== undefined && brokerCores > generatorCores ? 'both' : 'load';
  if (brokerCores === undefined) return 'unknown';
  if (brokerCores >= BUSY) return 'broker';
  return brokerCores + generatorCores >= BUSY * cores ? 'machine' : 'waiting';
}
