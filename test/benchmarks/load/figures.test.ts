// The figures that tables are made of: percentiles within their error, confirms counted exactly, options checked.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfirmBook } from '../../../benchmarks/load/confirm-book.ts';
import { bucketCeiling, bucketOf, createHistogram, percentile, record } from '../../../benchmarks/load/histogram.ts';
import { loadOptions } from '../../../benchmarks/load/options.ts';

test('a bucket holds its value and is at most 1.6 % wide', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      const bucket = bucketOf(value);
      expect(bucketCeiling(bucket)).toBeGreaterThanOrEqual(value);
      if (bucket > 0) expect(bucketCeiling(bucket - 1)).toBeLessThan(value);
      expect(bucketCeiling(bucket) - value).toBeLessThanOrEqual(value / 60 + 1);
    }),
  );
});

test('a percentile is the exact one, rounded up to its bucket', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000_000), { minLength: 1 }), fc.constantFrom(0.5, 0.9, 0.99), (values, share) => {
      const histogram = createHistogram();
      for (const value of values) record(histogram, value);
      const exact = values.sort((a, b) => a - b)[Math.max(1, Math.ceil(values.length * share)) - 1];
      const found = percentile(histogram, share);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(bucketCeiling(bucketOf(exact)));
    }),
  );
});

test('single confirms in any order and a multiple one count each publish once', () => {
  const book = new ConfirmBook();
  book.sent(5, 100);
  const seen: number[] = [];
  const settle = (tag: number, isMultiple: boolean) => book.settle(tag, isMultiple, (sentUs) => seen.push(sentUs));
  expect([settle(3, false), settle(1, false), settle(4, true)]).toEqual([true, true, true]);
  expect(book.confirmed).toBe(4);
  expect(seen).toEqual([100, 100, 100, 100]);
  expect(book.room(10)).toBe(9);
});

test('a confirm of something confirmed before or never sent is refused', () => {
  const book = new ConfirmBook();
  book.sent(2, 0);
  const settle = (tag: number, isMultiple: boolean) => book.settle(tag, isMultiple, () => undefined);
  expect(settle(2, false)).toBe(true);
  expect([settle(2, false), settle(3, false), settle(3, true), settle(0, false)]).toEqual([false, false, false, false]);
  expect(book.confirmed).toBe(1);
});

test('an option out of range is an error that names it', () => {
  expect(() => loadOptions({ bodyBytes: 7 })).toThrow('bodyBytes must be a whole number of at least 8');
  expect(() => loadOptions({ producers: Number.NaN })).toThrow('producers');
  expect(() => loadOptions({ queues: 2 })).toThrow('each queue needs a consumer');
  expect(() => loadOptions({ isAutoAck: false, prefetch: 10, ackEvery: 11 })).toThrow('for ever');
});
