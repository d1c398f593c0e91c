// gen-statem: a process that is a state machine, with events, postponing, enter calls and three kinds of timeouts.
// ST-1 to ST-6; starting, stopping and the parent's exit as for a gen-server (GS-1, GS-7, GS-11, GS-12).
import { type Context, type Effects, ExitError, exitReasonOf, type Handler, isExit, pause } from '../process/index.ts';
import { type AnyPid, formatReason, type Pid, type Ref } from '../term/index.ts';
import { call, replyTo } from './call.ts';
import type { OrEffects } from './callbacks.ts';
import { answerStart, answerStarted, isTicket, type StartTicket, type TakesTicket, takeName } from './proc-lib.ts';
import type { CallMessage, CallsOf, CastMessage, ReplyOf, StopMessage } from './protocol.ts';
import { isEffects } from './server-steps.ts';
import type { ServerWatch } from './server-watch.ts';
import { checkStatem } from './statem-check.ts';
import { badAction, badReturn, isOwnTimer, isSameState, type OwnTimer, outside, tagOf } from './statem-events.ts';
import { StatemQueue, timeoutEvent } from './statem-queue.ts';
import type { AnyStatemEvent, StatemAction, StatemEvent, StatemInit, StatemResult } from './statem-results.ts';
import { StatemTimers } from './statem-timers.ts';
import { isSystemCall, type SystemCall, type SystemHolder, serveSystem } from './sys.ts';

/** A callback for the events of one state. */
export type StateFunction<S, D, C, T, I> = (
  event: StatemEvent<S, C, T, I>,
  data: D,
  context: Context<unknown>,
  state: S,
) => OrEffects<StatemResult<S, D>>;

/**
 * The callbacks of a machine with states `S`, data `D`, init arguments `A`, calls `C`, casts `T` and plain messages `I`.
 * Either `states`, with a function per state (by its text, or its `tag`), or `handleEvent` for all of them. Each may be
 * plain or a generator. A throw, or a result of another shape, crashes the machine.
 */
export interface StatemCallbacks<S, D, A extends readonly unknown[], C, T, I> {
  readonly label?: string;
  /** Calls with an `enter` event when a state is entered (ST-4). Default false. */
  readonly stateEnter?: boolean;
  init(context: Context<unknown>, ...args: A): OrEffects<StatemInit<S, D>>;
  handleEvent?(
    event: StatemEvent<S, C, T, I>,
    state: S,
    data: D,
    context: Context<unknown>,
  ): OrEffects<StatemResult<S, D>>;
  readonly states?: Readonly<Record<string, StateFunction<S, D, C, T, I>>>;
  /** The state and data for this version of the code (HOT-1); see `codeChange` of a gen-server. */
  codeChange?(
    oldVersion: number,
    state: unknown,
    data: unknown,
    extra: unknown,
    context: Context<unknown>,
  ): { readonly state: S; readonly data: D };
  terminate?(reason: unknown, state: S, data: D, context: Context<unknown>): unknown;
}

/** A machine's definition: a process body, as a gen-server's. */
export interface StatemDefinition<A extends readonly unknown[], C, T, I>
  extends Handler<unknown, CallMessage<C> | CastMessage<T> | I, A>,
    TakesTicket {}

type Loose = StatemCallbacks<unknown, unknown, readonly unknown[], unknown, unknown, unknown>;
type Machine = StateMachine;
type Result = StatemResult<unknown, unknown>;

/** Defines a state machine. Throws BadArgumentError for callbacks that are none, RangeError for a name that is none of them. */
export function genStatem<S, D, A extends readonly unknown[] = readonly [], C = never, T = never, I = never>(
  callbacks: StatemCallbacks<S, D, A, C, T, I>,
): StatemDefinition<A, C, T, I> {
  checkStatem(callbacks);
  const loose = callbacks as unknown as Loose;
  const definition: Handler<Machine, unknown, readonly unknown[]> & TakesTicket = {
    behaviour: 'genStatem',
    label: loose.label ?? 'genStatem',
    init: (context, ...args) => {
      const ticket = isTicket(args[0]) ? args[0] : null;
      return begin(loose, context as Context<unknown>, ticket, ticket === null ? args : args.slice(1));
    },
    codeChange: (oldVersion, machine, extra) => (machine as Machine).change(loose, oldVersion, extra),
    handle: (machine, message, context) => {
      const rest = machine.receive(message);
      return rest === null ? machine : context.perform(rest);
    },
  };
  return definition as unknown as StatemDefinition<A, C, T, I>;
}

function* begin(
  callbacks: Loose,
  context: Context<unknown>,
  ticket: StartTicket | null,
  args: readonly unknown[],
): Effects<Machine> {
  if (ticket !== null && ticket.name !== null) yield* takeName(context, ticket);
  const outcome = callbacks.init(context, ...args);
  const result = isEffects(outcome) ? yield* outcome : outcome;
  switch (result?.tag) {
    case 'start': {
      answerStarted(context, ticket);
      const parent = ticket?.isLinked === false ? null : context.parent;
      return yield* new StateMachine(callbacks, context, parent, result.state, result.data).start(result.actions);
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
      throw badReturn('init', result);
  }
}

/** As `call`, but without a limit in time unless one is given (ST-6). */
export function callStatem<P, const Q extends CallsOf<P>>(
  machine: Pid<P>,
  request: Q,
  timeoutMs: number = Number.POSITIVE_INFINITY,
): Effects<ReplyOf<CallsOf<P>, Q>> {
  return call(machine, request, timeoutMs);
}

/** Events handled before other processes run. */
const EVENTS_AT_ONCE = 64;

class StateMachine {
  private callbacks: Loose;
  private readonly context: Context<unknown>;
  private readonly parent: AnyPid | null;
  private state: unknown;
  private data: unknown;
  private readonly queue = new StatemQueue();
  private readonly timers: StatemTimers;
  /** Null unless somebody watches it (SYS-1). */
  watch: ServerWatch | null = null;

  constructor(callbacks: Loose, context: Context<unknown>, parent: AnyPid | null, state: unknown, data: unknown) {
    this.callbacks = callbacks;
    this.context = context;
    this.parent = parent;
    this.state = state;
    this.data = data;
    this.timers = new StatemTimers(context, this.queue);
  }

  start(actions: readonly StatemAction[]): Effects<this> {
    return this.guarded(
      function* first(this: StateMachine): Effects<void> {
        this.act(actions, null);
        const waits = this.callbacks.stateEnter === true ? this.enter(this.state) : null;
        if (waits !== null) yield* waits;
      }.call(this),
    );
  }

  /** One message, and every event that follows from it: null when all is done, or what is left to do. */
  receive(message: unknown): Effects<this> | null {
    const { tag, ref, message: content } = (message ?? {}) as { tag?: unknown; ref?: Ref; message?: unknown };
    if (tag === '$stop') return this.end((message as StopMessage).reason);
    if (tag === 'EXIT' && this.parent !== null && isExit(message) && message.from === this.parent)
      return this.end(message.reason);
    if (tag === '$sys' && isSystemCall(message)) return this.serve(message);
    if (tag !== 'timeout') return this.run(outside(message));
    const key = this.timers.take(ref);
    // A timeout that was cancelled when it was already under way is for nobody.
    if (key === null) return isOwnTimer(content) ? null : this.run(outside(message));
    return this.run(timeoutEvent(key, (content as OwnTimer).content));
  }

  private *serve(message: SystemCall): Effects<this> {
    yield* serveSystem(this.holder(), message, this.context);
    return this;
  }

  /** Plain callbacks run here, one event after the other; the first that waits makes a generator of what is left. */
  private run(first: AnyStatemEvent): Effects<this> | null {
    let event: AnyStatemEvent | null = first;
    try {
      for (let count = 1; event !== null; count++) {
        const waits = this.step(event);
        if (waits !== null) return this.guarded(waits);
        // Events of its own making count as messages do, and a machine that never runs out of them starves nobody.
        if (count >= EVENTS_AT_ONCE) return this.guarded(pause());
        event = this.queue.take();
        if (event !== null) this.context.bump(1);
      }
    } catch (error) {
      return this.crash(error);
    }
    return null;
  }

  private *drain(): Effects<void> {
    let count = 0;
    for (let event = this.queue.take(); event !== null; event = this.queue.take()) {
      const waits = this.step(event);
      if (waits !== null) yield* waits;
      this.context.bump(1);
      if (++count % EVENTS_AT_ONCE === 0) yield* pause();
    }
  }

  private step(event: AnyStatemEvent): Effects<void> | null {
    // Also by an event timeout: one that fires is armed no more, and one that was postponed is an event like any other.
    this.timers.cancel('event');
    this.watch?.messageIn(event);
    const outcome = this.invoke(event);
    if (isEffects(outcome)) return this.finishStep(event, outcome);
    return this.apply(event, this.checked(outcome));
  }

  private *finishStep(event: AnyStatemEvent, outcome: Effects<Result>): Effects<void> {
    const waits = this.apply(event, this.checked(yield* outcome));
    if (waits !== null) yield* waits;
  }

  private apply(event: AnyStatemEvent, result: Result): Effects<void> | null {
    if (result.tag === 'stop') return this.stop(result);
    const { state: next, data, actions, repeats } = result;
    const before = this.state;
    const hasChanged = next !== null && !isSameState(before, next.value);
    if (next !== null) this.state = next.value;
    if (data !== null) this.data = data.value;
    if (hasChanged) this.timers.cancel('state');
    if (actions.length > 0 && this.isPostponed(actions)) this.queue.postpone(event);
    if (hasChanged) this.queue.retry();
    // The transition's own actions come first: what the enter call says of the same timeout is the last word.
    if (actions.length > 0) this.act(actions, event);
    this.watch?.next(this.state);
    return this.callbacks.stateEnter === true && (hasChanged || repeats) ? this.enter(before) : null;
  }

  private isPostponed(actions: readonly StatemAction[]): boolean {
    return actions.some((action) => action.do === 'postpone');
  }

  /** The enter call (ST-4): it may act on time, answer and be repeated, but neither go elsewhere nor postpone or insert. */
  private enter(from: unknown): Effects<void> | null {
    const outcome = this.invoke({ type: 'enter', from });
    if (isEffects(outcome) || outcome?.tag !== 'next' || outcome.repeats) return this.enterSlowly(from, outcome);
    this.entered(outcome);
    return null;
  }

  private *enterSlowly(from: unknown, first: OrEffects<Result>): Effects<void> {
    let outcome = first;
    for (;;) {
      const result = this.checked(isEffects(outcome) ? yield* outcome : outcome);
      if (result.tag === 'stop') return yield* this.stop(result);
      this.entered(result);
      if (!result.repeats) return;
      yield* pause();
      outcome = this.invoke({ type: 'enter', from });
    }
  }

  private entered(result: Extract<Result, { tag: 'next' }>): void {
    if (result.state !== null && !isSameState(result.state.value, this.state))
      throw new ExitError({ tag: 'badEnterResult', text: 'an enter call cannot go to another state' });
    const refused = result.actions.find((action) => action.do === 'postpone' || action.do === 'nextEvent');
    if (refused !== undefined)
      throw new ExitError({ tag: 'badEnterResult', text: `an enter call cannot ${refused.do}` });
    if (result.data !== null) this.data = result.data.value;
    this.act(result.actions, null);
  }

  private invoke(event: AnyStatemEvent): OrEffects<Result> {
    const { callbacks, state, data, context } = this;
    return callbacks.handleEvent === undefined
      ? this.functionOf(state)(event, data, context, state)
      : callbacks.handleEvent(event, state, data, context);
  }

  private checked(result: Result | undefined | null): Result {
    if (result?.tag === 'next' || result?.tag === 'stop') return result;
    throw badReturn(`the callback of ${formatReason(this.state)}`, result);
  }

  private functionOf(state: unknown): StateFunction<unknown, unknown, unknown, unknown, unknown> {
    const found = this.callbacks.states?.[String(tagOf(state))];
    if (found === undefined) throw new ExitError({ tag: 'undefinedState', state });
    return found;
  }

  private act(actions: readonly StatemAction[], event: AnyStatemEvent | null): void {
    let inserted: AnyStatemEvent[] | null = null;
    for (const action of actions) {
      if (action.do === 'reply') {
        replyTo(this.context, action.from, action.value);
        this.watch?.messageOut(action.from.caller, action.value);
      } else if (action.do === 'nextEvent') {
        inserted ??= [];
        inserted.push(action.event);
      } else if (action.do === 'timeout') this.timers.arm(action);
      else if (action.do !== 'postpone' || event === null) throw badAction(action);
    }
    if (inserted !== null) this.queue.insert(inserted);
  }

  /** Goes over to the callbacks of a newer version (HOT-1). */
  change(callbacks: Loose, oldVersion: number, extra: unknown): this {
    const next = callbacks.codeChange?.(oldVersion, this.state, this.data, extra, this.context);
    this.callbacks = callbacks;
    if (next !== undefined) this.state = next.state;
    if (next !== undefined) this.data = next.data;
    return this;
  }

  private holder(): SystemHolder {
    return {
      label: this.callbacks.label ?? 'genStatem',
      parent: this.parent,
      watched: this,
      read: () => ({ state: this.state, data: this.data }),
      replace: (whole) => {
        if (typeof whole !== 'object' || whole === null || !('state' in whole && 'data' in whole)) {
          throw new TypeError('the state of a machine is replaced by { state, data }');
        }
        const { state, data } = whole;
        if (this.callbacks.states !== undefined) this.functionOf(state);
        this.state = state;
        this.data = data;
      },
      end: (reason) => this.end(reason),
    };
  }

  // ---- the end

  /** Finishes a step that waits, and the events behind it. */
  private *guarded(rest: Effects<void>): Effects<this> {
    try {
      yield* rest;
      yield* this.drain();
      return this;
    } catch (error) {
      return yield* this.crash(error);
    }
  }

  private *crash(error: unknown): Effects<never> {
    if (!(error instanceof Ended)) yield* this.terminate(exitReasonOf(error));
    throw error;
  }

  private *stop(result: Extract<Result, { tag: 'stop' }>): Effects<never> {
    if (result.state !== null) this.data = result.state.value;
    this.act(result.replies ?? [], null);
    return yield* this.end(result.reason);
  }

  private *end(reason: unknown): Effects<never> {
    yield* this.terminate(reason);
    throw new Ended(reason);
  }

  private *terminate(reason: unknown): Effects<void> {
    const { callbacks, state, data, context } = this;
    if (callbacks.terminate === undefined) return;
    try {
      const outcome = callbacks.terminate(reason, state, data, context);
      if (isEffects(outcome)) yield* outcome;
    } catch (error) {
      throw new Ended(exitReasonOf(error));
    }
  }
}

/** Thrown when `terminate` has run, or failed: nothing may run it a second time. */
class Ended extends ExitError {}
