// The harness: samples in turns, medians, ratios, and tables that keep a failed contender visible.

import { expect, test } from 'vitest';
import { bottleneckOf } from '../../benchmarks/broker.ts';
import { loadArguments } from '../../benchmarks/broker-cases.ts';
import { median, ratio, sampleInTurns, selectCases, spread, summarize } from '../../benchmarks/harness.ts';
import { contenderTable, runtimeTable } from '../../benchmarks/results.ts';
import { formatNumber } from '../../benchmarks/table.ts';

test('the median is the middle, or the mean of the two middles, and needs a sample', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 100])).toBe(3);
  expect(() => median([])).toThrow('no samples');
});

test('contenders are sampled in turns, warm-ups are thrown away, a failing one is out and named', async () => {
  const order: string[] = [];
  const contender = (name: string, failAt: number) => ({
    name,
    async sample() {
      order.push(name);
      if (order.filter((each) => each === name).length === failAt) throw new Error('broke');
      return order.length;
    },
  });
  const contenders = [contender('a', 0), contender('b', 2)];
  const { summaries, failures } = await sampleInTurns(contenders, { warmups: 1, samples: 2 });
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a']);
  expect(summaries).toEqual([summarize('a', [3, 5])]);
  expect(failures).toEqual({ b: 'broke' });
});

test('a ratio above one is better, whichever way the unit points', () => {
  expect(ratio(200, 100, false)).toBe(2);
  expect(ratio(400, 800, true)).toBe(2);
  expect(spread(summarize('a', [90, 100, 110]))).toBeCloseTo(0.2);
});

test('a case is selected by the beginning of its name, and an unknown name lists the known ones', () => {
  const cases = [{ name: 'ping-pong' }, { name: 'ping-pong-cross' }, { name: 'ring' }];
  expect(selectCases(cases, ['ping']).map((each) => each.name)).toEqual(['ping-pong', 'ping-pong-cross']);
  expect(selectCases(cases, [])).toEqual(cases);
  expect(() => selectCases(cases, ['fan'])).toThrow('no case is called fan; there are: ping-pong');
});

test('tables show ratios and name what failed', () => {
  const summaries = [summarize('warren', [200]), summarize('beam', [100])];
  const shared = { group: 'runtime', question: '', isLowerBetter: false, details: {} };
  const result = { ...shared, name: 'ring', unit: 'hops/s', summaries, failures: {} };
  const failed = { ...shared, name: 'fan-in', unit: 'msgs/s', summaries: [], failures: { beam: 'gone' } };
  expect(runtimeTable([result, failed])).toContain('2.00x');
  expect(runtimeTable([result, failed])).toContain('no figure: fan-in, beam: gone');
  expect(contenderTable([{ ...result, details: { beam: { cores: '1.2' } } }], ['beam'])).toMatch(/cores[\s\S]*2\.00x/);
});

test('figures keep three digits that count', () => {
  expect([2_342_671, 659_611, 12_345, 512, 12.34, 0.0871].map(formatNumber)).toEqual([
    ...['2.34M', '660k', '12.3k', '512', '12.3', '0.087'],
  ]);
});

test('the busier side is the bottleneck, and an idle pair is waiting', () => {
  expect(bottleneckOf(1.0, 0.3, 2)).toBe('broker');
  expect(bottleneckOf(0.3, 0.99, 2)).toBe('load');
  expect(bottleneckOf(0.2, 0.1, 2)).toBe('waiting');
});

test('a load becomes the command line of the generator', () => {
  const args = loadArguments({ bodyBytes: 16, isAutoAck: false, prefetch: 100 });
  expect(args).toEqual(['--body-bytes', '16', '--prefetch', '100', '--manual-ack']);
});
