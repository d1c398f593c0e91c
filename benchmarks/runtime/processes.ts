// Question: what do processes cost: to start, to end, to keep?

import { type Context, type Effects, type Handler, isExit, type Pid, receive } from '../../src/index.ts';
import type { BenchCase } from '../harness.ts';
import { inSystem, repeat } from './support.ts';

const nothing = (): void => {};

const spawnExit: BenchCase = {
  name: 'spawn-exit',
  question: 'processes that end at once',
  unit: 'spawns/s',
  peer: 'spawn-exit',
  run: () =>
    inSystem(function* (context) {
      const last = (inner: Context<never>, owner: Pid<unknown>): void => inner.send(owner, 'spawned');
      return yield* repeat(1_000, function* () {
        for (let index = 1; index < 1_000; index++) context.spawn(nothing);
        context.spawn(last, [context.self]);
        yield* receive();
      });
    }),
};

const spawnLinkExit: BenchCase = {
  name: 'spawn-link-exit',
  question: 'linked processes, each awaited',
  unit: 'spawns/s',
  peer: 'spawn-link-exit',
  run: () =>
    inSystem(function* (context) {
      context.trapExit(true);
      return yield* repeat(100, function* () {
        for (let index = 0; index < 100; index++) {
          const pid = context.spawnLink(nothing);
          yield* receive((message) => isExit(message) && message.from === pid);
        }
      });
    }),
};

const spawnMonitorDown: BenchCase = {
  name: 'spawn-monitor-down',
  question: 'monitored processes, each awaited',
  unit: 'spawns/s',
  peer: 'spawn-monitor-down',
  run: () =>
    inSystem(function* (context) {
      return yield* repeat(100, function* () {
        for (let index = 0; index < 100; index++) {
          const { ref } = context.spawnMonitor(nothing);
          yield* receive((message) => (message as { ref?: unknown }).ref === ref, { ref });
        }
      });
    }),
};

const idle: Handler<number, unknown, [number]> = { handle: (state) => state };

function* idleBytes(context: Context<unknown>, count: number): Effects<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run with --expose-gc');
  const pids: Pid<unknown>[] = new Array(count);
  yield* receive(null, { afterMs: 0 });
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index++) pids[index] = context.spawn(idle, [0]) as Pid<unknown>;
  // Each has run once when a process spawned after it answers.
  context.spawn((inner: Context<never>, owner: Pid<unknown>): void => inner.send(owner, 'idle'), [context.self]);
  yield* receive();
  gc();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  if (pids.some((pid) => pid.target === null)) throw new Error('an idle process has ended');
  return bytes;
}

const idleCase = (name: string, count: number): BenchCase => ({
  name,
  question: `heap per idle handler process, ${count.toLocaleString('en')} of them`,
  unit: 'B',
  peer: name,
  isLowerBetter: true,
  run: () => inSystem((context) => idleBytes(context, count)),
});

export const processCases: readonly BenchCase[] = [
  spawnExit,
  spawnLinkExit,
  spawnMonitorDown,
  idleCase('idle-bytes', 100_000),
  idleCase('idle-bytes-million', 1_000_000),
];
