// The zoo has what it promises: enough mistakes, and one at least for every row of the reliability digest that applies.
import { describe, expect, it } from 'vitest';
import { INVARIANTS, mistakes, WITHOUT } from './index.ts';

describe('the bug zoo', () => {
  it('has at least 40 mistakes, each with a name of its own', () => {
    expect(new Set(mistakes.map(({ id }) => id)).size).toBe(mistakes.length);
    expect(mistakes.length).toBeGreaterThanOrEqual(40);
  });

  it.each(INVARIANTS)('%s has a mistake or a reason for having none', (invariant) => {
    const hasMistake = mistakes.some((mistake) => mistake.invariant === invariant);
    expect(hasMistake, WITHOUT[invariant] ?? 'no reason').toBe(WITHOUT[invariant] === undefined);
  });
});
