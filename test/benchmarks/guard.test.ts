// The regression guard: ratios to a baseline, and which of them are complained about.
import { expect, it } from 'vitest';
import { guarded, ratioOf, slower } from '../../benchmarks/guard.ts';

it('a ratio is the median of pairs, the first of which only warms up', async () => {
  const figures = [1, 10, 30, 20];
  const each = { name: 'x', baseline: () => 10, ours: () => figures.shift() ?? 0 };
  expect(await ratioOf(each, 3)).toBe(2);
});

it('complains of what is below half of what is known, and of what is not known', () => {
  const known = { steady: 1, lost: 1 };
  expect(slower(known, { steady: 0.51, lost: 0.4, fresh: 1 })).toEqual([
    'lost: 0.40 times the known ratio',
    'fresh has no known ratio: run with --update',
  ]);
});

it('its cases of the broker do what they say', async () => {
  const broker = guarded().filter(({ name }) => /decode|route/.test(name));
  expect(broker).toHaveLength(2);
  for (const each of broker) expect(await ratioOf(each, 1)).toBeGreaterThan(0);
});
