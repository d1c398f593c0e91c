// The slower steps of a gen-server, as generators: starting, results that continue, wait or stop, and ending.
// GS-1, GS-7...12. Each runs as the continuation of the process, so that no message is let in before it is done.
import { type Context, type Effects, ExitError, exitReasonOf } from '../process/index.ts';
import { type AnyPid, formatReason, type Ref } from '../term/index.ts';
import { replyTo } from './call.ts';
import { type Callbacks, IDLE_TIMEOUT, type OrEffects, type ServerContext } from './callbacks.ts';
import { answerStart, answerStarted, type StartTicket, takeName } from './proc-lib.ts';
import type { From } from './protocol.ts';
import type { CallResult, CastResult, InitResult, Next, Stop } from './results.ts';
import { ServerWatch } from './server-watch.ts';
import { StateHistory, type StateStep } from './state-history.ts';

type Loose = Callbacks<unknown, readonly unknown[], unknown, unknown, unknown>;
type Result = CallResult<unknown, unknown> | CastResult<unknown>;
/** What a callback returned; undefined for one that returned nothing, which is a crash. */
export type Outcome = OrEffects<Result> | undefined | null;

/** The exit reason of a server whose callback returned something else than a result (GS-8). */
export interface BadReturnReason {
  readonly tag: 'badReturnValue';
  readonly callback: string;
  readonly text: string;
}

const IDLE = '$idle';

/** What the process of a server holds: the callbacks' state, and the idle timer while one runs (GS-10). */
export class Server<S> {
  state: S;
  idle: Ref | null = null;
  /** Null unless somebody watches it (SYS-1). */
  watch: ServerWatch | null = null;
  /** Whose EXIT ends it: the process that it was started by, unless that was without a link (GS-12). */
  readonly parent: AnyPid | null;

  constructor(state: S, parent: AnyPid | null) {
    this.state = state;
    this.parent = parent;
  }

  /** Any message ends the idle time. Returns what the callbacks are to see, or null for a timeout that came too late. */
  wake(message: unknown, context: Context<unknown>): unknown {
    const timeout = message as { tag?: unknown; ref?: unknown; message?: unknown } | null | undefined;
    if (timeout?.tag === 'timeout' && timeout.message === IDLE) {
      if (timeout.ref !== this.idle) return null;
      this.idle = null;
      return IDLE_TIMEOUT;
    }
    this.stayAwake(context);
    return message;
  }

  stayAwake(context: Context<unknown>): void {
    if (this.idle !== null) context.cancelTimer(this.idle);
    this.idle = null;
  }

  /** Arms the idle timer. */
  sleep(timeoutMs: number, context: Context<unknown>): void {
    if (timeoutMs !== Number.POSITIVE_INFINITY) this.idle = context.startTimer(timeoutMs, context.self, IDLE);
  }
}

/** True for a generator: the result of a callback that waits. */
export function isEffects<R>(value: OrEffects<R> | null | undefined): value is Effects<R> {
  return typeof (value as { next?: unknown } | null | undefined)?.next === 'function';
}

/** Runs `init` and answers the starter; a server whose `init` is plain and unnamed starts without a generator. */
export function begin(
  callbacks: Loose,
  context: ServerContext,
  ticket: StartTicket | null,
  init: () => OrEffects<InitResult<unknown>>,
): Server<unknown> | Effects<Server<unknown>> {
  if (ticket !== null && ticket.name !== null) return initNamed(callbacks, context, ticket, init);
  const outcome = init();
  if (!isEffects(outcome) && outcome?.tag === 'ok' && outcome.next === null) {
    answerStarted(context, ticket);
    return made(callbacks, context, ticket, outcome.state);
  }
  return finishInit(callbacks, context, ticket, outcome);
}

function made(callbacks: Loose, context: ServerContext, ticket: StartTicket | null, state: unknown): Server<unknown> {
  const server = new Server(state, parentOf(context, ticket));
  if (callbacks.history !== undefined) {
    server.watch = new ServerWatch(context, callbacks.label ?? 'genServer', new StateHistory(callbacks.history));
  }
  return server;
}

function parentOf(context: ServerContext, ticket: StartTicket | null): AnyPid | null {
  return ticket?.isLinked === false ? null : context.parent;
}

function* initNamed(
  callbacks: Loose,
  context: ServerContext,
  ticket: StartTicket,
  init: () => OrEffects<InitResult<unknown>>,
): Effects<Server<unknown>> {
  yield* takeName(context, ticket);
  return yield* finishInit(callbacks, context, ticket, init());
}

function* finishInit(
  callbacks: Loose,
  context: ServerContext,
  ticket: StartTicket | null,
  outcome: OrEffects<InitResult<unknown>>,
): Effects<Server<unknown>> {
  const result: InitResult<unknown> = isEffects(outcome) ? yield* outcome : outcome;
  switch (result?.tag) {
    case 'ok': {
      answerStarted(context, ticket);
      const server = made(callbacks, context, ticket, result.state);
      if (result.next === null) return server;
      return yield* settle(callbacks, server, { ...result, tag: 'noReply' }, 'init', null, context);
    }
    case 'ignore':
      answerStart(context, ticket, { outcome: 'ignored' });
      return context.exit('normal');
    case 'fail':
      answerStart(context, ticket, { outcome: 'failed', reason: result.reason });
      return context.exit('normal');
    case 'stop':
      return context.exit(result.reason);
    default:
      return context.exit(badReturn('init', result));
  }
}

/** Applies a result, and those of the continuations it asks for, until the server waits for its next message. */
export function* settle(
  callbacks: Loose,
  server: Server<unknown>,
  first: Outcome,
  firstCallback: string,
  firstFrom: From | null,
  context: ServerContext,
): Effects<Server<unknown>> {
  let outcome = first;
  let callback = firstCallback;
  let from = firstFrom;
  for (;;) {
    let next: Next | null;
    try {
      const result: Result | undefined | null = isEffects(outcome) ? yield* outcome : outcome;
      if (result?.tag === 'stop') return yield* end(callbacks, server, result.reason, context, result, from);
      if (result?.tag !== 'noReply' && (result?.tag !== 'reply' || from === null)) {
        throw new ExitError(badReturn(callback, result));
      }
      server.state = result.state;
      if (result.tag === 'reply' && from !== null) replyTo(context, from, result.value);
      if (server.watch !== null) tell(server.watch, result, from);
      next = result.next;
      if (next === null) return server;
      if (!isNext(next)) throw new ExitError(badNext(callback, next));
      if ('timeoutMs' in next) {
        server.sleep(next.timeoutMs, context);
        return server;
      }
      callback = 'handleContinue';
      from = null;
      if (callbacks.handleContinue === undefined) {
        throw new TypeError(`a result said {continue}, but ${callbacks.label ?? 'the server'} has no handleContinue`);
      }
      outcome = callbacks.handleContinue(next.continue, server.state, context);
    } catch (error) {
      if (error instanceof Ended) throw error;
      return yield* crash(callbacks, server, error, context);
    }
  }
}

/** Notes what the callback did, for those who watch (SYS-1). */
function tell(watch: ServerWatch, result: Exclude<Result, { tag: 'stop' }>, from: From | null): void {
  const { step } = result as { readonly step?: StateStep };
  if (step !== undefined) watch.history?.took(step);
  if (result.tag === 'reply' && from !== null) watch.messageOut(from.caller, result.value);
  watch.next(result.state);
}

/** Thrown when `terminate` has run, or failed: the process ends with `reason`, and nothing may run it a second time. */
class Ended extends ExitError {}

/** A callback threw: `terminate`, then the error goes on, so that the report names where it came from (GS-11). */
export function* crash(
  callbacks: Loose,
  server: Server<unknown>,
  error: unknown,
  context: ServerContext,
): Effects<never> {
  yield* terminate(callbacks, server, exitReasonOf(error), context);
  throw error;
}

/** Ends in order: `terminate`, then the reply of a stop, even when `terminate` failed, then the exit (GS-7). */
export function* end(
  callbacks: Loose,
  server: Server<unknown>,
  reason: unknown,
  context: ServerContext,
  stop?: Stop<unknown, unknown>,
  from?: From | null,
): Effects<never> {
  if (stop?.state != null) server.state = stop.state.value;
  try {
    yield* terminate(callbacks, server, reason, context);
  } finally {
    if (stop?.reply != null && from != null) {
      replyTo(context, from, stop.reply.value);
      server.watch?.messageOut(from.caller, stop.reply.value);
    }
  }
  throw new Ended(reason);
}

function* terminate(callbacks: Loose, server: Server<unknown>, reason: unknown, context: ServerContext): Effects<void> {
  if (callbacks.terminate === undefined) return;
  try {
    const outcome = callbacks.terminate(reason, server.state, context);
    if (isEffects(outcome)) yield* outcome;
    // Nobody would wait for what it still has to do.
    else if (outcome instanceof Promise) throw new ExitError(badReturn('terminate', outcome));
  } catch (error) {
    throw new Ended(exitReasonOf(error));
  }
}

const TEXT_MAX = 200;
/** What to do instead of an async callback. */
export const PROMISE_TEXT = 'a promise: callbacks are not async; wait in a generator callback, or answer later';

function isNext(next: unknown): boolean {
  return typeof next === 'object' && next !== null && ('timeoutMs' in next || 'continue' in next);
}

function badNext(callback: string, next: unknown): BadReturnReason {
  const text = `${formatReason(next).slice(0, TEXT_MAX)} as what to do next, not { timeoutMs } or { continue }`;
  return { tag: 'badReturnValue', callback, text };
}

function badReturn(callback: string, value: unknown): BadReturnReason {
  // An async callback is the likely reason; nobody will ever look at its promise, so its failure must not end the host.
  if (value instanceof Promise) value.catch(() => {});
  if (value instanceof Promise) return { tag: 'badReturnValue', callback, text: PROMISE_TEXT };
  const wanted =
    callback === 'init' ? 'ok(state)' : callback === 'handleCall' ? 'reply(value, state)' : 'noReply(state)';
  return {
    tag: 'badReturnValue',
    callback,
    text: `${formatReason(value).slice(0, TEXT_MAX)}, not a result such as ${wanted}`,
  };
}
