// What processes share without messages: counters on all threads. CNT-1.
import { type Counters, type CountersHandle, createCounters, openCounters } from '../../../src/behaviours/index.ts';
import { type Context, type Effects, pause, receive } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, throws } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

const ROUNDS = 200;

/** Counts in both ways, a slice at a time. */
export function* counting(context: Context<unknown>, to: Pid<unknown>, handle: CountersHandle): Effects<void> {
  const counters = openCounters(context, handle);
  for (let round = 0; round < ROUNDS; round++) {
    counters.add(0);
    for (let seen = counters.get(1); ; ) {
      const now = counters.compareExchange(1, seen, seen + 2n);
      if (now === seen) break;
      seen = now;
    }
    if (round % 50 === 0) yield* pause();
  }
  context.send(to, 'counted');
}

/** Makes an array, tells its handle, and ends when told. */
export function* countersOwner(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  const counters: Counters = createCounters(context, 1);
  context.send(to, counters.handle);
  yield* receive();
}

export const sharedCases: readonly Case[] = [
  {
    title: 'CNT-1 no addition and no exchange is lost, whichever threads count in the same cells',
    *run(t) {
      const counters = createCounters(t.context, 2);
      for (let count = 0; count < 3; count++) t.spawn(actor('counting'), [t.context.self, counters.handle]);
      for (let count = 0; count < 3; count++) equal(yield* t.next('its word'), 'counted', 'its word');
      equal([counters.get(0), counters.get(1)], [BigInt(3 * ROUNDS), BigInt(6 * ROUNDS)], 'the counts');
      counters.release();
    },
  },
  {
    title: 'CNT-1 counters end with their owner, on every thread',
    *run(t) {
      const owner = t.spawn(actor('countersOwner'), [t.context.self]);
      const counters = openCounters(t.context, yield* t.next<CountersHandle>('the handle'));
      equal(counters.add(0, 3), 3n, 'while it lives');
      const ref = yield* t.watch(owner);
      t.context.send(owner, 'end');
      equal(yield* t.down(ref), 'normal', 'its end');
      throws(() => counters.get(0), 'BadArgumentError', 'after its end');
    },
  },
];
