// Question: how late is a process that wants to run every millisecond, beside ten others that never stop computing? What a
// scheduler is for: the busy ones only yield between small pieces of work.

import { type Context, type Effects, type Pid, type Priority, pause, receive, sleep } from '../../src/index.ts';
import type { BenchCase } from '../harness.ts';
import { inSystem } from './support.ts';

const SPINNERS = 10;
const TICKS = 1_000;
const PIECE = 2_000;

/** Computes for ever, in pieces of some microseconds. */
function* spinner(): Effects<never> {
  let sum = 0;
  for (;;) {
    for (let index = 0; index < PIECE; index++) sum = (sum * 31 + index) | 0;
    yield* pause();
  }
}

/** The 99th percentile of how late each of the ticks is, in ms. */
function* ticker(context: Context<never>, owner: Pid<unknown>): Effects<void> {
  const late: number[] = [];
  let due = performance.now() + 1;
  for (let tick = 0; tick < TICKS; tick++) {
    yield* sleep(Math.max(0, due - performance.now()));
    const now = performance.now();
    late.push(Math.max(0, now - due));
    due = Math.max(due + 1, now);
  }
  late.sort((a, b) => a - b);
  context.send(owner, late[Math.floor(TICKS * 0.99)]);
}

function tick(name: string, question: string, priority: Priority): BenchCase {
  const run = () =>
    inSystem(function* (context) {
      const busy = Array.from({ length: SPINNERS }, () => context.spawn(spinner));
      context.spawn(ticker, [context.self], { priority });
      const figure = yield* receive<number>();
      for (const pid of busy) context.exit(pid, 'kill');
      return figure;
    });
  return { name, question, unit: 'ms', peer: name, isLowerBetter: true, run };
}

export const tickCases: readonly BenchCase[] = [
  tick('tick-beside-10-busy', 'lateness (p99) of a tick each ms beside ten busy processes', 'normal'),
  tick('tick-beside-10-busy-high', 'the same, the ticking process at priority high', 'high'),
];
