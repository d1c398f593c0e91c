// The callbacks of a gen-server as types.
import type { Context, Effects, SystemMessage } from '../process/index.ts';
import type { From, RepliesOf } from './protocol.ts';
import type { CallResult, CastResult, InitResult } from './results.ts';

/** The context a callback sees. */
export type ServerContext = Context<unknown>;

/** What `handleInfo` gets when the server's `{timeoutMs}` went by without a message (GS-10). */
export interface IdleTimeout {
  readonly tag: 'idleTimeout';
}

/** The one {@link IdleTimeout}. */
export const IDLE_TIMEOUT: IdleTimeout = { tag: 'idleTimeout' };

/** What the runtime may put into `handleInfo` beside the server's own messages. */
export type ServerSystemMessage = SystemMessage | IdleTimeout;

/** A callback returns its result, or a generator that waits and ends with it. */
export type OrEffects<R> = R | Effects<R>;

/**
 * The callbacks of a server with state `S`, init arguments `A`, calls `C`, casts `T` and plain messages `I`.
 * Each may be a plain function or a generator function. A throw, or a result of another shape, crashes the server.
 */
export interface Callbacks<S, A extends readonly unknown[], C, T, I> {
  /** Shown as the initial call, and in logs. */
  readonly label?: string;
  /** Callbacks get a draft of the state, may change it, and return it: immer makes the next state. Plain functions only. */
  readonly immer?: boolean;
  /** With `immer`: remembers so many steps of the state as patches, for `getHistory`, `stepBack` and `stepForward`. */
  readonly history?: number;
  /** Runs in the new process before the starter goes on: `ok`, `ignore`, `fail` or `stop` (GS-1). */
  init(context: ServerContext, ...args: A): OrEffects<InitResult<S>>;
  /** Without it a call crashes the server. */
  handleCall?(request: C, from: From, state: S, context: ServerContext): OrEffects<CallResult<RepliesOf<C>, S>>;
  /** Without it a cast crashes the server. */
  handleCast?(message: T, state: S, context: ServerContext): OrEffects<CastResult<S>>;
  /** Without it other messages are logged and dropped (GS-5). */
  handleInfo?(message: I | ServerSystemMessage, state: S, context: ServerContext): OrEffects<CastResult<S>>;
  /** Runs before any message when a result said `{continue: ...}` (GS-9). */
  handleContinue?(continuation: unknown, state: S, context: ServerContext): OrEffects<CastResult<S>>;
  /**
   * The state for this version of the code (HOT-1): called when the module was loaded again, with the version that the
   * state is of and what the loading was given. Plain; a throw keeps the old code and state. Without it the state stays.
   */
  codeChange?(oldVersion: number, state: unknown, extra: unknown, context: ServerContext): S;
  /** What `getState` and `getStatus` show of a state that is nobody else's business, or no term. */
  formatStatus?(state: S): unknown;
  /** The state that `replaceState` puts there, from one as `formatStatus` shows it; without it, that cannot be replaced. */
  takeStatus?(status: unknown, state: S): S;
  /** Runs on a stop, a crash of a callback, and the parent's exit while trapping; not on a kill (GS-11). */
  terminate?(reason: unknown, state: S, context: ServerContext): unknown;
}
