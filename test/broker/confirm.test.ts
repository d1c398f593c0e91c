// Confirms: every publish is answered exactly once, with the right answer (B9).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Confirms } from '../../src/broker/confirm.ts';
import { checkConfirms, confirmsRuns } from './confirm-laws.ts';

describe('Confirms', () => {
  it('B9 answers each publish once: acked when all its queues took it, nacked when one refused', () => {
    fc.assert(
      fc.property(confirmsRuns, (steps) => checkConfirms(steps, new Confirms())),
      { numRuns: 1000 },
    );
  });

  it('answers a run at the low end with one multiple ack', () => {
    const confirms = new Confirms();
    for (let index = 0; index < 200; index++) confirms.expect(1);
    for (let seq = 1; seq <= 200; seq++) confirms.settle(seq, true);
    expect(confirms.take()).toEqual([{ deliveryTag: 200, multiple: true, isAck: true }]);
    expect(confirms.outstanding).toBe(0);
  });
});
