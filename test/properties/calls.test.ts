// ALI-2, GS-3, GS-4: a call ends with its reply, its server's death or its time, and leaves nothing in the mailbox of the
// caller, however late the reply is and wherever the caller's slice ends.
import { describe, expect, it } from 'vitest';
import { holds, tells } from './check.ts';
import { calls, hasty, real } from './kernel/calls.ts';

describe('calls', () => {
  it('ALI-2 a call leaves nothing behind, and what came in time is not lost', () => holds(calls(real), 300));

  it('ALI-2 a caller that gives up without looking is noticed', () => {
    expect(tells(calls(real), calls(hasty)).deviations).toBeLessThanOrEqual(3);
  });
});
