// Many random lives of the log, on a disk that does what disks do at their worst.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lives, liveThrough } from '../storage/log/scripts.ts';

test('B1 B10 B24 thirty thousand lives of a log keep every promise', () => {
  fc.assert(
    fc.property(lives, fc.nat(), (all, seed) => {
      expect(liveThrough(all, seed)).toEqual([]);
    }),
    { numRuns: 30_000 },
  );
});
