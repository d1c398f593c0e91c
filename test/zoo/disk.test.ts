// Every planted mistake of what has to survive is found on the simulated disk.
import { afterAll, describe, expect, it } from 'vitest';
import { diskMistakes } from './disk.ts';
import { type Catch, catchOf, summary } from './mistake.ts';

const SEED = 42;
const caught: Catch[] = [];

describe('the bug zoo of the disk', () => {
  afterAll(() => console.log(summary(caught)));

  it.each(diskMistakes)(
    '$invariant $planted ($id)',
    (mistake) => {
      caught.push(catchOf(mistake, SEED));
      expect(caught.at(-1)?.programs).toBeGreaterThan(0);
      // It is filed under the rule that the property names.
      expect(caught.at(-1)?.text).toContain(mistake.invariant);
    },
    90_000,
  );
});
