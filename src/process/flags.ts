// The state bits of a process. One small integer instead of eight fields: a million idle processes pay for each word.

/** Not torn down yet. A process without it ignores everything. */
export const ALIVE = 1;
/** In a run queue. */
export const QUEUED = 2;
/** Its slice is under way. */
export const RUNNING = 4;
/** Exits arrive as messages (EXI-5). */
export const TRAPS_EXITS = 8;
/** The body has not been entered yet. */
export const FRESH = 16;
/** Waits for something other than a message (a module, a registration): messages do not wake it. */
export const BLOCKED = 32;
/** The handler must look up after this message: an exit, a continuation or a suspension came. */
export const INTERRUPTED = 64;
/** Suspended by a debugger; receives, does not run (PRC-4). */
export const SUSPENDED = 128;
export const PRIORITY_HIGH = 256;
export const PRIORITY_LOW = 512;
/** The body is an async function: user code may run outside a slice. */
export const ASYNC = 1024;
/** Its long mailbox has been reported (RCV-4). */
export const LONG_MAILBOX_REPORTED = 2048;
/** Fills an outbox that is over its bound: does not run before there is room (DESIGN decision 5). */
export const HELD = 4096;

/** Any of these: a new message does not put the process into the run queue. */
export const NOT_WAKEABLE = QUEUED | RUNNING | BLOCKED | SUSPENDED | HELD;
