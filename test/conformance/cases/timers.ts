// TMR-1...3: timers. Times are short, but long enough for what has to happen before them on a loaded machine; where that
// cannot be known, the case looks at the clock and tries again.
import { type Effects, isTimeout, sleep } from '../../../src/process/index.ts';
import type { Pid, Ref } from '../../../src/term/index.ts';
import type { Case, CaseContext } from '../case.ts';
import { CheckError, equal, holds } from '../check.ts';

const DAY_MS = 86_400_000;

/** Runs `attempt` with longer and longer times until what it does before the timer fires has fitted in. */
function* inTime(t: CaseContext, attempt: (ms: number) => Effects<void>): Effects<void> {
  for (let ms = 60; ms < 10_000; ms *= 3) {
    const start = t.context.now();
    const isOver = { value: false };
    try {
      yield* attempt(ms);
      isOver.value = true;
    } catch (error) {
      if (t.context.now() - start < ms || !(error instanceof CheckError)) throw error;
    }
    if (isOver.value) return;
  }
  throw new CheckError('the machine is too slow for this case');
}

export const timerCases: readonly Case[] = [
  {
    title: 'TMR-1 sendAfter delivers the message, startTimer wraps it with its ref',
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.ask(a, { do: 'sendAfter', ms: 2, to: b, message: 'plain' });
      equal(yield* t.ask(b, { do: 'take', count: 1 }), ['plain'], 'what B got');
      const ref = yield* t.ask(a, { do: 'startTimer', ms: 2, to: b, message: 'wrapped' });
      equal(yield* t.ask(b, { do: 'take', count: 1 }), [{ tag: 'timeout', ref, message: 'wrapped' }], 'what B got');
    },
  },
  {
    title: 'TMR-1 timers for the same moment fire in the order of starting',
    *run(t) {
      const [a, b] = t.puppets(2);
      const numbers = Array.from({ length: 50 }, (_, index) => index);
      yield* t.askAll(a, ...numbers.map((message) => ({ do: 'sendAfter', ms: 0, to: b, message }) as const));
      equal(yield* t.ask(b, { do: 'take', count: 50 }), numbers, 'the order');
    },
  },
  {
    title: 'TMR-1 an earlier time fires first, whenever it was started',
    *run(t) {
      const { context } = t;
      // So far apart that a machine that is elsewhere between two starts changes nothing.
      for (const place of [9, 3, 7, 1, 5, 2, 8]) context.sendAfter(place * 15, context.self, place);
      const order: unknown[] = [];
      while (order.length < 7) order.push(yield* t.next('a timer'));
      equal(order, [1, 2, 3, 5, 7, 8, 9], 'the order');
    },
  },
  {
    title: 'TMR-1 a timer to a name outlives its starter and is resolved when it fires',
    edges: [13],
    *run(t) {
      yield* inTime(t, function* (ms) {
        const [a, before, after] = t.puppets(3);
        const name = t.name('timed');
        equal(yield* t.ask(before, { do: 'register', name }), { ok: true }, 'the first owner');
        yield* t.ask(a, { do: 'sendAfter', ms, to: name, message: 'fired' });
        yield* t.lastAct(a, { do: 'return' });
        yield* t.ask(before, { do: 'unregister', name });
        equal(yield* t.ask(after, { do: 'register', name }), { ok: true }, 'the second owner');
        yield* sleep(ms + 30);
        equal(
          [yield* t.ask(before, { do: 'drain' }), yield* t.ask(after, { do: 'drain' })],
          [[], ['fired']],
          'who got it',
        );
      });
    },
  },
  {
    title: 'TMR-1 a timer to a name that nobody has is silent',
    edges: [13],
    *run(t) {
      const { context } = t;
      const a = t.puppet();
      yield* t.ask(a, { do: 'sendAfter', ms: 1, to: t.name('nobody'), message: 'lost' });
      yield* t.ask(a, { do: 'sendAfter', ms: 2, to: context.self, message: 'next' });
      equal(yield* t.next('the next timer'), 'next', 'the next timer');
      equal(yield* t.ask(a, { do: 'drain' }), [], 'what its starter got');
    },
  },
  {
    title: 'TMR-1 a timer to a pid is gone with the process, and does not depend on its starter',
    edges: [13],
    *run(t) {
      const [a, b, c] = t.puppets(3);
      yield* t.ask(a, { do: 'sendAfter', ms: 5, to: b, message: 'for nobody' });
      yield* t.ask(a, { do: 'sendAfter', ms: 5, to: c, message: 'still fired' });
      yield* t.lastAct(a, { do: 'return' });
      yield* t.lastAct(b, { do: 'return' });
      equal(yield* t.ask(c, { do: 'take', count: 1 }), ['still fired'], 'what C got');
    },
  },
  {
    title: 'TMR-2 cancelling gives the time that was left, and then nothing arrives',
    *run(t) {
      const { context } = t;
      const ref = context.sendAfter(60_000, context.self, 'never');
      const left = context.cancelTimer(ref);
      holds(typeof left === 'number' && left > 0 && left <= 60_000, `${left} ms are left of 60,000`);
      equal(context.cancelTimer(ref), false, 'the second cancel');
      equal(context.cancelTimer(context.makeRef()), false, 'a ref that is no timer');
      const near = context.sendAfter(3, context.self, 'cancelled');
      context.sendAfter(4, context.self, 'later');
      holds(context.cancelTimer(near) !== false, 'cancelled in time');
      equal(yield* t.next('the later timer'), 'later', 'the first to arrive');
    },
  },
  {
    title: 'TMR-2 false does not say that the message was read: it may be waiting, or still be on its way',
    edges: [12],
    *run(t) {
      const { context } = t;
      const ref = context.startTimer(1, context.self, 'own');
      yield* sleep(10);
      equal(context.cancelTimer(ref), false, 'cancelling a timer that has fired');
      equal(
        yield* t.next('its message', (message) => isTimeout(message, ref)),
        { tag: 'timeout', ref, message: 'own' },
        'it',
      );
      const b = t.puppet();
      const other = context.startTimer(1, b, 'foreign');
      yield* sleep(10);
      equal(context.cancelTimer(other), false, 'cancelling the other timer');
      const message = { tag: 'timeout', ref: other, message: 'foreign' };
      equal(yield* t.ask(b, { do: 'take', count: 1 }), [message], 'what B got');
    },
  },
  {
    title: 'TMR-2 whoever holds the ref may cancel the timer, wherever it lives',
    *run(t) {
      const [a, b, c] = t.puppets(3);
      const ref = yield* t.ask<Ref>(a, { do: 'startTimer', ms: 60_000, to: c, message: 'never' });
      const left = yield* t.ask(b, { do: 'cancelAny', ref });
      holds(typeof left === 'number' && left > 0 && left <= 60_000, `${left} ms are left of 60,000`);
      equal(yield* t.ask(b, { do: 'cancelAny', ref }), false, 'the second cancel');
      const gone = yield* t.ask<Ref>(a, { do: 'startTimer', ms: 60_000, to: c, message: 'never' });
      yield* t.lastAct(a, { do: 'return' });
      holds((yield* t.ask(b, { do: 'cancelAny', ref: gone })) !== false, 'a timer outlives its starter');
    },
  },
  {
    title: 'TMR-3 time never goes back, and no wait ends early',
    *run(t) {
      const { context } = t;
      let last = context.now();
      for (const ms of [0, 1, 2, 3, 5, 8]) {
        const start = context.now();
        yield* sleep(ms);
        const end = context.now();
        holds(start >= last, `the clock went from ${last} to ${start}`);
        holds(end - start >= ms, `a sleep of ${ms} ms ended after ${end - start} ms`);
        last = end;
      }
    },
  },
  {
    title: 'TMR-3 a timer of 30 days does not fire at once',
    edges: [26],
    *run(t) {
      const { context } = t;
      const [a, b]: Pid<unknown>[] = t.puppets(2);
      const ref = context.sendAfter(30 * DAY_MS, context.self, 'too early');
      const other = yield* t.ask<Ref>(a, { do: 'sendAfter', ms: 30 * DAY_MS, to: b, message: 'too early' });
      yield* sleep(20);
      yield* t.silence('after 20 ms of 30 days');
      equal(yield* t.ask(b, { do: 'drain' }), [], 'the mailbox of B');
      const left = [context.cancelTimer(ref), yield* t.ask(a, { do: 'cancelAny', ref: other })];
      for (const ms of left) holds(typeof ms === 'number' && ms > 29 * DAY_MS, `${ms} ms are left of 30 days`);
    },
  },
];
