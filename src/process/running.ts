// The process whose slice is under way on this thread: Erlang's `self()`, for library code that was not handed a context
// and would otherwise have to ask for it with an effect, which costs a call a fifth of its time.
import type { Process } from './process.ts';

/** Set by the scheduler around each slice; null outside of one. */
export const running: { process: Process | null } = { process: null };
