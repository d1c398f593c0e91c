// Every planted mistake of what has to survive is found on the simulated disk.
import { afterAll, describe, expect, it } from 'vitest';
import { diskMistakes } from './disk.ts';
import { type Catch, catchOf, summary } from './mistake.ts';

const SEED = 42;
/** What was not synced is first given out and then not there, or it was confirmed: which is seen first depends on the run. */
const ALSO: Readonly<Record<string, readonly string[]>> = { 'failed-sync-done': ['B10'], 'sync-again': ['B10'] };
const caught: Catch[] = [];

describe('the bug zoo of the disk', () => {
  afterAll(() => console.log(summary(caught)));

  it.each(diskMistakes)(
    '$invariant $planted ($id)',
    (mistake) => {
      caught.push(catchOf(mistake, SEED));
      expect(caught.at(-1)?.programs).toBeGreaterThan(0);
      // It is filed under the rule that the property names, or one that the same mistake breaks as well.
      expect([mistake.invariant, ...(ALSO[mistake.id] ?? [])]).toContain(caught.at(-1)?.text.split(' ')[0]);
    },
    90_000,
  );
});
