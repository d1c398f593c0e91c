// What the callbacks of a gen-server return: small tagged objects of one shape each, made by these functions only.
// GS-1 (init), GS-7 (stop), GS-9 (continue), GS-10 (timeout).

/** What a server does after a callback: call `handleContinue` before any message (GS-9), or wait at most so long (GS-10). */
export type Next = { readonly continue: unknown } | { readonly timeoutMs: number };

/** Answer the call and go on. */
export interface Reply<R, S> {
  readonly tag: 'reply';
  readonly value: R;
  readonly state: S;
  readonly next: Next | null;
}

/** Go on without answering; a call is then answered with `replyTo`, whenever (GS-6). */
export interface NoReply<S> {
  readonly tag: 'noReply';
  readonly state: S;
  readonly next: Next | null;
}

/** End with `reason` after `terminate` has run (GS-7, GS-11). */
export interface Stop<R, S> {
  readonly tag: 'stop';
  readonly reason: unknown;
  /** Null when the state is to stay as it was. */
  readonly state: { readonly value: S } | null;
  /** Sent after `terminate`, even if that failed. */
  readonly reply: { readonly value: R } | null;
}

/** The server has started with this state. */
export interface Ok<S> {
  readonly tag: 'ok';
  readonly state: S;
  readonly next: Next | null;
}

/** Do not start, and that is no error (GS-1). */
export interface Ignore {
  readonly tag: 'ignore';
}

/** The start failed with `reason`, but the process ends `normal`, so that a linked starter lives on (OTP 26's `error`). */
export interface Fail {
  readonly tag: 'fail';
  readonly reason: unknown;
}

export type CallResult<R, S> = Reply<R, S> | NoReply<S> | Stop<R, S>;
export type CastResult<S> = NoReply<S> | Stop<never, S>;
export type InitResult<S> = Ok<S> | Ignore | Fail | Stop<never, S>;

/** Answers the call with `value`; the server goes on with `state`. */
export function reply<R, S>(value: R, state: S, next?: Next): Reply<R, S> {
  return { tag: 'reply', value, state, next: next ?? null };
}

/** The server goes on with `state`. */
export function noReply<S>(state: S, next?: Next): NoReply<S> {
  return { tag: 'noReply', state, next: next ?? null };
}

/** Ends the server with `reason`: `terminate` runs, then the reply given as third argument is sent (GS-7). */
export function stop(reason: unknown): Stop<never, never>;
export function stop<S>(reason: unknown, state: S): Stop<never, S>;
export function stop<R, S>(reason: unknown, state: S, value: R): Stop<R, S>;
export function stop(...args: readonly unknown[]): Stop<unknown, unknown> {
  return {
    tag: 'stop',
    reason: args[0],
    state: args.length > 1 ? { value: args[1] } : null,
    reply: args.length > 2 ? { value: args[2] } : null,
  };
}

/** `init` succeeded. */
export function ok<S>(state: S, next?: Next): Ok<S> {
  return { tag: 'ok', state, next: next ?? null };
}

const IGNORE: Ignore = { tag: 'ignore' };

/** `init` declines: the starter gets `{tag: 'ignored'}`, a supervisor keeps the spec without a process. */
export function ignore(): Ignore {
  return IGNORE;
}

/** `init` failed; unlike `stop(reason)` this does not exit a starter that is linked and does not trap exits. */
export function fail(reason: unknown): Fail {
  return { tag: 'fail', reason };
}
