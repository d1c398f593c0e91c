// How a planted mistake is hunted (reliability.md 2.a, 2.b): programs and schedules are drawn until a property sees it, and
// the sound system is taken through the same ones, so that nothing is noticed where there is nothing.
import fc from 'fast-check';
import type { Wiring } from '../../src/simulation/index.ts';
import { type FaultOptions, schedules, simulate } from '../../src/testing.ts';
import type { Property } from '../properties/check.ts';

/** A mistake was found: after how many programs, each under a schedule of its own, and in which time. */
export interface Found {
  readonly programs: number;
  readonly ms: number;
  /** How the property put it, in one line. */
  readonly text: string;
}

/** Hunts one mistake from one seed. Throws when it goes unseen, or when something is seen on the sound system. */
export type Hunt = (seed: number) => Found;

/** A mistake that is still at large after so long has gone unseen. */
export const HUNT_MS = 60_000;
const PROGRAMS_MAX = 50_000;
/** Programs of the hunt that the sound system is taken through beside the one that found the mistake. */
const SOUND_RUNS = 25;

/** How else a hunt may go. */
export interface Ways {
  /** Only the invariant of this rule may see the mistake; default: anything that fails. */
  readonly rule?: string;
  /** Faults in the schedules. */
  readonly faults?: FaultOptions;
}

/** The mistake is somewhere in `planted`, which is otherwise `sound`. */
export function different<P>(sound: Property<P>, planted: Property<P>, { rule, faults }: Ways = {}): Hunt {
  return hunt(
    fc.tuple(schedules({ faults }), planted.programs),
    ([tape, program]) => {
      const result = simulate({ ...planted.options, tape }, planted.body(program));
      const { failure } = result;
      const isSeen = rule === undefined ? failure !== null : failure?.tag === 'invariant' && failure.rule === rule;
      return isSeen ? firstWords(result.describe()) : null;
    },
    ([tape, program]) => void simulate({ ...sound.options, tape }, sound.body(program)).value,
  );
}

/** A part of the machine is another one, and the property itself has to see it: the invariants are off. */
export function wired<P>(property: Property<P>, wiring: Wiring, ways: Ways = {}): Hunt {
  return different(property, { ...property, options: { ...property.options, wiring, checks: false } }, ways);
}

/** A part of the machine is another one, and it is the invariant of that rule that sees it. */
export function watched<P>(property: Property<P>, wiring: Wiring, rule: string, ways: Ways = {}): Hunt {
  return different(property, { ...property, options: { ...property.options, wiring } }, { ...ways, rule });
}

/** A property of plain code, which throws when it does not hold. */
export function plain<P>(programs: fc.Arbitrary<P>, sound: (program: P) => void, planted: (program: P) => void): Hunt {
  const seen = (program: P) => {
    try {
      planted(program);
      return null;
    } catch (error) {
      return firstWords(String(error));
    }
  };
  return hunt(programs, seen, sound);
}

function hunt<P>(programs: fc.Arbitrary<P>, seen: (program: P) => string | null, sound: (program: P) => void): Hunt {
  return (seed) => {
    const startedMs = performance.now();
    const taken: P[] = [];
    let text: string | null = null;
    const details = fc.check(
      fc.property(programs, (program) => {
        taken.push(program);
        text = seen(program);
        return text === null;
      }),
      { numRuns: PROGRAMS_MAX, seed, endOnFailure: true, interruptAfterTimeLimit: HUNT_MS },
    );
    const ms = performance.now() - startedMs;
    if (!details.failed || text === null)
      throw new Error(`not found in ${taken.length} programs, ${Math.round(ms)} ms`);
    for (const program of taken.slice(-SOUND_RUNS)) sound(program);
    return { programs: taken.length, ms, text };
  };
}

/** The beginning of what was said, without the words with which everything of its kind begins. */
const firstWords = (text: string): string =>
  text
    .split('\n', 2)
    .join(' ')
    .replace(/^(?:[\w ]*(?:ended|Error): )+/, '')
    .slice(0, 120);
