// Messages of a queue go out in the order of priority and age, to whoever's turn it is.
import fc from 'fast-check';
import { it } from 'vitest';
import { checkOrder, orderRuns } from './order-laws.ts';

it('B18 the oldest of the highest priority goes first, and to the single active consumer where there is one', () => {
  fc.assert(
    fc.property(orderRuns, (run) => checkOrder(run)),
    { numRuns: 1_000 },
  );
});
