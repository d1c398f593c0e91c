// What travels between a behaviour and its clients, and the types that make it checked: a server's pid carries which
// calls it answers (and with what), which casts it takes and which plain messages it understands. GS-3, GS-5, GS-6.
import type { AnyPid, Pid, Ref } from '../term/index.ts';

declare const replyType: unique symbol;

/**
 * A call request `Q` that is answered with an `R`.
 * `type CounterCall = Request<{ tag: 'get' }, number> | Request<{ tag: 'add'; by: number }, number>`.
 */
export type Request<Q, R> = Q & { readonly [replyType]?: R };

/** Where to answer a call. Plain data: it may be kept, sent on, and used from any thread, at any time (GS-6). */
export interface From {
  /** The alias that takes the reply; it dies with the call, so a late reply goes nowhere (ALI-2). */
  readonly alias: Ref;
  readonly caller: AnyPid;
}

/** A call on its way to a server. */
export interface CallMessage<C> {
  readonly tag: '$call';
  readonly from: From;
  readonly request: C;
}

/** A cast on its way to a server. */
export interface CastMessage<T> {
  readonly tag: '$cast';
  readonly message: T;
}

/** Asks a behaviour to end in order (GS-13). */
export interface StopMessage {
  readonly tag: '$stop';
  readonly reason: unknown;
}

/** The answer to a call, as the caller's mailbox sees it. */
export interface ReplyMessage {
  readonly tag: '$reply';
  readonly ref: Ref;
  readonly value: unknown;
}

/** A server that answers the calls `C`, takes the casts `T` and understands the plain messages `I`. */
export type ServerPid<C = never, T = never, I = never> = Pid<CallMessage<C> | CastMessage<T> | I>;

/** The calls that a process with protocol `P` answers. */
export type CallsOf<P> = P extends CallMessage<infer C> ? C : never;

/** The casts that a process with protocol `P` takes. */
export type CastsOf<P> = P extends CastMessage<infer T> ? T : never;

/** What the call `Q` is answered with, looked up in the union of requests `C`. */
export type ReplyOf<C, Q> = C extends { readonly [replyType]?: infer R }
  ? Matches<C, Q> extends true
    ? R
    : never
  : never;

/** Whether `Q` is the request `C`. Texts and numbers are compared the other way: without its brand a text is an object. */
type Matches<C, Q> = C extends string | number | boolean | bigint
  ? C extends Q
    ? true
    : false
  : Q extends Omit<C, typeof replyType>
    ? true
    : false;

/** Every reply a server with the calls `C` may give. */
export type RepliesOf<C> = C extends { readonly [replyType]?: infer R } ? R : never;
