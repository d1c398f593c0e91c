// Question: how fast is the runtime, case by case? The list of all runtime cases, in the order of the printed table.
// Names and units of peers are those of `benchmarks/erlang`.

import type { BenchCase } from '../harness.ts';
import { crossCases } from './cross.ts';
import { messageCases } from './messages.ts';
import { processCases } from './processes.ts';
import { serverCases } from './servers.ts';
import { tickCases } from './ticks.ts';
import { timerCases } from './timers.ts';

/** All runtime cases. */
export const cases: readonly BenchCase[] = [
  ...messageCases,
  ...serverCases,
  ...processCases,
  ...timerCases,
  ...tickCases,
  ...crossCases,
];
