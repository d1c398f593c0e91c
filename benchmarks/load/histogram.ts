// Question: how long did things take? A histogram with a fixed relative error, so that millions of samples cost an array.
// Values are whole microseconds. Up to 127 each value has its own bucket; above, each power of two has 64 buckets,
// which keeps every percentile within 1.6 %.

const EXACT = 128;
const STEPS = 64;
const BUCKETS = EXACT + (32 - 7) * STEPS;

/** Percentiles in microseconds. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Counts per bucket; `record` is called once per run of equal values. */
export interface Histogram {
  readonly counts: Float64Array;
  max: number;
}

/** An empty histogram. */
export function createHistogram(): Histogram {
  return { counts: new Float64Array(BUCKETS), max: 0 };
}

/** The bucket of a value (0 .. 2^32 - 1). */
export function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const power = 31 - Math.clz32(value);
  return EXACT + (power - 7) * STEPS + ((value >>> (power - 6)) - STEPS);
}

/** The largest value that falls into a bucket. */
export function bucketCeiling(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const power = 7 + Math.floor((bucket - EXACT) / STEPS);
  const step = (bucket - EXACT) % STEPS;
  return (STEPS + step + 1) * 2 ** (power - 6) - 1;
}

/** Adds `times` samples of one value. */
export function record(histogram: Histogram, value: number, times = 1): void {
  histogram.counts[bucketOf(value)] += times;
  if (value > histogram.max) histogram.max = value;
}

/** The value below which `share` (0 .. 1) of the samples lie; 0 when there are none. */
export function percentile(histogram: Histogram, share: number): number {
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    seen += histogram.counts[bucket];
    if (seen >= rank) return Math.min(bucketCeiling(bucket), histogram.max);
  }
  return histogram.max;
}

/** The percentiles that every report prints. */
export function percentiles(histogram: Histogram): Percentiles {
  return {
    count: histogram.counts.reduce((sum, count) => sum + count, 0),
    p50: percentile(histogram, 0.5),
    p90: percentile(histogram, 0.9),
    p99: percentile(histogram, 0.99),
    p999: percentile(histogram, 0.999),
    max: histogram.max,
  };
}
