// Making a failing schedule small: fewer deviations first (ddmin), then earlier ones (DESIGN decision 17).
// Each success goes on from what that run really did, so that the result replays exactly.
import { faultMs, weaker } from './faults.ts';
import type { Deviation } from './schedule.ts';

/** Runs a schedule: the deviations it took when it still fails, null when it does not. */
export type Attempt = (deviations: readonly Deviation[]) => readonly Deviation[] | null;

/** Lists that are not worth replacing. */
const FEW = 2;
/** More things than this are not tried in pairs. */
const HOLDS_MAX = 12;

/**
 * Schedules of one or two holds, from what a run has passed over: one thing that waits until all else is done often
 * does what many small steps ahead of it do. Nothing for a list that is short already.
 */
export function* byHolding(
  list: readonly Deviation[],
  overtaken: readonly Deviation[],
): Generator<readonly Deviation[]> {
  if (list.length <= FEW) return;
  const holds = overtaken.slice(0, HOLDS_MAX);
  for (const hold of holds) yield [hold];
  for (const [index, first] of holds.entries()) {
    for (const second of holds.slice(index + 1)) yield [first, second].sort((a, b) => a[0] - b[0]);
  }
}

export interface Shrunk {
  readonly deviations: readonly Deviation[];
  /** Runs it took. */
  readonly runs: number;
}

/**
 * The smallest failing schedule found from `failing` within `runsMax` runs (default 2,000). `overtaken` are the holds
 * that may do instead; see `byHolding`.
 */
export function shrinkSchedule(
  failing: readonly Deviation[],
  attempt: Attempt,
  overtaken: readonly Deviation[] = [],
  runsMax = 2_000,
): Shrunk {
  let runs = 0;
  let best = failing;
  const accept = (candidate: readonly Deviation[]): boolean => {
    if (runs >= runsMax) return false;
    runs++;
    const taken = attempt(candidate);
    if (taken === null || !isSmaller(taken, best)) return false;
    best = taken;
    return true;
  };
  for (let size = ''; size !== sizeOf(best); ) {
    size = sizeOf(best);
    takeAway(() => best, accept);
    moveEarlier(() => best, accept);
    makeWeaker(() => best, accept);
    for (const candidate of byHolding(best, overtaken)) if (accept(candidate)) break;
  }
  return { deviations: best, runs };
}

/** Removes chunks, halving their size until single deviations are left. */
function takeAway(best: () => readonly Deviation[], accept: (candidate: readonly Deviation[]) => boolean): void {
  if (best().length > 0 && accept([])) return;
  for (let chunk = Math.ceil(best().length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let start = 0; start < best().length; ) {
      const candidate = best().filter((_, index) => index < start || index >= start + chunk);
      if (!accept(candidate)) start += chunk;
    }
  }
}

/** Tries each deviation at earlier steps: at once, halfway, one step before. */
function moveEarlier(best: () => readonly Deviation[], accept: (candidate: readonly Deviation[]) => boolean): void {
  for (let index = 0; index < best().length; index++) {
    for (const earlier of [() => 0, (step: number) => step >> 1, (step: number) => step - 1]) {
      const step = best()[index]?.[0] ?? 0;
      if (step === 0) break;
      accept(best().map(([at, key], place): Deviation => [place === index ? earlier(step) : at, key]));
    }
  }
}

/** Tries less of each fault: 1 ms, half as long. */
function makeWeaker(best: () => readonly Deviation[], accept: (candidate: readonly Deviation[]) => boolean): void {
  for (let index = 0; index < best().length; index++) {
    for (let isGoingOn = true; isGoingOn; ) {
      const keys = weaker(best()[index]?.[1] ?? '');
      isGoingOn = keys.some((key) =>
        accept(best().map(([at, other], place): Deviation => [at, place === index ? key : other])),
      );
    }
  }
}

/** Fewer deviations first, then earlier ones, then weaker faults. */
function isSmaller(a: readonly Deviation[], b: readonly Deviation[]): boolean {
  const difference = weight(a) - weight(b);
  return difference < 0 || (difference === 0 && faultMs(a) < faultMs(b));
}

function sizeOf(deviations: readonly Deviation[]): string {
  return `${weight(deviations)} ${faultMs(deviations)}`;
}

/** More deviations weigh more than later ones. */
function weight(deviations: readonly Deviation[]): number {
  return deviations.length * 2 ** 32 + deviations.reduce((sum, [step]) => sum + step, 0);
}
