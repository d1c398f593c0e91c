// The deviations that a run has taken, as they happened and as data.
import { holdKey } from './policy.ts';
import type { Deviation } from './schedule.ts';
import { type Choice, Pair, Seat } from './seat.ts';
import { ThreadLink } from './wires.ts';

/** A deviation as it was taken; its text is made when somebody reads it. */
export interface Taken {
  readonly step: number;
  readonly choice: Choice;
  readonly isHold: boolean;
  /** What was due; null for a hold. */
  readonly instead: Choice | null;
}

/** As data: following them gives the run again. */
export function deviationsOf(taken: readonly Taken[]): Deviation[] {
  return taken.map(({ step, choice, isHold }) => [step, isHold ? holdKey(choice) : choice.key]);
}

/** What was passed over or held, each as a hold from its first time on. */
export function overtakenOf(taken: readonly Taken[]): Deviation[] {
  const holds = new Map<string, number>();
  for (const { step, choice, isHold, instead } of taken) {
    const left = isHold ? choice : instead;
    if (left === null || !isHoldable(left)) continue;
    const key = holdKey(left);
    if (!holds.has(key)) holds.set(key, step);
  }
  return [...holds].map(([key, step]) => [step, key]);
}

/** True for what can wait until nothing else is left. */
export function isHoldable(choice: Choice): choice is Pair | Seat | ThreadLink {
  return choice instanceof Pair || choice instanceof Seat || choice instanceof ThreadLink;
}
