// The conformance suite on the threads engine: each case with all its processes on one data thread, and spread so that
// every process lives on another thread than the one that started it. Spread runs must make signals cross; how many
// crossed in all stands in the report. At the end no thread holds a process or a timer of any case.
import { afterAll, describe, expect, test } from 'vitest';
import { type Context, type Effects, isDown, receive, type System, startSystem } from '../../src/index.ts';
import { formatReason, type Pid } from '../../src/term/index.ts';
import { PROBE, type Probed } from '../actors/probe.ts';
import { CheckError } from './check.ts';
import { conformance } from './engine-under-test.ts';
import { HERE, type Plan } from './plan.ts';
import { type CaseReport, REPORT_CASE } from './run-case.ts';

const DATA_THREADS = [1, 2, 3];
const CONTROL = 0;

let system: System;
let turn = 0;
let crossedInSpread = 0;

/** Runs the case on that thread and returns its report; throws what ended it. */
function runOn(thread: number, title: string, plan: Plan): Promise<CaseReport> {
  return system.run(function* (context: Context<unknown>): Effects<CaseReport> {
    const { ref } = context.spawnMonitor(REPORT_CASE, [title, plan], { placement: { thread } });
    let report: CaseReport | null = null;
    for (;;) {
      const message = yield* receive();
      if (!isDown(message, ref)) report = (message as { report: CaseReport }).report;
      else if (message.reason === 'normal' && report !== null) return report;
      else throw new CheckError(stackOf(message.reason));
    }
  });
}

function stackOf(reason: unknown): string {
  const { error } = reason as { error?: { stack?: string } };
  return error?.stack ?? formatReason(reason);
}

/** What each thread holds and how many signals it has sent to others. */
function probeAll(): Promise<readonly Probed[]> {
  return system.run(function* (context: Context<unknown>): Effects<readonly Probed[]> {
    const seen: Probed[] = [];
    for (const thread of [CONTROL, ...DATA_THREADS]) {
      context.spawn(PROBE, [context.self as Pid<unknown>], { placement: { thread } });
      seen.push(yield* receive<Probed>());
    }
    return seen;
  });
}

const crossings = (probes: readonly Probed[]) => probes.reduce((sum, { crossed }) => sum + crossed, 0);

/** Runs the case with everything it starts elsewhere; signals must have crossed beside those of the runner. */
async function runSpread(home: number, title: string): Promise<CaseReport> {
  const before = crossings(await probeAll());
  const report = await runOn(home, title, { tag: 'spread', threads: DATA_THREADS });
  const crossed = crossings(await probeAll()) - before - IDLE_CROSSINGS;
  crossedInSpread += Math.max(0, crossed);
  if (report.elsewhere < report.placed) throw new CheckError('a process of the case lived beside the case');
  // The spawn of each process, its monitor, its kill and its DOWN at least.
  if (crossed < 4 * report.placed)
    throw new CheckError(`only ${crossed} signals crossed for ${report.placed} processes`);
  return report;
}

/** What probing all threads once sends across: three spawns and three answers. */
const IDLE_CROSSINGS = 6;

conformance({
  name: 'threads',
  open: async () => {
    system = await startSystem({ threads: DATA_THREADS.length, logger: 'silent', strict: true });
  },
  close: () => system.stop(),
  variants: [
    {
      name: 'all on one data thread',
      run: ({ title }) => runOn(DATA_THREADS[turn++ % DATA_THREADS.length], title, HERE),
    },
    { name: 'spread, seen from the control thread', run: ({ title }) => runSpread(CONTROL, title) },
    { name: 'spread, seen from a data thread', run: ({ title }) => runSpread(2, title) },
  ],
});

describe('threads, after the suite', () => {
  test('no thread holds a process or a timer of a case', async () => {
    const left = (await probeAll()).map(({ thread, processes, timers }) => ({ thread, processes, timers }));
    // On the control thread the root of the system and the process that asks.
    const expected = [CONTROL, ...DATA_THREADS].map((thread) => ({
      thread,
      processes: thread === 0 ? 2 : 0,
      timers: 0,
    }));
    expect(left).toEqual(expected);
  });

  afterAll(() => {
    console.log(`threads: ${crossedInSpread} signals crossed between threads in the spread runs of the suite`);
  });
});
