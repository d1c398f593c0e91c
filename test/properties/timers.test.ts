// TMR-1, TMR-2, RCV-3: timers fire once, not early, in order of time and starting; none after its cancel.
import { describe, expect, it } from 'vitest';
import { catches, holds, violates } from './check.ts';
import { timers } from './kernel/timers.ts';
import { coarseTimers, forgetfulTimers, immortalTimers } from './planted.ts';

describe('timers', () => {
  it('TMR-1 fire once, in time, in order, and not after a cancel', () => holds(timers));

  it('TMR-2 a cancelled timer that fires is noticed', () => {
    expect(catches(timers, forgetfulTimers).deviations).toBeLessThanOrEqual(2);
  });

  it('TMR-1 a timer that is early is noticed', () => {
    expect(catches(timers, coarseTimers).deviations).toBeLessThanOrEqual(2);
  });

  it('TMR-1 a timer that outlives its destination is noticed', () => violates(timers, immortalTimers, 'R4'));
});
