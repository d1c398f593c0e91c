// Questions to processes of other threads that wait for their answer (SIG-6). The death of a thread answers those to it.
import type { Origin, Ref } from '../term/index.ts';

type Done = (value: unknown) => void;

export class Replies {
  private readonly waiting = new Map<Ref, { readonly to: Origin; readonly done: Done }>();

  expect(ref: Ref, to: Origin, done: Done): void {
    this.waiting.set(ref, { to, done });
  }

  take(ref: Ref): Done | undefined {
    const entry = this.waiting.get(ref);
    this.waiting.delete(ref);
    return entry?.done;
  }

  /** Answers `undefined` for everything that was asked of a dead thread. */
  answerFor(origin: Origin): void {
    for (const [ref, { to, done }] of this.waiting) {
      if (to !== origin) continue;
      this.waiting.delete(ref);
      done(undefined);
    }
  }
}
