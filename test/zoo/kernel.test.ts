// Every planted mistake of the kernel is found by its property.
import { afterAll, describe, expect, it } from 'vitest';
import { kernelMistakes } from './kernel.ts';
import { type Catch, catchOf, summary } from './mistake.ts';

const SEED = 42;
const caught: Catch[] = [];

describe('the bug zoo of the kernel', () => {
  afterAll(() => console.log(summary(caught)));

  it.each(kernelMistakes)(
    '$invariant $planted ($id)',
    (mistake) => {
      caught.push(catchOf(mistake, SEED));
      expect(caught.at(-1)?.programs).toBeGreaterThan(0);
    },
    90_000,
  );
});
