// Every planted mistake of the broker is found by its property.
import { afterAll, describe, expect, it } from 'vitest';
import { brokerMistakes } from './broker.ts';
import { type Catch, catchOf, summary } from './mistake.ts';

const SEED = 42;
const caught: Catch[] = [];

describe('the bug zoo of the broker', () => {
  afterAll(() => console.log(summary(caught)));

  it.each(brokerMistakes)(
    '$invariant $planted ($id)',
    (mistake) => {
      caught.push(catchOf(mistake, SEED));
      expect(caught.at(-1)?.programs).toBeGreaterThan(0);
    },
    90_000,
  );
});
