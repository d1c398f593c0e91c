// Every planted mistake of what has to survive is found on the simulated disk; the real log holds under the same faults.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { schedules, simulate } from '../../src/testing.ts';
import { logProperty } from '../properties/storage/log-on-disk.ts';
import { diskMistakes } from './disk.ts';
import { type Catch, catchOf, summary } from './mistake.ts';

const SEED = Number(process.env.PROPERTY_SEED ?? 42);
const RUNS = 1_000 * Number(process.env.PROPERTY_TIMES ?? 1);
const caught: Catch[] = [];

describe('the bug zoo of the disk', () => {
  afterAll(() => console.log(summary(caught)));

  it.each(diskMistakes)(
    '$invariant $planted ($id)',
    (mistake) => {
      caught.push(catchOf(mistake, SEED));
      expect(caught.at(-1)?.programs).toBeGreaterThan(0);
    },
    90_000,
  );
});

describe('the log on a simulated disk', () => {
  it('B1 B10 B24 keeps what it has confirmed, whatever is done to the disk', () => {
    const { programs, body } = logProperty();
    const faults = { diskCuts: 3, diskFailures: 2, diskDelays: 2 };
    let struck = 0;
    fc.assert(
      fc.property(schedules({ faults }), programs, (tape, program) => {
        const result = simulate({ tape, disk: { latencyMs: 2 } }, body(program));
        struck += result.deviations.filter(([, key]) => /^(cut|fail|slow)/.test(key)).length;
        result.value;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(struck).toBeGreaterThan(RUNS);
  }, 600_000);
});
