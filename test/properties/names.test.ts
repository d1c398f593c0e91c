// SIG-7: a name is free before news of its owner's death arrives, so that whoever hears of it can take the name at once.
import { describe, expect, it } from 'vitest';
import { catches, holds, violates } from './check.ts';
import { freeNames } from './kernel/names.ts';
import { lateNames } from './planted.ts';

describe('names', () => {
  it('SIG-7 a name is free before its owner is heard to be dead', () => holds(freeNames));

  it('SIG-7 a name that is freed later is noticed', () => {
    expect(catches(freeNames, lateNames).deviations).toBe(0);
    violates(freeNames, lateNames, 'R11');
  });
});
