// Every planted mistake of plain code is found by its law.
import { afterAll, describe, expect, it } from 'vitest';
import { lawMistakes } from './laws.ts';
import { type Catch, catchOf, summary } from './mistake.ts';

const SEED = 42;
const caught: Catch[] = [];

describe('the bug zoo of plain code', () => {
  afterAll(() => console.log(summary(caught)));

  it.each(lawMistakes)(
    '$invariant $planted ($id)',
    (mistake) => {
      caught.push(catchOf(mistake, SEED));
      expect(caught.at(-1)?.programs).toBeGreaterThan(0);
    },
    90_000,
  );
});
