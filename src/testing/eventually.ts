// Liveness for the body of a test: something that must become true, within a time that is virtual in the simulator.
import { type Context, context as currentContext, type Effects, sleep } from '../process/index.ts';

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
  { afterMs = AFTER_MS, everyMs = EVERY_MS }: EventuallyWithin = {},
): Effects<void> {
  const context: Context = yield* currentContext();
  const untilMs = context.now() + afterMs;
  for (;;) {
    const answer = isTrue();
    if (typeof answer === 'boolean' ? answer : yield* answer) return;
    if (context.now() >= untilMs) throw new NotEventuallyError(`${what}: not within ${afterMs} ms`);
    yield* sleep(Math.min(everyMs, untilMs - context.now()));
  }
}
