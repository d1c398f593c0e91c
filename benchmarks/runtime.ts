// Question: how does the runtime compare with the BEAM? Runs the runtime cases, each in a process of its own, and with
// `--peers` the same work in Erlang and in actor libraries for JavaScript, sample by sample in turns.

import hostProcess from 'node:process';
import { fileURLToPath } from 'node:url';
import type { BenchCase, CaseResult, Contender, Repeats } from './harness.ts';
import { sampleInTurns } from './harness.ts';
import { openLibraries } from './peers/actor-libraries.ts';
import { compileErlang, type ErlangBench } from './peers/erlang.ts';
import { LineProcess } from './peers/line-process.ts';
import { OURS } from './results.ts';

/** What a run of the runtime cases needs to know. */
export interface RuntimeRun {
  readonly cases: readonly BenchCase[];
  readonly repeats: Repeats;
  readonly hasPeers: boolean;
  /** Length of one Erlang sample; ours decide themselves and take about a second. */
  readonly sampleSeconds: number;
  readonly say: (line: string) => void;
}

const SAMPLER = fileURLToPath(new URL('./sampler.ts', import.meta.url));
const ANSWER_TIMEOUT_MS = 120_000;

/** Runs the cases in order. A case that fails keeps its line, with the reason in place of the figure. */
export async function runRuntimeCases(run: RuntimeRun): Promise<CaseResult[]> {
  const erlang = run.hasPeers ? await compileErlang() : undefined;
  if (run.hasPeers) run.say(erlang === undefined ? 'skipped: Erlang is not installed' : `peer: ${erlang.version}`);
  const results: CaseResult[] = [];
  try {
    for (const bench of run.cases) {
      run.say(`runtime ${bench.name}: ${bench.question}`);
      results.push(await runCase(bench, run, erlang));
    }
  } finally {
    await erlang?.[Symbol.asyncDispose]();
  }
  return results;
}

async function runCase(bench: BenchCase, run: RuntimeRun, erlang: ErlangBench | undefined): Promise<CaseResult> {
  const contenders: (Contender & AsyncDisposable)[] = [openOurs(bench)];
  if (erlang !== undefined && bench.peer !== undefined) {
    contenders.push(erlang.open(bench.peer, bench.unit, run.sampleSeconds));
  }
  if (run.hasPeers) contenders.push(...openLibraries(bench.name));
  try {
    const { summaries, failures } = await sampleInTurns(contenders, run.repeats);
    const { name, question, unit } = bench;
    const isLowerBetter = bench.isLowerBetter === true;
    return { group: 'runtime', name, question, unit, isLowerBetter, summaries, failures, details: {} };
  } finally {
    for (const contender of contenders) await contender[Symbol.asyncDispose]();
  }
}

function openOurs(bench: BenchCase): Contender & AsyncDisposable {
  const child = new LineProcess({
    command: hostProcess.execPath,
    args: ['--expose-gc', SAMPLER, bench.name],
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  return {
    name: OURS,
    async sample() {
      const answer: unknown = JSON.parse(await child.ask('sample'));
      return typeof answer === 'object' && answer !== null && 'value' in answer ? Number(answer.value) : Number.NaN;
    },
    [Symbol.asyncDispose]: () => child.close(),
  };
}
