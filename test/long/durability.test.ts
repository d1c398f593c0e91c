// What the fast suite shows in a few cycles, for long: kills and losses of power of the real process.
import { describe, expect, test } from 'vitest';
import { runCycles } from '../durability/kill-cycles.ts';
import { hasCompiler, runCuts } from '../durability/power/power-cycles.ts';

describe('confirmed messages survive', () => {
  test.each([0, 1])('200 kills under load, with %i data threads', async (threads) => {
    const { complaints, confirmed } = await runCycles({ cycles: 200, threads, seed: 90 + threads });
    expect(complaints).toEqual([]);
    expect(confirmed).toBeGreaterThan(20_000);
  });

  test.skipIf(!hasCompiler())(
    '1,000 losses of power',
    async () => {
      const { complaints, cut } = await runCuts({ cuts: 1_000, seed: 2_026 });
      expect(complaints).toEqual([]);
      expect(cut).toBe(1_000);
    },
    3_600_000,
  );
});
