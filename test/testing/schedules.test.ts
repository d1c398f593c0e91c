// Input, schedule and faults shrink together, whatever fast-check draws first; what is left replays.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Context, receive, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { replay, type SimTape, schedules, simulate } from '../../src/testing.ts';

type AccountMessage = { from: Pid<number>; write?: number };

const account = {
  label: 'account',
  handle(balance: number, { from, write = balance }: AccountMessage, context: Context<never>): number {
    context.send(from, write);
    return write;
  },
};

function* clerk(context: Context<number>, shared: Pid<AccountMessage>, amount: number, startMs: number) {
  yield* sleep(startMs);
  context.send(shared, { from: context.self });
  context.send(shared, { from: context.self, write: (yield* receive<number>()) + amount });
  yield* receive<number>();
}

/** Each deposit starts a millisecond after the one before it: a lost update, but not in plain order. */
const deposits = (amounts: readonly number[]) =>
  function* (context: Context<unknown>) {
    const shared = context.spawn(account, [0]) as Pid<AccountMessage>;
    for (const [index, amount] of amounts.entries()) context.spawnMonitor(clerk, [shared, amount, index + 1]);
    for (const _ of amounts) yield* receive();
    context.send(shared, { from: context.self as Pid<number> });
    return yield* receive<number>();
  };

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

/** What fast-check is left with; fails when it finds nothing. */
function shrunk<T>(property: fc.IProperty<[SimTape, T]>, seed: number): [SimTape, T] {
  const { counterexample } = fc.check(property, { seed, numRuns: 2_000 });
  if (counterexample === null) throw new Error(`nothing found from seed ${seed}`);
  return counterexample;
}

describe('schedules', () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 9 });
  const property = fc.property(schedules(), amounts, (tape, list) => {
    return simulate({ tape, history: 0 }, deposits(list)).value === sum(list);
  });

  it('TST-1 come out as two deposits and one departure from FIFO, from every seed', () => {
    for (let seed = 0; seed < 15; seed++) {
      const [tape, list] = shrunk(property, seed);
      expect(list, `seed ${seed}`).toEqual([1, 1]);
      const again = replay(tape.token, deposits(list));
      expect(again.value).toBe(1);
      expect(again.deviations.length).toBeLessThanOrEqual(1);
    }
  });

  it('are shown by fast-check with the token and the departures', () => {
    const report = fc.defaultReportMessage(fc.check(property, { seed: 3, numRuns: 2_000 }));
    expect(report).toMatch(/Counterexample: \[schedule s1\.\S+ \(step \d+: [^)]+\),\[1,1\]\]/);
  });

  it('carry faults that shrink with the input, to the first victim of many', () => {
    // Of many workers each must answer; the crash of any one is enough, so the first of one is the smallest case.
    const workers = (count: number) =>
      function* (context: Context<unknown>) {
        for (let n = 0; n < count; n++) {
          context.spawn(function* worker(own: Context<unknown>) {
            yield* sleep(5);
            own.send(context.self as Pid<unknown>, 'done');
          });
        }
        for (let n = 0; n < count; n++) yield* receive(null, { afterMs: 100 });
        return context.now();
      };
    const faulty = fc.property(schedules({ faults: { crashes: 2 } }), fc.integer({ min: 1, max: 8 }), (tape, count) => {
      return simulate({ tape, history: 0 }, workers(count)).value < 100;
    });
    for (let seed = 0; seed < 10; seed++) {
      const [tape, count] = shrunk(faulty, seed);
      expect(count, `seed ${seed}`).toBe(1);
      expect(replay(tape.token, workers(count)).deviations.map(([, key]) => key)).toEqual(['crash root/0']);
    }
  });
});
