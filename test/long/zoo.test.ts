// The bug zoo from several seeds: every planted mistake is found within a minute from each, and nothing on the sound system.
import { afterAll, describe, expect, it } from 'vitest';
import { HUNT_MS } from '../zoo/hunt.ts';
import { mistakes } from '../zoo/index.ts';
import { type Catch, catchOf, summary } from '../zoo/mistake.ts';

/** `PROPERTY_SEED=$RANDOM` starts elsewhere. */
const FIRST_SEED = Number(process.env.PROPERTY_SEED ?? 20260101);
const SEEDS = 20;

const slowest: Catch[] = [];

describe('the bug zoo', () => {
  afterAll(() => console.log(`the slowest of ${SEEDS} seeds\n${summary(slowest)}`));

  it.each(mistakes)(`$invariant $planted ($id) is found from ${SEEDS} seeds`, (mistake) => {
    const catches = Array.from({ length: SEEDS }, (_, n) => catchOf(mistake, FIRST_SEED + n));
    const [worst] = catches.sort((a, b) => b.ms - a.ms);
    expect(worst.ms).toBeLessThan(HUNT_MS);
    slowest.push(worst);
  });
});
