// Question: how fast is the runtime, case by case? The list of all runtime cases, in the order of the printed table.
// Each case lives in a file of its own here; names and units of peers are those of `benchmarks/erlang`.

import type { BenchCase } from '../harness.ts';

/** All runtime cases. */
export const cases: readonly BenchCase[] = [];
