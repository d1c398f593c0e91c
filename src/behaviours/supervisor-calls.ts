// What can be asked of a supervisor, and the functions that ask (SUP-11). Every one is an effect: it may have to wait
// until the supervisor has finished a restart.
import { type Context, context as currentContext, type Effects } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';
import { call } from './call.ts';
import type { ChildSpec, ChildSpecFor, ChildType, SpecError } from './child-spec.ts';
import { type PackedSpec, packSpec, unpackSpec } from './local-body.ts';
import type { ReplyOf, Request, ServerPid } from './protocol.ts';

/** One child as `whichChildren` shows it. */
export interface ChildShown {
  /** Empty for a dynamic child without an id. */
  readonly id: string;
  readonly pid: AnyPid | 'restarting' | null;
  readonly type: ChildType;
}

export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/** Why a supervisor did not do it. Any other term is the child's own start error. */
export type ChildError =
  | { readonly tag: 'alreadyStarted'; readonly pid: AnyPid }
  | { readonly tag: 'alreadyPresent' }
  | { readonly tag: 'badChildSpec'; readonly error: SpecError }
  | { readonly tag: 'maxChildren' }
  | { readonly tag: 'notFound' }
  | { readonly tag: 'running' }
  | { readonly tag: 'restarting' }
  /** The supervisor's strategy has no such operation. */
  | { readonly tag: 'notSupported' }
  | { readonly tag: string };

/** A start; the pid is null when the child's `init` said `ignore`. */
export type ChildStartOutcome =
  | { readonly ok: true; readonly pid: AnyPid | null }
  | { readonly ok: false; readonly error: ChildError };
export type ChildOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ChildError };
export type SpecOutcome<S> =
  | { readonly ok: true; readonly spec: S }
  | { readonly ok: false; readonly error: ChildError };

/** The calls that every supervisor answers. */
export type SupervisorCall =
  | Request<{ readonly tag: 'startChild'; readonly spec: PackedSpec }, ChildStartOutcome>
  | Request<{ readonly tag: 'startWith'; readonly args: readonly unknown[] }, ChildStartOutcome>
  | Request<{ readonly tag: 'terminateChild'; readonly child: string | AnyPid }, ChildOutcome>
  | Request<{ readonly tag: 'restartChild'; readonly id: string }, ChildStartOutcome>
  | Request<{ readonly tag: 'deleteChild'; readonly id: string }, ChildOutcome>
  | Request<{ readonly tag: 'whichChildren' }, readonly ChildShown[]>
  | Request<{ readonly tag: 'countChildren' }, ChildCounts>
  | Request<{ readonly tag: 'getChildSpec'; readonly child: string | AnyPid }, SpecOutcome<PackedSpec>>;

/** A supervisor, by pid or by registered name. */
export type SupervisorPid = ServerPid<SupervisorCall>;
type Server = SupervisorPid | string;

/** Adds a child and starts it, as the last in the order. A child whose start fails is not kept. */
export function startChild<A extends readonly unknown[]>(
  supervisor: Server,
  spec: ChildSpecFor<A>,
): Effects<ChildStartOutcome>;
export function* startChild(supervisor: Server, spec: ChildSpec): Effects<ChildStartOutcome> {
  const context: Context = yield* currentContext();
  return yield* ask(supervisor, { tag: 'startChild', spec: packSpec(context, spec) });
}

/** For simpleOneForOne: starts a child from the template, with `args` behind the template's (SUP-13). */
export function startWith(supervisor: Server, args: readonly unknown[]): Effects<ChildStartOutcome> {
  return ask(supervisor, { tag: 'startWith', args });
}

/**
 * Stops a child, by id or, for dynamic children, by pid. It is not restarted, nothing is counted, nothing else shuts
 * down; a child that is not running is fine (SUP-11, SUP-12). The spec stays, unless the child is temporary or dynamic.
 */
export function terminateChild(supervisor: Server, child: string | AnyPid): Effects<ChildOutcome> {
  return ask(supervisor, { tag: 'terminateChild', child });
}

/** Starts a child that was stopped or has ended. */
export function restartChild(supervisor: Server, id: string): Effects<ChildStartOutcome> {
  return ask(supervisor, { tag: 'restartChild', id });
}

/** Forgets the spec of a child that is not running. */
export function deleteChild(supervisor: Server, id: string): Effects<ChildOutcome> {
  return ask(supervisor, { tag: 'deleteChild', id });
}

/** All children, the newest first. */
export function whichChildren(supervisor: Server): Effects<readonly ChildShown[]> {
  return ask(supervisor, { tag: 'whichChildren' });
}

/** How many specs there are and how many children run. */
export function countChildren(supervisor: Server): Effects<ChildCounts> {
  return ask(supervisor, { tag: 'countChildren' });
}

/** The spec of a child, with its defaults filled in. A function body is only there for callers on the same thread. */
export function* getChildSpec(supervisor: Server, child: string | AnyPid): Effects<SpecOutcome<ChildSpec>> {
  const found = yield* ask(supervisor, { tag: 'getChildSpec', child });
  return found.ok ? { ok: true, spec: unpackSpec(found.spec) } : found;
}

/** A supervisor may be busy with a restart for as long as a child needs to start, so nobody gives up here. */
function ask<const Q extends SupervisorCall>(supervisor: Server, request: Q): Effects<ReplyOf<SupervisorCall, Q>> {
  return call(supervisor as SupervisorPid, request as never, Number.POSITIVE_INFINITY) as Effects<
    ReplyOf<SupervisorCall, Q>
  >;
}
