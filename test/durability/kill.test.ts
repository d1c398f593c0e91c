// A confirm means that it survives (B1): kill -9 of the real process under load, again and again.
import { describe, expect, test } from 'vitest';
import { runCycles } from './kill-cycles.ts';

describe('kill -9 under confirmed load', () => {
  test.each([0, 1])(
    'B1 B4 B5 with %i data threads nothing confirmed is lost and nothing is invented',
    async (threads) => {
      const { complaints, confirmed, streamed, redelivered } = await runCycles({
        cycles: 10,
        threads,
        seed: 4_711 + threads,
      });
      expect(complaints).toEqual([]);
      expect(confirmed).toBeGreaterThan(1_000);
      expect(streamed).toBeGreaterThan(1_000);
      expect(redelivered).toBeGreaterThan(0);
    },
    120_000,
  );
});
