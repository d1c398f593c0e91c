// New code for running handlers, in development (HOT-1). Node forgets no module: each reload costs its memory.
import type { Pid } from '../term/index.ts';
import type { Effects } from './effects.ts';

/** What a reload did on one thread. */
export type ReloadOutcome =
  | {
      readonly ok: true;
      /** Counted from 1 on each thread. */
      readonly version: number;
      /** Processes that run the new code. */
      readonly changed: number;
      /** Processes that get it when they have done what they wait for. */
      readonly waiting: number;
      /** Generators and functions, which keep the old code until they end. */
      readonly kept: number;
      /** Processes whose `codeChange` threw: they keep the old code and state. */
      readonly failed: readonly { readonly pid: Pid<never>; readonly reason: unknown }[];
    }
  /** The module could not be loaded; nothing has changed. */
  | { readonly ok: false; readonly error: unknown };

/**
 * Loads a module again on the thread of the caller: what is started from its exports by name (an Mfa) from now on runs the
 * new code, and so do the handlers that run already, from their next message on. See `reloadModule` for all threads.
 */
export function* reloadHere(module: string, extra: unknown = null): Effects<ReloadOutcome> {
  return (yield {
    op: 'wait',
    start: (process, resume) => {
      process.kernel.reload(module, extra, resume);
      return undefined;
    },
  }) as ReloadOutcome;
}
