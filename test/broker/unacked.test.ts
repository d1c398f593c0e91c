// The delivery tags of one channel against a map (B7).
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Unacked } from '../../src/broker/unacked.ts';
import { checkUnacked, unackedRuns } from './unacked-laws.ts';

describe('Unacked', () => {
  it('B7 tags count from 1 and each is settled at most once, for any sequence', () => {
    fc.assert(
      fc.property(unackedRuns, (steps) => checkUnacked(steps, new Unacked<string>())),
      { numRuns: 1000 },
    );
  });
});
