// The timer heap against a sorted list (TMR-1, TMR-2).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Timer, Timers } from '../../src/scheduler/timers.ts';

describe('Timers', () => {
  it('TMR-1 fires in order of time, equal times in order of starting, and never a cancelled one', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('start' as const), at: fc.nat(20) }),
      fc.record({ op: fc.constant('cancel' as const), at: fc.nat(50) }),
      fc.record({ op: fc.constant('due' as const), at: fc.nat(25) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const timers = new Timers();
        const all: Timer[] = [];
        let live: Timer[] = [];
        for (const { op, at } of steps) {
          if (op === 'start') {
            const timer = timers.start(at, null, null, null, null);
            all.push(timer);
            live.push(timer);
          } else if (op === 'cancel' && all.length > 0) {
            const timer = all[at % all.length];
            expect(timers.cancel(timer)).toBe(live.includes(timer));
            live = live.filter((other) => other !== timer);
          } else if (op === 'due') {
            const expected = live.filter((timer) => timer.atMs <= at).sort((a, b) => a.atMs - b.atMs || a.seq - b.seq);
            const fired: Timer[] = [];
            for (let timer = timers.takeDue(at); timer !== null; timer = timers.takeDue(at)) fired.push(timer);
            expect(fired).toEqual(expected);
            live = live.filter((timer) => timer.atMs > at);
          }
          expect(timers.size).toBe(live.length);
          expect(timers.nextMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...live.map((timer) => timer.atMs)));
        }
      }),
    );
  });

  it('TMR-1 keeps the order when most of a long row of timers is cancelled in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(9)), { minLength: 200, maxLength: 400 }), (plans) => {
        const timers = new Timers();
        const all = plans.map(([delay], index) => timers.start(index + 1_000 * delay, null, null, null, null));
        const rank = (timer: Timer) => plans[all.indexOf(timer)][1];
        const doomed = all.filter((timer) => rank(timer) > 0).sort((a, b) => rank(a) - rank(b));
        for (const timer of doomed) expect(timers.cancel(timer)).toBe(true);
        const left = all.filter((timer) => rank(timer) === 0).sort((a, b) => a.atMs - b.atMs || a.seq - b.seq);
        expect(timers.size).toBe(left.length);
        expect(timers.due(Number.POSITIVE_INFINITY)).toEqual(left);
        const fired: Timer[] = [];
        for (let timer = timers.takeDue(9_999); timer !== null; timer = timers.takeDue(9_999)) fired.push(timer);
        expect(fired.map((timer) => timer.seq)).toEqual(left.map((timer) => timer.seq));
      }),
      { numRuns: 30 },
    );
  });
});
