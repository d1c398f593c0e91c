// How a property of this folder is stated once, held against many schedules, and seen to fail on planted mistakes.
import fc from 'fast-check';
import type { Context, Effects } from '../../src/process/index.ts';
import { replay, type SimOptions, schedules, simulate, type Wiring } from '../../src/testing.ts';

/** A program drawn by fast-check and the process that runs it; it throws when the property does not hold. */
export interface Property<P> {
  readonly programs: fc.Arbitrary<P>;
  readonly body: (program: P) => (context: Context<unknown>) => Effects<unknown>;
  readonly options?: SimOptions;
}

const RUNS = 400;
/** How many times as many runs as usual, and from which seed: `PROPERTY_TIMES=20 PROPERTY_SEED=$RANDOM npx vitest ...`. */
const TIMES = Number(process.env.PROPERTY_TIMES ?? 1);
const SEED = Number(process.env.PROPERTY_SEED ?? 20260101);

/** The property holds for every program under every schedule that is tried, with all invariants on. */
export function holds<P>(property: Property<P>, runs = RUNS): void {
  fc.assert(
    fc.property(schedules(), property.programs, (tape, program) => {
      simulate({ ...property.options, tape }, property.body(program)).value;
    }),
    { numRuns: runs * TIMES, seed: SEED },
  );
}

/** The property holds for one program, such as one that once failed, under the plain schedule and many others. */
export function holdsFor<P>(property: Property<P>, program: P, runs = 40): void {
  holds({ ...property, programs: fc.constant(program) }, runs);
}

export interface Caught {
  /** Deviations of the shrunk schedule. */
  readonly deviations: number;
  /** The shrunk program. */
  readonly program: unknown;
  readonly runs: number;
  readonly text: string;
}

/**
 * Runs the property on a machine with a planted mistake; throws when the mistake goes unseen.
 * The invariants are off, so that it is the property itself that has to see it.
 */
export function catches<P>(property: Property<P>, wiring: Wiring, checks = false): Caught {
  return tells(property, { ...property, options: { ...property.options, wiring, checks } });
}

/** Runs that shrinking a failure may take. */
const SHRINK_RUNS = 600;

/** The same for a mistake that is anywhere in `planted`, which is otherwise the property `sound`. */
export function tells<P>(sound: Property<P>, planted: Property<P>, shrinkRuns = SHRINK_RUNS): Caught {
  const budget = { isSpent: false, left: shrinkRuns, runs: 0 };
  const details = fc.check(
    fc.property(schedules(), planted.programs, (tape, program) => {
      if (budget.isSpent && budget.left-- <= 0) return;
      budget.runs++;
      const result = simulate({ ...planted.options, tape }, planted.body(program));
      if (!result.isOk) budget.isSpent = true;
      result.value;
    }),
    { numRuns: 5_000, seed: 42 },
  );
  if (!details.failed || details.counterexample === null) throw new Error('the planted mistake was not seen');
  const [tape, program] = details.counterexample;
  const result = replay(tape.token, planted.body(program), planted.options);
  if (result.isOk) throw new Error(`the token does not replay the failure: ${tape}`);
  // The same program under the same schedule goes well on a sound machine: it was the mistake that was seen.
  simulate({ ...sound.options, seed: tape.seed, deviations: result.deviations }, sound.body(program)).value;
  return {
    deviations: result.deviations.length,
    program,
    runs: budget.runs,
    text: `${JSON.stringify(program)}\n${result.describe()}`,
  };
}

/** As {@link catches}, but with the invariants on and only the one of `rule` counting. */
export function violates<P>(property: Property<P>, wiring: Wiring, rule: string): void {
  const details = fc.check(
    fc.property(schedules(), property.programs, (tape, program) => {
      const { failure } = simulate({ ...property.options, tape, wiring }, property.body(program));
      return failure?.tag !== 'invariant' || failure.rule !== rule;
    }),
    { numRuns: 5_000, seed: 42, endOnFailure: true },
  );
  if (!details.failed) throw new Error(`no violation of ${rule} was seen`);
}
