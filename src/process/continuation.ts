// A suspended computation of a process: its generator and what it waits for.
import type { Effect, Effects } from './effects.ts';

/** What becomes of the result: it ends the process, becomes the handler's state, or settles a promise of an async body. */
export type ContinuationEnd =
  | 'body'
  | 'state'
  | ((outcome: { readonly value: unknown } | { readonly error: unknown }) => void);

export class Continuation {
  readonly effects: Effects<unknown>;
  readonly end: ContinuationEnd;
  /** What the generator is given when it goes on. */
  input: unknown = undefined;
  /** The receive under way, or null when the generator can go on at once. */
  receiving: Extract<Effect, { op: 'receive' }> | null = null;
  /** The timer of the receive under way. */
  timer: object | null = null;
  hasTimedOut = false;
  /** Undoes a wait that the process no longer lives to see. */
  abandon: (() => void) | undefined = undefined;

  constructor(effects: Effects<unknown>, end: ContinuationEnd) {
    this.effects = effects;
    this.end = end;
  }
}
