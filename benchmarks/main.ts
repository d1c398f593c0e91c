// Question: how fast is Warren? `npm run bench` runs all cases and prints one table for the runtime, one for the
// broker and the figures of the log; `npm run bench -- broker` or `-- runtime ping-pong` runs some. `--peers` measures Erlang and RabbitMQ beside.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import hostProcess from 'node:process';
import { Command } from 'commander';
import { runBrokerCases } from './broker.ts';
import { brokerCases } from './broker-cases.ts';
import { type CaseResult, DEFAULT_REPEATS, selectCases } from './harness.ts';
import { lifeCases } from './lives.ts';
import { writeReport } from './report.ts';
import { contenderTable, describeMachine, loadResults, runtimeTable, saveResults } from './results.ts';
import { cases as runtimeCases } from './runtime/index.ts';
import { runRuntimeCases } from './runtime.ts';
import { curves, runScaling } from './scaling.ts';
import { runStoreCases } from './store/store.ts';

interface Options {
  readonly peers?: boolean;
  readonly floor?: string;
  readonly warrenOption?: readonly string[];
  readonly samples: number;
  readonly warmups: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly json?: string;
  readonly compare?: string;
  readonly list?: boolean;
  readonly report?: readonly string[];
}

const GROUPS = ['runtime', 'broker', 'store', 'scaling'] as const;
/** A broker sample warms itself up, so that one thrown-away sample would only cost time. */
const BROKER_WARMUPS = 0;

const say = (line: string) => void hostProcess.stderr.write(`${line}\n`);
const print = (text: string) => void hostProcess.stdout.write(`${text}\n`);

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`not a positive number: ${text}`);
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`not a count: ${text}`);
  return value;
}

async function run(group: string | undefined, names: readonly string[], options: Options): Promise<void> {
  if (group !== undefined && !GROUPS.some((each) => each === group)) {
    throw new RangeError(`unknown group ${group}; there are: ${GROUPS.join(', ')}`);
  }
  if (options.report !== undefined) {
    for (const file of writeReport(options.report)) print(file);
    return;
  }
  const isWanted = (each: (typeof GROUPS)[number]) => group === undefined || group === each;
  const runtime = isWanted('runtime') ? selectCases(runtimeCases, names) : [];
  const broker = isWanted('broker') ? selectCases([...brokerCases, ...lifeCases], names) : [];
  const scaling = isWanted('scaling') ? selectCases(curves, group === 'scaling' ? names : []) : [];
  if (options.list === true) {
    for (const [kind, found] of Object.entries({ runtime, broker, scaling })) {
      for (const each of found) print(`${kind} ${each.name}: ${each.question} (${each.unit})`);
    }
    return;
  }
  const before = options.compare === undefined ? undefined : loadResults(options.compare);
  const hasPeers = options.peers === true;
  const results: CaseResult[] = [];
  // Saved after each group, so that a broker that does not start costs no runtime figures.
  const keep = (found: readonly CaseResult[]) => {
    results.push(...found);
    if (options.json !== undefined) saveResults(options.json, results);
    if (found.some((result) => Object.keys(result.failures).length > 0)) hostProcess.exitCode = 1;
  };
  print(`machine: ${describeMachine()}, Node ${hostProcess.versions.node}`);
  if (before !== undefined) print(`before:  ${before.machine}, ${before.host}, ${before.takenAt}`);
  if (runtime.length > 0) {
    const repeats = { warmups: options.warmups, samples: options.samples };
    const found = await runRuntimeCases({ cases: runtime, repeats, hasPeers, sampleSeconds: options.seconds, say });
    print(`\n${runtimeTable(found, before)}`);
    keep(found);
  }
  if (broker.length > 0) {
    const repeats = { warmups: BROKER_WARMUPS, samples: options.samples };
    const { floor = hostProcess.env.WARREN_BENCH_FLOOR, warrenOption: warrenOptions = [], ...rest } = options;
    const found = await runBrokerCases({ ...rest, cases: broker, repeats, hasPeers, floor, warrenOptions, say });
    if (found.length > 0) print(`\n${contenderTable(found, ['rabbitmq', 'floor'], before)}`);
    keep(found);
  }
  if (scaling.length > 0 && (group === 'scaling' || hasPeers)) {
    const { seconds, warmupSeconds } = options;
    const found = await runScaling({ curves: scaling, hasPeers, seconds, warmupSeconds, say });
    print(`\n${contenderTable(found, ['rabbitmq'], before)}`);
    keep(found);
  }
  if (group === undefined && hasPeers) report(results);
  if (isWanted('store') && names.length === 0) {
    say('store: the log beside a plain append with group fdatasync, and how it opens');
    await runStoreCases(print);
  }
}

/** Of a whole run: the page with its charts. */
function report(results: readonly CaseResult[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'warren-bench-'));
  const file = join(folder, 'results.json');
  saveResults(file, results);
  for (const written of writeReport([file])) print(written);
  rmSync(folder, { recursive: true });
}

const program = new Command('bench')
  .description('measures the runtime and the broker')
  .argument('[group]', `${GROUPS.join(' or ')}; all when left out`)
  .argument('[names...]', 'cases whose names begin like this')
  .option('--peers', 'measure Erlang, RabbitMQ and the floor beside, in turns')
  .option('--floor <file>', 'the floor program (or WARREN_BENCH_FLOOR)')
  .option('--warren-option <option...>', 'further options of `warren start`, such as --warren-option=--threads=2')
  .option('--samples <count>', 'samples per case', positive, DEFAULT_REPEATS.samples)
  .option('--warmups <count>', 'runtime samples thrown away first', count, DEFAULT_REPEATS.warmups)
  .option('--seconds <seconds>', 'length of one broker or Erlang sample', positive, 1)
  .option('--warmup-seconds <seconds>', 'load before the window of a broker sample', positive, 0.5)
  .option('--json <file>', 'save the results')
  .option('--compare <file>', 'show ratios to saved results')
  .option('--report <files...>', 'write RESULTS.md and its charts from saved results, and stop')
  .option('--list', 'name the cases and stop')
  .action(run);

program.parseAsync().catch((error: Error) => {
  say(`bench: ${error.message}`);
  hostProcess.exitCode = 1;
});
