// Liveness for the body of a test: something that must become true, within a time that is virtual in the simulator.
import { type Context, context as currentContext, type Effects, sleep } from '../process/index.ts';
import { checkOptions, describe } from '../term/index.ts';

export interface EventuallyWithin {
  /** How long it may take. Default 60,000 ms. */
  readonly afterMs?: number;
  /** How often to look. Default 10 ms. */
  readonly everyMs?: number;
}

/** Thrown when it has not become true. */
export class NotEventuallyError extends Error {
  override readonly name = 'NotEventuallyError';
}

const AFTER_MS = 60_000;
const EVERY_MS = 10;

/**
 * Waits until `isTrue` returns true, looking again and again; it may also return effects, such as a call. Throws
 * {@link NotEventuallyError} with `what` when the time is over. Call `heal` first, so that no fault excuses it.
 */
export function* eventually(
  what: string,
  isTrue: () => boolean | Effects<boolean>,
  within: EventuallyWithin = {},
): Effects<void> {
  checkOptions('eventually', within, { afterMs: true, everyMs: true });
  const { afterMs = AFTER_MS, everyMs = EVERY_MS } = within;
  // Looking again at once would go on for ever: no time would pass.
  if (!(everyMs > 0)) throw new RangeError(`everyMs must be above 0, got ${describe(everyMs)}`);
  if (!(afterMs >= 0)) throw new RangeError(`afterMs must be 0 or more, got ${describe(afterMs)}`);
  if (typeof isTrue !== 'function') throw new TypeError(`eventually needs a function, got ${describe(isTrue)}`);
  const context: Context = yield* currentContext();
  const untilMs = context.now() + afterMs;
  for (;;) {
    const answer = isTrue();
    if (typeof answer === 'boolean' ? answer : yield* effectsOf(answer)) return;
    if (context.now() >= untilMs) throw new NotEventuallyError(`${what}: not within ${afterMs} ms`);
    yield* sleep(Math.min(everyMs, untilMs - context.now()));
  }
}

function effectsOf(answer: Effects<boolean>): Effects<boolean> {
  if (typeof answer === 'object' && answer !== null && Symbol.iterator in answer) return answer;
  throw new TypeError(`what eventually waits for must be true, false or effects, got ${describe(answer)}`);
}
