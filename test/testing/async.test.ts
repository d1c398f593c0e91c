// Async bodies under fast-check: the same tapes, with `simulateAsync` and an async property.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AsyncContext, type Context, receive, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { type SimTape, schedules, simulate, simulateAsync, tapeOf } from '../../src/testing.ts';

/** Two async workers that answer after a wait; the root wants them in order. */
async function inOrder(context: AsyncContext<number>, waits: readonly number[]): Promise<number[]> {
  for (const [n, waitMs] of waits.entries()) {
    context.spawn(
      async (own: AsyncContext<never>, to: Pid<number>) => {
        await own.perform(sleep(waitMs));
        own.send(to, n);
      },
      [context.self],
    );
  }
  const heard: number[] = [];
  for (const _ of waits) heard.push(await context.perform(receive<number>()));
  return heard;
}

describe('async bodies', () => {
  it('TST-1 shrink with their schedule, and the token replays them', async () => {
    const property = fc.asyncProperty(schedules(), fc.array(fc.nat(20), { maxLength: 4 }), async (tape, waits) => {
      const sorted = [...waits].sort((a, b) => a - b);
      const { value } = await simulateAsync({ tape }, (context: AsyncContext<unknown>) =>
        inOrder(context as AsyncContext<number>, sorted),
      );
      return value.every((n, index) => n === index);
    });
    const { counterexample, failed } = await fc.check(property, { seed: 2, numRuns: 500 });
    expect(failed).toBe(true);
    const [tape, waits] = counterexample as [SimTape, number[]];
    expect(waits).toEqual([0, 0]);
    const again = await simulateAsync({ tape: tapeOf(tape.token) }, (context: AsyncContext<unknown>) =>
      inOrder(context as AsyncContext<number>, waits),
    );
    expect(again.value).toEqual([1, 0]);
    expect(again.deviations.length).toBeLessThanOrEqual(1);
  });

  it('run beside each other in one test process', async () => {
    const one = (context: AsyncContext<unknown>) => inOrder(context as AsyncContext<number>, [3, 1, 2]);
    const results = await Promise.all([1, 2, 3, 4].map((seed) => simulateAsync({ seed }, one)));
    for (const { value } of results) expect(value).toEqual([1, 2, 0]);
    expect(Date.now()).toBeGreaterThan(0);
  });

  it('may be below a generator root', async () => {
    const result = await simulateAsync({}, function* (context: Context<unknown>) {
      context.spawn(async (own: AsyncContext<never>) => own.send(context.self as Pid<unknown>, 'hello'));
      return yield* receive();
    });
    expect(result.value).toBe('hello');
  });

  it('are refused by the synchronous form, by name, also behind an arrow', () => {
    const body = (() => Promise.reject(new Error('unseen'))) as never;
    expect(simulate({}, body).describe()).toContain('a body that returns a promise needs simulateAsync');
  });

  it('behind an arrow may be a generator too', async () => {
    const result = await simulateAsync({}, (context: Context<unknown>) =>
      (function* () {
        yield* sleep(5);
        return context.now();
      })(),
    );
    expect(result.value).toBe(5);
  });
});
