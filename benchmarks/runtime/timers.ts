// Question: how many timers a second start, are cancelled and fire?

import type { Ref } from '../../src/index.ts';
import type { BenchCase } from '../harness.ts';
import { drain, inSystem, repeat } from './support.ts';

const FAR_MS = 60_000;

const startCancel: BenchCase = {
  name: 'timer-start-cancel',
  question: 'timers started and cancelled one at a time',
  unit: 'timers/s',
  peer: 'timer-start-cancel',
  run: () =>
    inSystem(function* (context) {
      return yield* repeat(1_000, function* () {
        for (let index = 0; index < 1_000; index++)
          context.cancelTimer(context.sendAfter(FAR_MS, context.self, 'fired'));
        yield* drain(0);
      });
    }),
};

const startCancelLive: BenchCase = {
  name: 'timer-start-cancel-live',
  question: 'timers started and cancelled, 100,000 live at once',
  unit: 'timers/s',
  peer: 'timer-start-cancel-live',
  run: () =>
    inSystem(function* (context) {
      const refs: Ref[] = new Array(100_000);
      return yield* repeat(100_000, function* () {
        for (let index = 0; index < refs.length; index++)
          refs[index] = context.sendAfter(FAR_MS, context.self, 'fired');
        for (const ref of refs) context.cancelTimer(ref);
        yield* drain(0);
      });
    }),
};

const fire: BenchCase = {
  name: 'timer-fire',
  question: 'timers that fire at once',
  unit: 'timers/s',
  peer: 'timer-fire',
  run: () =>
    inSystem(function* (context) {
      return yield* repeat(1_000, function* () {
        for (let index = 0; index < 1_000; index++) context.sendAfter(0, context.self, 'item');
        yield* drain(1_000);
      });
    }),
};

export const timerCases: readonly BenchCase[] = [startCancel, startCancelLive, fire];
