// Laws that hold after every step of a queue with any arguments: conservation, redelivered flags, limits of consumers and
// of the queue, expiry, and that nothing waits while somebody could have it (B2, B4, B8, B15, B16, B18).
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { checkQueueLaws, queueRuns } from './queue-laws.ts';

describe('laws of a queue', () => {
  test('B2 B4 B8 B15 B16 B18 hold after every step, whatever the arguments', () => {
    fc.assert(
      fc.property(queueRuns, (run) => checkQueueLaws(run)),
      { numRuns: 1000 },
    );
  });
});
