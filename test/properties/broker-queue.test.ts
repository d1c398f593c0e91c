// The broker beside the reference model of a queue, step by step under any schedule: B2 to B8, and B11 where the queue's
// actor is killed on the way. Each rule is seen to fail on a planted mistake.
import { describe, expect, it } from 'vitest';
import { lockstepProperty } from './broker/lockstep.ts';
import * as planted from './broker/planted.ts';
import type { Plant } from './broker/world.ts';
import { holds, tells } from './check.ts';

const RUNS = 40;
const SHRINK_RUNS = 100;

describe('one queue and its model', () => {
  it('B2-B8 deliveries, gets and counts are the model’s', () => holds(lockstepProperty(false, 0), RUNS));

  it('B2-B8 the same with channels and the queue on other threads than the control thread', () =>
    holds(lockstepProperty(false, 2), RUNS / 2));

  it('B11 a killed actor gives everything back in its place, flagged, and its consumers go on', () =>
    holds(lockstepProperty(true, 0), RUNS));

  it('B11 the same on threads', () => holds(lockstepProperty(true, 2), RUNS / 2));

  const rows: readonly (readonly [string, Plant, boolean])[] = [
    ['B6 what is requeued at the tail', planted.requeueAtTail, false],
    ['B4 what comes back without its flag', planted.requeueUnflagged, false],
    ['B8 a prefetch that is off by one', planted.prefetchOffByOne, false],
    ['B2 an ack that requeues', planted.ackRequeues, false],
    ['B5 a batch that is taken backwards', planted.reversedBatches, false],
    ['B11 what a dead actor had given out and forgot', planted.forgetUnacked, true],
    ['B11 consumers that do not come back', planted.consumersForgotten, true],
  ];
  it.each(rows)('%s is noticed', (_name, plant, canKill) => {
    const caught = tells(lockstepProperty(canKill, 0), lockstepProperty(canKill, 0, plant), SHRINK_RUNS);
    expect(caught.deviations).toBeLessThanOrEqual(1);
    expect(caught.program).toHaveProperty(
      'length',
      expect.toSatisfy((steps: number) => steps <= 6),
    );
  });
});
