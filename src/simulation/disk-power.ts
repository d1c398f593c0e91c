// What a power cut leaves of what was not synced (reliability.md 2.a): changes are numbered over the whole disk in the
// order in which they were made, and a policy says for each, sector by sector, whether it had reached the medium.
import type { Random } from '../env/index.ts';

/**
 * How much of what was not synced survives a cut: nothing; everything; any sectors and names; what came before some
 * moment, the last of it torn; only the newest change, as when the disk has reordered.
 */
export type CutPolicy = 'none' | 'all' | 'random' | 'prefix' | 'newest';

export const CUT_POLICIES: readonly CutPolicy[] = ['none', 'all', 'random', 'prefix', 'newest'];

/** The answers of a policy. Numbers are those of changes; a newer one that is kept keeps the older ones below it. */
export interface Survival {
  /** Did the `index`-th of `count` sectors of a write reach the medium? */
  keepsSector(change: number, index: number, count: number): boolean;
  /** How many of the changes of a file's length did, from the oldest on. */
  lengthsKept(changes: readonly number[]): number;
  /** Did a change of names? */
  keepsName(change: number): boolean;
}

/** The policy for a disk on which these changes are pending, in rising order. */
export function survival(policy: CutPolicy, pending: readonly number[], random: Random): Survival {
  const coin = () => random.next() < 0.5;
  const below = (bound: number) => Math.floor(random.next() * bound);
  switch (policy) {
    case 'none':
      return { keepsSector: () => false, lengthsKept: () => 0, keepsName: () => false };
    case 'all':
      return { keepsSector: () => true, lengthsKept: ({ length }) => length, keepsName: () => true };
    case 'random':
      return { keepsSector: coin, lengthsKept: ({ length }) => below(length + 1), keepsName: coin };
    case 'newest': {
      const newest = pending.at(-1);
      const isNewest = (change: number) => change === newest;
      return {
        keepsSector: isNewest,
        lengthsKept: (changes) => (changes.some(isNewest) ? changes.length : 0),
        keepsName: isNewest,
      };
    }
    case 'prefix': {
      // One beyond the last is a cut behind everything.
      const torn = pending[below(pending.length + 1)] ?? Number.POSITIVE_INFINITY;
      const share = random.next();
      const isLengthKept = coin();
      return {
        keepsSector: (change, index, count) => change < torn || (change === torn && index < share * count),
        lengthsKept: (changes) => changes.filter((each) => each < torn || (each === torn && isLengthKept)).length,
        keepsName: (change) => change < torn,
      };
    }
  }
}
