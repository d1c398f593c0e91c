// Work on the disk that has several steps, written one after the other: a generator that yields operations. A failed
// operation is thrown where it was asked for; what nobody catches ends the flow with it.
import type { DiskDone, DiskFailure, DiskResult } from '../../env/index.ts';

/** Starts one operation. */
export type Operation<T> = (done: DiskDone<T>) => void;
export type Flow<T> = Generator<Operation<unknown>, T, unknown>;

/** A disk's failure inside a flow. */
export class DiskError extends Error {
  readonly failure: DiskFailure;

  constructor(failure: DiskFailure) {
    super(`${failure.code}: ${failure.text}`);
    this.failure = failure;
  }
}

/** The value of an operation; throws {@link DiskError}. */
export function* ask<T>(operation: Operation<T>): Flow<T> {
  return (yield operation as Operation<unknown>) as T;
}

/** Runs a flow. Errors that are no disk's go on to whoever runs the step. */
export function run<T>(flow: Flow<T>, done: DiskDone<T>): void {
  const step = (result: DiskResult<unknown> | null): void => {
    let next: IteratorResult<Operation<unknown>, T>;
    try {
      if (result === null) next = flow.next();
      else if (result.ok) next = flow.next(result.value);
      else next = flow.throw(new DiskError(result.failure));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      done({ ok: false, failure: error.failure });
      return;
    }
    if (next.done === true) done({ ok: true, value: next.value });
    else next.value(step);
  };
  step(null);
}
