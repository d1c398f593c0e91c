// Shrinking of schedules as pure data, and as a fast-check arbitrary together with the inputs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Context, receive, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  type Deviation,
  replay,
  type SimTape,
  schedules,
  shrinkSchedule,
  simulate,
  tapeOf,
} from '../../src/testing.ts';

type AccountMessage = { tag: 'read'; from: Pid<number> } | { tag: 'write'; balance: number };

const account = {
  handle(balance: number, message: AccountMessage, context: Context<AccountMessage>): number {
    if (message.tag === 'write') return message.balance;
    context.send(message.from, balance);
    return balance;
  },
};

function* clerk(context: Context<number>, shared: Pid<AccountMessage>, amount: number, startMs: number) {
  yield* sleep(startMs);
  context.send(shared, { tag: 'read', from: context.self });
  const balance = yield* receive<number>();
  context.send(shared, { tag: 'write', balance: balance + amount });
}

/** Each deposit starts a millisecond after the one before it: a lost update, but not in plain order. */
function deposits(amounts: readonly number[]) {
  return function* (context: Context<unknown>) {
    const shared = context.spawn(account, [0]) as Pid<AccountMessage>;
    for (const [index, amount] of amounts.entries()) context.spawnMonitor(clerk, [shared, amount, index + 1]);
    for (let count = 0; count < amounts.length; count++) yield* receive((message) => typeof message === 'object');
    context.send(shared, { tag: 'read', from: context.self });
    return yield* receive<number>((message) => typeof message === 'number');
  };
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);

describe('shrinking', () => {
  it('finds the two deviations that matter among many', () => {
    const many = Array.from({ length: 200 }, (_, step): Deviation => [step, `run root/${step}`]);
    const isNeeded = (key: string) => key === 'run root/17' || key === 'run root/140';
    const shrunk = shrinkSchedule(many, (list) => (list.filter(([, key]) => isNeeded(key)).length === 2 ? list : null));
    expect(shrunk.deviations.map(([, key]) => key)).toEqual(['run root/17', 'run root/140']);
    expect(shrunk.deviations.map(([step]) => step)).toEqual([0, 0]);
    expect(shrunk.runs).toBeLessThan(200);
  });

  it('TST-1 inputs and schedule shrink together to two deposits and a step or two', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 5 });
    const details = fc.check(
      fc.property(schedules(), amounts, (tape, list) => simulate({ tape }, deposits(list)).value === sum(list)),
      { seed: 1, numRuns: 2_000 },
    );
    expect(details.failed).toBe(true);
    const [tape, list] = details.counterexample as [SimTape, number[]];
    expect(list).toEqual([1, 1]);
    const again = replay(tape.token, deposits(list));
    expect(again.value).toBe(1);
    expect(again.deviations.length).toBeLessThanOrEqual(2);
    expect(String(tape)).toContain(tape.token);
  });

  it('a token can be kept as an example of a property', () => {
    const tape = tapeOf('s1.1.W10');
    expect(simulate({ tape }, deposits([1, 2])).value).toBe(3);
  });

  it('the empty schedule is the plain one', () => {
    expect(simulate({}, deposits([1, 2, 3])).value).toBe(6);
  });
});
