// The options of `startSystem` that concern data threads reach them, and are checked also where there are none.
import { afterEach, expect, it } from 'vitest';
import {
  type Context,
  DEFAULT_LIMITS,
  isDown,
  isProcessAlive,
  NoThreadError,
  receive,
  type System,
  SystemLimitError,
  startSystem,
} from '../../src/index.ts';
import { PUPPET } from '../actors/puppet.ts';

let system: System | null = null;
afterEach(async () => {
  await system?.stop();
  system = null;
});

it('placement: roundRobin spreads what is placed anywhere in turns, whatever the load', async () => {
  system = await startSystem({
    threads: 2,
    logger: 'silent',
    placement: 'roundRobin',
    spareWorkers: 0,
    offloadWorkers: 1,
    ringBytes: 65_536,
  });
  const threads = await system.run(function* (context: Context<unknown>) {
    yield* [];
    return [1, 2, 3, 4].map(() => context.spawn(PUPPET, [], { placement: 'any' }).origin.thread);
  });
  expect(threads).toEqual([1, 2, 1, 2]);
});

it.each([{ placement: 'nearest' as never }, { spareWorkers: -1 }, { spareWorkers: 0.5 }, { offloadWorkers: 0 }])(
  '%j is refused, with data threads or without',
  async (options) => {
    for (const threads of [0, 1]) await expect(startSystem({ threads, ...options })).rejects.toThrow(RangeError);
  },
);

it('a ring that is no power of two is refused by data threads', async () => {
  await expect(startSystem({ threads: 1, ringBytes: 1_000 })).rejects.toThrow(RangeError);
});

it('the error of a thread that is not there is the same class on every engine', async () => {
  for (const threads of [0, 1]) {
    system = await startSystem({ threads, logger: 'silent' });
    await system.run(function* (context: Context<unknown>) {
      yield* [];
      expect(() => context.spawn(PUPPET, [], { placement: { thread: 9 } })).toThrow(NoThreadError);
    });
    await system.stop();
  }
  expect(DEFAULT_LIMITS.sliceReductions).toBe(2_000);
});

it('PRC-8 a thread that is full refuses one more process: in the caller, or, from another thread, by its end', async () => {
  const processesMax = 30;
  system = await startSystem({ threads: 1, logger: 'silent', limits: { processesMax } });
  await system.run(function* (context: Context<unknown>) {
    const fill = () => {
      for (let count = 0; count <= processesMax; count++) context.spawn(PUPPET);
    };
    expect(fill).toThrow(SystemLimitError);
    const elsewhere = Array.from({ length: processesMax + 5 }, () =>
      context.spawnMonitor(PUPPET, [], { placement: { thread: 1 } }),
    );
    const last = elsewhere[elsewhere.length - 1];
    const down = yield* receive((message) => isDown(message, last.ref));
    expect(down).toMatchObject({ reason: { tag: 'systemLimit', processes: processesMax } });
    // The thread has room again as soon as one of them has ended.
    const [first] = elsewhere;
    context.exit(first.pid, 'kill');
    yield* receive((message) => isDown(message, first.ref));
    const next = context.spawn(PUPPET, [], { placement: { thread: 1 } });
    expect(yield* isProcessAlive(next)).toBe(true);
  });
});
