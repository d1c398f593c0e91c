// Schedules that are smaller than a failing one in another way than being shorter: earlier, milder, and about processes
// that were spawned earlier. The last two make room for the inputs: what happens to the first of nine clients goes on
// happening when fast-check takes the other eight away.
import { type Deviation, weaker } from '../simulation/index.ts';

/** Lists up to this length are tried at every earlier step, longer ones at three. */
const SCANNED_MAX = 2;
const SCANNED_STEPS_MAX = 200;
/** Steps that a patient deviation waits; see `Replay`. */
const PATIENCE_STEPS = 32;

/** Each deviation at earlier steps: all of them where there are few, else the first, halfway, and one before. */
export function* earlier(taken: readonly Deviation[]): Generator<readonly Deviation[]> {
  for (let index = 0; index < taken.length; index++) {
    const step = taken[index][0];
    const isScanned = taken.length <= SCANNED_MAX;
    const steps = isScanned
      ? Array.from({ length: Math.min(step, SCANNED_STEPS_MAX) }, (_, at) => at)
      : [...new Set([0, step >> 1, step - 1])].filter((at) => at >= 0 && at < step);
    for (const at of steps) yield replaced(taken, index, at, taken[index][1]);
  }
}

/** Each fault with less of it. */
export function* milder(taken: readonly Deviation[]): Generator<readonly Deviation[]> {
  for (const [index, [step, key]] of taken.entries()) {
    for (const less of weaker(key)) yield replaced(taken, index, step, less);
  }
}

/** The same done to a process that was spawned earlier by the same parent, at any step up to its own. */
export function* lower(taken: readonly Deviation[]): Generator<readonly Deviation[]> {
  if (taken.length > SCANNED_MAX) return;
  for (const [index, [step, key]] of taken.entries()) {
    for (const other of lowerKeys(key)) {
      for (let at = 0; at <= step; at += PATIENCE_STEPS) yield replaced(taken, index, at, other);
    }
  }
}

/** The key with one number of one spawn path made smaller. */
function* lowerKeys(key: string): Generator<string> {
  for (const match of key.matchAll(/(?<=\/)\d+/g)) {
    for (let number = 0; number < Number(match[0]); number++) {
      yield `${key.slice(0, match.index)}${number}${key.slice(match.index + match[0].length)}`;
    }
  }
}

function replaced(taken: readonly Deviation[], index: number, step: number, key: string): readonly Deviation[] {
  return taken.map((deviation, place): Deviation => (place === index ? [step, key] : deviation));
}
